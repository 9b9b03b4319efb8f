import Quantiles
import Tape

/// What the residuals of the training trades say about the errors to come: their empirical quantiles
/// by cohort.
///
/// A cohort is a side, a class (investment grade, high yield), a size, a venue (an alternative
/// trading system or not) and a staleness of the last print. Where it has few residuals the staleness
/// is given up, then the venue, then the size, then the side, then the class.
struct ResidualQuantiles: Sendable {
    private let levels: QuantileLevels
    private var samples: [[Float]]
    private var learned: [[Double]] = []
    private(set) var count = 0

    /// A cohort of fewer residuals joins others.
    private static let fewest = 300
    private static let sides = 3
    private static let classes = 2
    private static let sizes = 4
    private static let venues = 2
    private static let ages = 4

    init(_ levels: QuantileLevels) {
        self.levels = levels
        samples = Array(
            repeating: [],
            count: Self.classes * Self.sides * Self.sizes * Self.venues * Self.ages)
    }

    /// A number for the cohort of a trade, cohorts that differ least being neighbours.
    static func cohort(_ query: ForecastQuery, isHighYield: Bool, staleness: Int) -> Int {
        let size =
            query.quantity < 1e5 ? 0 : query.quantity < 1e6 ? 1 : query.quantity < 5e6 ? 2 : 3
        let side = (isHighYield ? 1 : 0) * sides + Int(query.side.rawValue)
        return ((side * sizes + size) * venues + (query.isATS ? 1 : 0)) * ages + staleness
    }

    mutating func add(_ residual: Double, cohort: Int) {
        guard residual.isFinite else { return }
        samples[cohort].append(Float(residual))
        count += 1
    }

    /// Turns the samples into quantiles.
    mutating func learn() {
        var widths = [1]
        for next in [Self.ages, Self.venues, Self.sizes, Self.sides] {
            widths.append(widths[widths.count - 1] * next)
        }
        var pools: [Range<Int>: [Double]] = [:]
        learned = samples.indices.map { cohort in
            for width in widths + [samples.count] {
                let first = cohort / width * width
                let range = first..<first + width
                guard
                    samples[range].reduce(0, { $0 + $1.count }) >= Self.fewest
                        || width == samples.count
                else { continue }
                if let known = pools[range] { return known }
                let sorted = samples[range].joined().map(Double.init).sorted()
                let quantiles = levels.values.map { sampleQuantile(ofSorted: sorted, at: $0) }
                pools[range] = quantiles
                return quantiles
            }
            return []
        }
        samples = []
    }

    /// The residual quantiles of a cohort, ascending, one a level.
    func quantiles(cohort: Int) -> [Double] { learned[cohort] }
}
