import Dispatch
import Synchronization

/// A value that one thread makes while others go on until they need it.
public final class Pending<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isReady = DispatchSemaphore(value: 0)

    public init() {}

    /// Hands the value over; once.
    public func fill(_ value: Value) {
        self.value.withLock { $0 = value }
        isReady.signal()
    }

    /// Waits for the value.
    public func wait() -> Value {
        isReady.wait()
        // Whoever else waits gets it too.
        defer { isReady.signal() }
        guard let value = value.withLock({ $0 }) else {
            preconditionFailure("Pending: ready without a value")
        }
        return value
    }
}
