import Bonds

/// Treasury yields, ETFs and credit indices every five minutes of trading time, for forty days.
///
/// The value of a slot is the last one known when its time was over: a tick on the stroke belongs
/// to it. Where a series begins later than the grid, its first value stands before it.
final class MarketGrid: @unchecked Sendable {
    /// Seven yields (ten times the percent), LQD, HYG and JNK (points), SPY and QQQ (a hundred
    /// times the logarithm), the credit indices of investment grade and of high yield.
    static let series = 14
    static let stride = 16
    static let slotsADay = 120.0
    static let slots = 40 * 120
    /// How far back is read: a slot that a row needs cannot be overwritten while it is made.
    static let reach = 36 * 120
    static let symbols = ["LQD", "HYG", "JNK", "SPY", "QQQ"]
    static let investmentGrade = 12
    static let highYield = 13

    let values = Memory<Float>(slots * stride)
    let current = Memory<Float>(stride)
    private let known = Memory<UInt8>(stride)
    /// The newest slot that is filled, and the first one; -1 before there is any.
    private let range = Memory<Int32>(2)
    /// Sums of squared changes and of weights, then means and variances of the credit indices.
    private let statistics = Memory<Double>(40)

    init() {
        range[0] = -1
        range[1] = -1
    }

    var newest: Int32 { range[0] }
    var oldest: Int32 { max(range[1], range[0] - Int32(Self.reach)) }

    /// What a snapshot keeps.
    var blocks: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
        [
            ("grid.values", values.bytes), ("grid.current", current.bytes),
            ("grid.known", known.bytes), ("grid.range", range.bytes),
            ("grid.statistics", statistics.bytes),
        ]
    }

    func isKnown(_ column: Int) -> Bool { known[column] != 0 }

    func set(_ column: Int, _ value: Float) {
        current[column] = value
        guard !isKnown(column) else { return }
        known[column] = 1
        for slot in 0..<Self.slots { values[slot * Self.stride + column] = value }
    }

    /// The column of a tick, and how it stands there.
    static func column(_ tick: TreasuryRow) -> (index: Int, value: Float)? {
        TreasuryRow.tenors.firstIndex(of: tick.tenor).map { ($0, Float(10 * tick.yieldMid)) }
    }

    static func column(_ tick: MarketRow) -> (index: Int, value: Float)? {
        guard tick.price > 0, let symbol = symbols.firstIndex(of: tick.symbol) else { return nil }
        return (7 + symbol, Float(symbol < 3 ? tick.price : 100 * ln(tick.price)))
    }

    /// The slot whose time a moment is in or after.
    @inline(__always)
    static func slot(days: Double) -> Int32 { Int32((days * slotsADay).rounded(.down)) }

    /// Fills the slots whose time is over at a moment.
    func advance(to days: Double) {
        let over = Int32((days * Self.slotsADay).rounded(.up)) - 1
        if range[0] < 0 {
            range[0] = over
            range[1] = over
            write(over)
            return
        }
        while range[0] < over {
            let before = row(range[0])
            range[0] += 1
            accumulate(before)
            write(range[0])
        }
    }

    /// The values of a slot; of the oldest that is kept where the slot is older.
    @inline(__always)
    func row(_ slot: Int32) -> UnsafePointer<Float> {
        UnsafePointer(values.base + Int(slot) % Self.slots * Self.stride)
    }

    private func write(_ slot: Int32) {
        let target = values.base + Int(slot) % Self.slots * Self.stride
        for column in 0..<Self.stride { target[column] = current[column] }
    }

    /// SPY, LQD, HYG and the ten-year yield.
    private static let varianceColumns = [10, 7, 8, 4]
    private static let varianceHalfLives = [0.3, 1.0, 5, 20]
    private static let meanHalfLives = [5.0, 20]

    private func accumulate(_ before: UnsafePointer<Float>) {
        for (place, halfLife) in Self.varianceHalfLives.enumerated() {
            let kept = twoTo(-1 / (Self.slotsADay * halfLife))
            statistics[16 + place] = statistics[16 + place] * kept + 1
            for (series, column) in Self.varianceColumns.enumerated() {
                let change = Double(current[column] - before[column])
                let index = 4 * series + place
                statistics[index] = statistics[index] * kept + change * change
            }
        }
        for (place, halfLife) in Self.meanHalfLives.enumerated() {
            let kept = twoTo(-1 / (Self.slotsADay * halfLife))
            for index in 0..<2 {
                let first = 20 + 6 * place + 3 * index
                let value = Double(current[Self.investmentGrade + index])
                // The weight, the mean and the sum of squares around it (West 1979).
                let weight = statistics[first] * kept + 1
                let gap = value - statistics[first + 1]
                let mean = statistics[first + 1] + gap / weight
                statistics[first + 2] = statistics[first + 2] * kept + gap * (value - mean)
                statistics[first] = weight
                statistics[first + 1] = mean
            }
        }
    }

    /// The logarithm of the standard deviation of a day's changes: SPY, LQD, HYG or the ten-year
    /// yield (0 to 3), over 3 hours, 1, 5 or 20 days (0 to 3).
    func logDeviation(_ series: Int, _ halfLife: Int) -> Float {
        let weight = max(statistics[16 + halfLife], 1)
        let variance = Self.slotsADay * statistics[4 * series + halfLife] / weight
        return ln(Float(variance.squareRoot()) + 0.01)
    }

    /// How many standard deviations a credit index (0 investment grade, 1 high yield) is from its
    /// mean over 5 or 20 days (0 or 1).
    func creditScore(_ index: Int, _ halfLife: Int) -> Float {
        let first = 20 + 6 * halfLife + 3 * index
        guard statistics[first] > 0 else { return 0 }
        let gap = Double(current[Self.investmentGrade + index]) - statistics[first + 1]
        let variance = statistics[first + 2] / statistics[first]
        return clip(Float(gap / (variance + 1e-6).squareRoot()), 5)
    }
}
