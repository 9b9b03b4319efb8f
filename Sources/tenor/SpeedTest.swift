import Arrays
import Foundation

/// Short measurements of what bounds training: about two seconds in all.
enum SpeedTest {
    /// The rate of single-precision products of 1024 x 1024 matrices, the shape of a layer in
    /// training; the median of those that fit into 0.7 seconds.
    static func matrixProducts(threads: Int) -> Doctor.Rate {
        let size = 1024
        let before = BLAS.threadCount
        BLAS.setThreadCount(threads)
        defer { BLAS.setThreadCount(before) }

        let a = NDArray<Float>(repeating: 0.5, shape: [size, size])
        var product = NDArray<Float>.matrixProduct(a, a)
        let operations = 2 * Double(size * size * size)
        let rates = repeated(seconds: 0.7) { product = .matrixProduct(a, a) }
            .map { operations / $0 / 1e9 }.sorted()
        precondition(product.count == size * size)
        return Doctor.Rate(
            threads: threads, gigaflops: rates[rates.count / 2], lowest: rates[0],
            highest: rates[rates.count - 1])
    }

    /// Gigabytes a second read and written by one thread that copies more than any cache holds.
    static func copies() -> Double {
        let count = 128 << 20
        let source = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
        let target = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
        defer {
            source.deallocate()
            target.deallocate()
        }
        memset(source, 1, count)
        memset(target, 0, count)
        let times = repeated(seconds: 0.3) { memcpy(target, source, count) }.sorted()
        return 2 * Double(count) / times[times.count / 2] / 1e9
    }

    /// Runs some work at least five times, and on until the time is over; the seconds of each.
    private static func repeated(seconds budget: Double, _ work: () -> Void) -> [Double] {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(budget)
        var times: [Double] = []
        while times.count < 5 || clock.now < end {
            times.append(clock.measure(work) / .seconds(1))
        }
        return times
    }
}
