import Files
import Quantiles

/// Judges forecast tables.
public enum Evaluation {
    /// The columns that evaluation reads beside tiles, label, `row` and `execution_date`.
    public static let columns = TradeColumns.names

    /// Measures forecasts against their labels.
    /// - Parameters:
    ///   - forecasts: a table with labels, or quotes to be joined with trades.
    ///   - oracle: the oracle's forecasts of the same trades or source rows, and of others if need
    ///     be.
    ///   - market: what is known of the bonds; without it there are no cohorts by rating or issue.
    ///   - tape: the trades that quotes, a table without labels, are judged by.
    ///   - rules: which rows count; all of them where nil.
    ///   - resampling: how the days of the calibration bands are drawn.
    /// - Throws: `FileError` where there are no rows or labels, or where the oracle does not fit.
    public static func run(
        forecasts: ForecastTable, oracle: ForecastTable? = nil, market: MarketReference? = nil,
        tape: ReferenceTrades? = nil, rules: EvaluationProtocol? = nil,
        resampling: Resampling = .random
    ) throws(FileError) -> EvaluationResult {
        let rules = if let rules { rules } else { try EvaluationProtocol.standard() }
        let input = try LabelledTable(forecasts, tape: tape, rules: rules)
        try input.requireLabel()
        let judged = try JudgedTable(
            input.table, trades: input.trades, market: market, rules: rules)
        let sample = Sample(judged.table, label: judged.label)
        var total = ForecastMetrics(sample, sample.all)
        if let oracle {
            let aligned = try OracleJoin.align(oracle, to: judged)
            total.add(Regret(judged.table, label: judged.label, oracle: aligned))
        }
        var segments = [
            SegmentResult(
                name: "all", metrics: total,
                detail: SegmentDetail(
                    sample, sample.all, judged, rules, resampling: resampling))
        ]
        var cohorts: [CohortResult] = []
        if let trades = judged.trades, let facts = judged.facts {
            let assignment = CohortAssignment(
                trades: trades, label: judged.label, facts: facts, market: market, rules: rules)
            let grades = RowSet.grades(sample.all, assignment.grades)
            segments += parallel(grades.count) { index in
                SegmentResult(
                    name: grades[index].name,
                    metrics: ForecastMetrics(sample, grades[index].rows),
                    detail: SegmentDetail(
                        sample, grades[index].rows, judged, rules, resampling: resampling))
            }
            cohorts = Self.cohorts(
                sample, assignment, bonds: trades.bond, grades: grades, rules: rules)
        }
        return EvaluationResult(
            file: forecasts.file, oracleFile: oracle?.file, tapeFile: tape?.file, rules: rules,
            market: market, isBond: judged.trades != nil, counts: judged.countsWithRepeats,
            quotes: input.quotes, period: judged.facts?.period, segments: segments,
            cohorts: cohorts,
            funds: rules.metrics.contains(.funds)
                ? try funds(forecasts, judged, market: market) : [],
            published: try PublishedFigure.read(rules.published),
            examples: ExampleForecast.pick(from: judged.table, label: judged.label))
    }

    /// The baskets of bond funds by the forecasts, or by all quotes.
    private static func funds(
        _ source: ForecastTable, _ judged: JudgedTable, market: MarketReference?
    ) throws(FileError) -> [FundCheck] {
        guard let market, let trades = judged.trades, let facts = judged.facts,
            let funds = try FundMarket(market)
        else { return [] }
        let values =
            trades.quoteAge == nil
            ? BondValues(judged.table, trades: trades, bondRow: facts.bondRow)
            : try BondValues(quotes: source, market: market)
        return values.map(funds.check) ?? []
    }

    /// Every cohort of all rows, and of each grade; those without rows are absent.
    private static func cohorts(
        _ sample: Sample, _ assignment: CohortAssignment, bonds: [Int32],
        grades: [(name: String, rows: RowSet)], rules: EvaluationProtocol
    ) -> [CohortResult] {
        let splits = assignment.splits
        let segments = [(name: String?.none, rows: sample.all)] + grades.map { ($0.name, $0.rows) }
        let results = parallel(splits.count * segments.count) { index -> [CohortResult] in
            let split = splits[index / segments.count]
            let segment = segments[index % segments.count]
            let parts = segment.rows.partitioned(split.codes, count: split.names.count)
            return parts.indices.compactMap { index in
                guard parts[index].count > 0 else { return nil }
                return CohortResult(
                    name: CohortName(
                        grade: segment.name, dimension: split.dimension,
                        cohort: split.names[index]),
                    metrics: ForecastMetrics(sample, parts[index]),
                    bonds: distinct(bonds, of: parts[index].rows),
                    isSmall: parts[index].count < rules.smallSample)
            }
        }
        return results.flatMap(\.self)
    }
}

extension ForecastMetrics {
    fileprivate mutating func add(_ regret: Regret) {
        self.regret = regret
        if regret.value == nil {
            omissions.append(Omission(metric: "regret", reason: "the oracle's pinball is zero"))
        }
    }
}
