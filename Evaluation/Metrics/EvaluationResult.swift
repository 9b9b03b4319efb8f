import Bonds
import Files
import Quantiles

/// All that was measured on one forecast table.
public struct EvaluationResult: Sendable {
    /// The table, and the oracle's if one was given.
    public let file: String
    public let oracleFile: String?
    /// The tape that quotes were joined with, if one was given.
    public let tapeFile: String?
    public let rules: EvaluationProtocol
    /// The market folder, if one was given.
    public let market: MarketReference?
    /// Whether rows are trades of bonds, so that labels are prices in points.
    public let isBond: Bool
    public let counts: RowCounts
    /// How quotes were joined with trades; nil for a table of trades.
    public let quotes: QuoteFunnel?
    /// The first and the last day of the trades in New York; nil where there are no times.
    public let period: ClosedRange<CalendarDate>?
    /// All rows, then investment grade and high yield where ratings are known.
    public let segments: [SegmentResult]
    /// Every cohort that has rows.
    public let cohorts: [CohortResult]
    /// The baskets of bond funds; empty without a market that has some.
    public let funds: [FundCheck]
    /// What others published, as the protocol names it.
    let published: [PublishedFigure]
    /// A few rows from the lowest to the highest median, to look at.
    public let examples: [ExampleForecast]

    /// All rows together.
    public var total: ForecastMetrics { segments[0].metrics }
    /// What errors and losses are in.
    var unit: String { isBond ? "points" : "label's units" }

    /// Whether the protocol asks for a family of metrics.
    func shows(_ family: MetricFamily) -> Bool { rules.metrics.contains(family) }

    /// What a reader should know before the numbers, in sentences.
    public var notes: [String] {
        var notes: [String] = []
        if market?.isSimulated == true {
            notes.append("Simulated market: these figures are no evidence about real markets.")
        }
        if market == nil {
            notes.append(
                isBond
                    ? "One segment: without a market, rows are not split by rating, sector or issue."
                    : "One cohort: without a market, rows are not split by rating, sector or time.")
        }
        if counts.judged < counts.file {
            notes.append(
                "\(counted(counts.judged, "row")) judged; the table has \(counts.text).")
        }
        if let quotes { notes.append(quotes.sentence) }
        notes += counts.notes
        if let filter = rules.filterText(in: market) {
            notes.append("Protocol \(rules.name): \(filter).")
        }
        let levels = total.levels
        let median = levels.values[levels.medianIndex]
        if median != 0.5 {
            notes.append(
                "There is no 50 % level: the \(QuantileLevels.percent(median)) % level stands for "
                    + "the median.")
        }
        if total.crossings > 0, rules.metrics.contains(.crossings) {
            notes.append(
                "Tiles cross in \(grouped(total.crossingRows)) of \(counted(total.rows, "row")); they "
                    + "are judged as they are.")
        }
        let ties = total.calibration.reduce(0) { $0 + $1.ties }
        if ties > 0, rules.metrics.contains(.calibration) {
            notes.append(
                "Labels equal a tile \(counted(ties, "time")); calibration counts them as below it."
            )
        }
        return notes
    }
}

/// What was measured on all rows, or on those of a grade.
public struct SegmentResult: Sendable {
    /// `all`, `IG` or `HY`.
    public let name: String
    public let metrics: ForecastMetrics
    /// Nil for tabular data.
    public let detail: SegmentDetail?
}

/// What was measured on a cohort.
public struct CohortResult: Sendable {
    public let name: CohortName
    public let metrics: ForecastMetrics
    public let bonds: Int
    /// Whether it has so few rows that its numbers say little.
    public let isSmall: Bool
}

/// What only whole segments of trades have.
public struct SegmentDetail: Sendable {
    public let bonds: Int
    public let days: Int
    public let serial: SerialDependence
    public let calibrationBands: CalibrationBands?
    public let groups: [GroupCalibration]
    /// Against the next trade of the bond, whenever it comes.
    public let nextTrade: NextTradeMetric
    /// The same where it comes within the protocol's age.
    public let regularNextTrade: NextTradeMetric

    /// Nil where rows are no trades.
    init?(
        _ sample: Sample, _ set: RowSet, _ judged: JudgedTable, _ rules: EvaluationProtocol,
        resampling: Resampling
    ) {
        guard let trades = judged.trades, let facts = judged.facts, let byTime = set.byTime else {
            return nil
        }
        bonds = distinct(trades.bond, of: set.rows)
        days = distinct(facts.day, of: set.rows)
        serial = SerialDependence(
            residuals: byTime.map { sample.residual[Int($0)] },
            bonds: byTime.map { trades.bond[Int($0)] }, bondCount: trades.bonds.count)
        calibrationBands = CalibrationBands(
            sample, set.rows, day: facts.day, resampling: resampling)
        groups = GroupCalibration.measure(sample, set.rows)
        (nextTrade, regularNextTrade) =
            if let ages = trades.quoteAge {
                NextTradeMetric.measure(
                    errors: set.rows.map { sample.error[Int($0)] },
                    ages: set.rows.map { ages[Int($0)] }, regularAge: rules.regularAge)
            } else {
                NextTradeMetric.measure(
                    sample, byTime: byTime, times: trades.time, bonds: trades.bond,
                    bondCount: trades.bonds.count, regularAge: rules.regularAge)
            }
    }
}

/// One forecast with its label.
public struct ExampleForecast: Sendable, Equatable {
    /// The 0-based row of the forecast table.
    public let index: Int
    public let label: Double
    /// In the order of the levels.
    public let tiles: [Double]

    /// Rows at even distances in the order of their medians, so that the choice is nobody's.
    static func pick(from table: ForecastTable, label: [Double], count: Int = 36) -> [Self] {
        let order = rowOrder(of: table.tiles(level: table.levels.medianIndex))
        let shown = min(count, order.count)
        return (0..<shown).map { step in
            let index = Int(order[(2 * step + 1) * order.count / (2 * shown)])
            return Self(index: index, label: label[index], tiles: Array(table.tiles(row: index)))
        }
    }
}
