/// Plain memory from the pool of arrays, to which it goes back.
///
/// Whoever shares it sees to it that no two threads write the same bytes.
public final class PooledBytes: @unchecked Sendable {
    /// The first byte, aligned to 64; the content is undefined at first.
    public let start: UnsafeMutableRawPointer
    public let count: Int
    private let sizeClass: Int

    public init(count: Int) {
        precondition(count >= 0, "PooledBytes: \(count) bytes")
        self.count = count
        sizeClass = BufferPool.sizeClass(count)
        start = BufferPool.take(sizeClass: sizeClass)
    }

    deinit { BufferPool.giveBack(start, sizeClass: sizeClass) }
}
