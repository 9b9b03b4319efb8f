import Dispatch
import Synchronization

/// Runs pieces of work one after the other beside the caller, at most two of them waiting.
final class BackgroundWriter: Sendable {
    private let queue = DispatchQueue(label: "tenor.features.writer")
    private let room = DispatchSemaphore(value: 2)
    private let failure = Mutex<(any Error)?>(nil)

    /// Begins a piece of work; waits while two others are not done.
    /// - Throws: what an earlier piece threw, after which no other runs.
    func enqueue(_ work: @escaping @Sendable () throws -> Void) throws {
        room.wait()
        if let error = failure.withLock({ $0 }) {
            room.signal()
            throw error
        }
        queue.async { [self] in
            defer { room.signal() }
            guard failure.withLock({ $0 == nil }) else { return }
            do {
                try work()
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Waits for all work; throws what any of it threw.
    func finish() throws {
        queue.sync {}
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
