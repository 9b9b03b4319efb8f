import Files
import Quantiles

/// Judges forecast tables.
public enum Evaluation {
    /// The columns that evaluation reads beside tiles, label, `row` and `execution_date`.
    public static let columns = TradeColumns.names

    /// Measures forecasts against their labels.
    /// - Parameters:
    ///   - forecasts: a table with labels.
    ///   - oracle: the true quantiles of the same source rows, and of others if need be. It is
    ///     joined on `row`.
    ///   - market: what is known of the bonds; without it there are no cohorts by rating or issue.
    ///   - rules: which rows count; all of them where nil.
    /// - Throws: `FileError` where there are no rows or labels, or where the oracle does not fit.
    public static func run(
        forecasts: ForecastTable, oracle: ForecastTable? = nil, market: MarketReference? = nil,
        rules: EvaluationProtocol? = nil
    ) throws(FileError) -> EvaluationResult {
        let rules = if let rules { rules } else { try EvaluationProtocol.standard() }
        guard let label = forecasts.label else {
            throw FileError(
                .badData, file: forecasts.file, column: "label", "no such column",
                expected: "what was observed, beside the forecasts",
                advice: "Score data that has its labels, or add them as a column")
        }
        let judged = try JudgedTable(
            forecasts, trades: TradeColumns(forecasts), label: label, market: market, rules: rules)
        let sample = Sample(judged.table, label: judged.label)
        var total = ForecastMetrics(sample, sample.all)
        if let oracle {
            let aligned = try OracleJoin.align(oracle, to: judged)
            total.add(Regret(judged.table, label: judged.label, oracle: aligned))
        }
        var segments = [
            SegmentResult(
                name: "all", metrics: total,
                detail: SegmentDetail(sample, sample.all, judged, rules))
        ]
        var cohorts: [CohortResult] = []
        if let trades = judged.trades, let facts = judged.facts {
            let grades = market == nil ? nil : facts.grades
            if let grades {
                let parts = sample.all.partitioned(grades.codes, count: grades.names.count)
                let present = parts.indices.filter { parts[$0].count > 0 }
                segments += parallel(present.count) { place in
                    let index = present[place]
                    return SegmentResult(
                        name: grades.names[index],
                        metrics: ForecastMetrics(sample, parts[index]),
                        detail: SegmentDetail(sample, parts[index], judged, rules))
                }
            }
            let assignment = CohortAssignment(
                trades: trades, facts: facts, market: market, rules: rules)
            cohorts = Self.cohorts(sample, assignment, grades: grades, rules: rules)
        }
        return EvaluationResult(
            file: forecasts.file, oracleFile: oracle?.file, rules: rules, market: market,
            isBond: judged.trades != nil, counts: judged.counts, segments: segments,
            cohorts: cohorts,
            examples: ExampleForecast.pick(from: judged.table, label: judged.label))
    }

    /// Every cohort of all rows, and of each grade; those without rows are absent.
    private static func cohorts(
        _ sample: Sample, _ assignment: CohortAssignment, grades: CohortCodes?,
        rules: EvaluationProtocol
    ) -> [CohortResult] {
        let dimensions = rules.cohorts.filter { $0 != .credit }
        let byDimension = parallel(dimensions.count) { index -> [CohortResult] in
            guard let codes = assignment.codes(dimensions[index]) else { return [] }
            var results = Self.results(sample, codes, grade: nil, codes: codes.codes, rules)
            for (grade, name) in (grades?.names ?? []).enumerated() {
                let own = grades?.codes ?? []
                let within = codes.codes.indices.map { own[$0] == grade ? codes.codes[$0] : -1 }
                results += Self.results(sample, codes, grade: name, codes: within, rules)
            }
            return results
        }
        return byDimension.flatMap(\.self)
    }

    private static func results(
        _ sample: Sample, _ names: CohortCodes, grade: String?, codes: [Int16],
        _ rules: EvaluationProtocol
    ) -> [CohortResult] {
        let parts = sample.all.partitioned(codes, count: names.names.count)
        return parts.indices.compactMap { index in
            guard parts[index].count > 0 else { return nil }
            return CohortResult(
                name: CohortName(
                    grade: grade, dimension: names.dimension, cohort: names.names[index]),
                metrics: ForecastMetrics(sample, parts[index]),
                isSmall: parts[index].count < rules.smallSample)
        }
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
