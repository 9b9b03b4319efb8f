import Synchronization

/// Adds up the time spent inside matrix products, while it runs: what a step cannot go below.
public enum MatrixProductClock {
    private static let isRunning = Atomic<Bool>(false)
    private static let nanoseconds = Atomic<Int>(0)

    /// The time inside matrix products during `body`, on whichever thread they ran.
    public static func time(during body: () throws -> Void) rethrows -> Duration {
        nanoseconds.store(0, ordering: .relaxed)
        isRunning.store(true, ordering: .relaxed)
        defer { isRunning.store(false, ordering: .relaxed) }
        try body()
        return .nanoseconds(nanoseconds.load(ordering: .relaxed))
    }

    /// Every matrix product goes through here.
    static func timed(_ product: () -> Void) {
        guard isRunning.load(ordering: .relaxed) else { return product() }
        let spent = ContinuousClock().measure(product)
        nanoseconds.add(Int(spent / .nanoseconds(1)), ordering: .relaxed)
    }
}
