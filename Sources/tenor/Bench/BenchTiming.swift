import Arrays
import Foundation

/// What repeated steps took, after a warm-up.
struct BenchTiming {
    /// Seconds of each step, ascending.
    private(set) var steps: [Double] = []
    /// Median seconds inside matrix products, a step.
    private(set) var matrixProducts = 0.0
    /// The median, over steps, of a step's time over that of its matrix products.
    private(set) var stepOverMatrixProducts = 0.0
    /// Buffers that all steps took from the system, and their minor page faults.
    private(set) var buffers = 0
    private(set) var pageFaults = 0

    /// More steps than this are not timed, so that lists never grow in between.
    static let mostSteps = 1 << 16

    /// Runs a step three times, and then again and again until the time is over, at least five
    /// times.
    init(seconds: Double, step: () -> Void) {
        for _ in 0..<3 { step() }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var products: [Double] = []
        steps.reserveCapacity(Self.mostSteps)
        products.reserveCapacity(Self.mostSteps)
        let buffersBefore = BufferPool.statistics.allocations
        let faultsBefore = ResourceUsage.minorPageFaults
        while steps.count < 5 || (clock.now < end && steps.count < Self.mostSteps) {
            var elapsed = Duration.zero
            let inside = MatrixProductClock.time { elapsed = clock.measure(step) }
            steps.append(elapsed / .seconds(1))
            products.append(inside / .seconds(1))
        }
        buffers = BufferPool.statistics.allocations - buffersBefore
        pageFaults = ResourceUsage.minorPageFaults - faultsBefore
        stepOverMatrixProducts = Self.median(zip(steps, products).map { $0 / $1 })
        matrixProducts = Self.median(products)
        steps.sort()
    }

    /// A quantile of the steps' seconds.
    func quantile(_ level: Double) -> Double { steps[Int(Double(steps.count - 1) * level)] }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
