/// A dense row-major array of any rank: a value, copied on write, in pooled 64-byte-aligned memory.
public struct NDArray<Element: Scalar>: Sendable {
    /// The extent of each axis, outermost first; empty for a single number.
    public private(set) var shape: [Int]
    private var storage: ArrayStorage<Element>

    /// An array whose content `initialize` writes, every element of it.
    public init(
        shape: [Int], initializingWith initialize: (UnsafeMutablePointer<Element>) throws -> Void
    ) rethrows {
        precondition(
            shape.allSatisfy { $0 >= 0 }, "NDArray: shape \(shape) has a negative extent")
        self.shape = shape
        storage = ArrayStorage(count: shape.reduce(1, *))
        try initialize(storage.pointer)
    }

    /// An array of undefined content, for a kernel that writes all of it before any of it is read.
    public static func uninitialized(shape: [Int]) -> NDArray { NDArray(shape: shape) { _ in } }

    /// An array filled with one value.
    public init(repeating value: Element, shape: [Int]) {
        let count = shape.reduce(1, *)
        self.init(shape: shape) { $0.initialize(repeating: value, count: count) }
    }

    /// An array from its elements in row-major order; their number must be the shape's product.
    public init(_ elements: some Collection<Element>, shape: [Int]) {
        precondition(
            elements.count == shape.reduce(1, *),
            "NDArray: \(elements.count) elements for shape \(shape)")
        self.init(shape: shape) { pointer in
            for (offset, element) in elements.enumerated() { pointer[offset] = element }
        }
    }

    /// A vector of the elements.
    public init(_ elements: [Element]) {
        self.init(elements, shape: [elements.count])
    }

    /// The number of elements.
    public var count: Int { storage.count }
    public var rank: Int { shape.count }

    /// The extent of the last axis; 1 for a single number.
    public var columns: Int { shape.last ?? 1 }

    /// The product of all extents but the last: the array seen as a matrix has so many rows.
    public var rows: Int { columns == 0 ? 0 : count / columns }

    /// The elements in row-major order.
    public var elements: [Element] {
        withUnsafePointer { Array(UnsafeBufferPointer(start: $0, count: count)) }
    }

    /// The only element.
    public var scalar: Element {
        precondition(count == 1, "NDArray.scalar: shape \(shape) has \(count) elements")
        return withUnsafePointer { $0[0] }
    }

    /// The same elements in another shape; nothing is copied.
    public func reshaped(to newShape: [Int]) -> NDArray {
        precondition(
            newShape.reduce(1, *) == count, "reshape: \(shape) has no place in \(newShape)")
        var result = self
        result.shape = newShape
        return result
    }

    /// Reads the elements in place.
    public func withUnsafePointer<Result>(
        _ body: (UnsafePointer<Element>) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(storage) { try body(UnsafePointer(storage.pointer)) }
    }

    /// Writes the elements in place; copies them first where another array shares them.
    public mutating func withUnsafeMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<Element>) throws -> Result
    ) rethrows -> Result {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = ArrayStorage<Element>(count: storage.count)
            copy.pointer.update(from: storage.pointer, count: storage.count)
            storage = copy
        }
        return try withExtendedLifetime(storage) { try body(storage.pointer) }
    }

    /// Whether no other array shares the elements, so that writing copies nothing.
    public mutating func isUniquelyReferenced() -> Bool { isKnownUniquelyReferenced(&storage) }
}

/// A pooled buffer; written only while uniquely referenced, through `NDArray`.
private final class ArrayStorage<Element: Scalar>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>
    let count: Int
    private let sizeClass: Int

    init(count: Int) {
        self.count = count
        sizeClass = BufferPool.sizeClass(count * MemoryLayout<Element>.stride)
        pointer = BufferPool.take(sizeClass: sizeClass)
            .bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit { BufferPool.giveBack(pointer, sizeClass: sizeClass) }
}
