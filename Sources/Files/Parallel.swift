import Dispatch

/// Work on several threads whose results keep their order.
public enum Parallel {
    /// The results of a body for 0 to `count - 1`, in that order.
    public static func map<Result: Sendable>(
        count: Int, _ body: @Sendable (Int) -> Result
    ) -> [Result] {
        guard count > 1 else { return (0..<count).map(body) }
        return withoutActuallyEscaping(body) { body in
            let slots = UnsafeMutableBufferPointer<Result?>.allocate(capacity: count)
            slots.initialize(repeating: nil)
            defer {
                slots.deinitialize()
                slots.deallocate()
            }
            nonisolated(unsafe) let results = slots
            DispatchQueue.concurrentPerform(iterations: count) { results[$0] = body($0) }
            return slots.compactMap { $0 }
        }
    }
}
