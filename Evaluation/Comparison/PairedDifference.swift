import Quantiles
import Random

/// How much one number of ours differs from theirs on the same trades, and how sure that is.
public struct PairedDifference: Sendable {
    /// What it is of: `50`, `75`, `95` (quantiles of deviance), `mean`, `pinball` or `won`.
    public let measure: String
    public let ours: Double
    public let theirs: Double
    /// Ours minus theirs, so less than zero is in our favour; for `won` the share of trades on
    /// which ours is nearer, minus one half.
    public let difference: Double
    /// 95 % interval; nil where there are too few days or bonds for one.
    public let interval: ClosedRange<Double>?
    public let standardError: Double?
    /// Two-sided, that it is zero.
    public let probability: Double?
    /// About how many days of such trades an interval would need to exclude zero, if the
    /// difference is what it looks like; nil where it excludes zero already, or nothing can be
    /// said.
    public let daysNeeded: Int?

    /// The 97.5 % point of the standard normal distribution.
    private static let normalPoint = 1.959_963_984_540_054
    /// Fewer days or bonds say nothing about how days and bonds differ.
    static let minimumClusters = 5

    /// - Parameters:
    ///   - draws: the difference under weights of the pigeonhole bootstrap; empty where rows hang
    ///     together by nothing.
    ///   - cellDraws: the same where the cells of day and bond are drawn.
    ///   - clusters: the smaller number of days and bonds.
    ///   - days: nil where rows have no days.
    ///
    /// The pigeonhole's variance counts what is of one row alone three times (Owen 2007, section 4):
    /// twice the variance of independent cells is taken off, and its draws are drawn together by
    /// that much. With few clusters a t distribution stands for the normal one.
    init(
        measure: String, ours: Double, theirs: Double, difference: Double, draws: [Double],
        cellDraws: [Double], clusters: Int, days: Int?
    ) {
        self.measure = measure
        self.ours = ours
        self.theirs = theirs
        self.difference = difference
        let shape = draws.isEmpty ? cellDraws : draws
        guard clusters >= Self.minimumClusters, shape.count >= 100 else {
            interval = nil
            standardError = nil
            probability = nil
            daysNeeded = nil
            return
        }
        let spread = Self.variance(shape)
        let cells = Self.variance(cellDraws)
        let variance = draws.isEmpty ? cells : max(spread - 2 * cells, cells)
        let count = Double(clusters)
        let error = (variance * count / (count - 1)).squareRoot()
        guard error > 0, spread > 0 else {
            // Nothing varies: the two are equal on every trade, or differ by a constant.
            interval = difference...difference
            standardError = 0
            probability = difference == 0 ? 1 : 0
            daysNeeded = nil
            return
        }
        let reach =
            studentQuantile(0.975, degreesOfFreedom: max(2, count - 1)) / Self.normalPoint
        let scale = error / spread.squareRoot() * reach
        let sorted = shape.sorted()
        let middle = sampleQuantile(ofSorted: sorted, at: 0.5)
        let lower = difference + scale * (sampleQuantile(ofSorted: sorted, at: 0.025) - middle)
        let upper = difference + scale * (sampleQuantile(ofSorted: sorted, at: 0.975) - middle)
        interval = min(lower, upper)...max(lower, upper)
        standardError = error
        // The standard error falls with the root of the days.
        let ratio = Self.normalPoint * error / abs(difference)
        let needed = days.map { (ratio * ratio * Double($0)).rounded(.up) }
        daysNeeded =
            lower <= 0 && upper >= 0
            ? needed.flatMap { $0 < 1e6 ? max(Int($0), (days ?? 0) + 1) : nil } : nil
        probability =
            2
            * studentProbability(
                atMost: -abs(difference) / error, degreesOfFreedom: max(2, count - 1))
    }

    /// What it belongs to.
    var family: MetricFamily { measure == "pinball" ? .pinball : .deviance }

    private static func variance(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }

    /// What may be said of it: nothing that the interval does not say.
    public enum Outcome: String, Sendable {
        case better, worse, undecided
    }

    public var outcome: Outcome {
        guard let interval else { return .undecided }
        let sign = measure == "won" ? -1.0 : 1.0
        let (low, high) =
            sign > 0
            ? (interval.lowerBound, interval.upperBound)
            : (-interval.upperBound, -interval.lowerBound)
        return high < 0 ? .better : low > 0 ? .worse : .undecided
    }
}
