/// Zeroed memory for a fixed number of plain values: what the engine's state is made of.
///
/// Pages that are never written take no memory.
final class Memory<Element>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ count: Int) {
        precondition(_isPOD(Element.self), "\(Element.self) is not a plain value")
        self.count = count
        let size = max(count, 1) * MemoryLayout<Element>.stride
        base = zeroed(size).bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit { release(base) }

    @inline(__always)
    subscript(index: Int) -> Element {
        get { base[index] }
        set { base[index] = newValue }
    }

    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base, count: count * MemoryLayout<Element>.stride)
    }
}
