import Files
import Foundation
import Quantiles

/// Compares signals on the same trades.
public enum Comparison {
    /// Draws for all trades and each grade, and for cohorts.
    static let draws = 1_000
    static let cohortDraws = 200
    /// The quantiles of deviance that are compared, in percent.
    public static let percents = [50, 75, 95]

    /// Compares the first table with each of the others, on the trades that all of them have.
    /// - Throws: `FileError` where tables have no trades in common or one cannot be read as prices.
    public static func run(
        _ sources: [ForecastTable], market: MarketReference? = nil,
        rules: EvaluationProtocol? = nil
    ) throws(FileError) -> SignalComparison {
        precondition(sources.count >= 2, "Comparison: \(sources.count) tables")
        let rules = if let rules { rules } else { try EvaluationProtocol.standard() }
        let matched = try MatchedTables(sources, market: market, rules: rules)
        let names = uniqueNames(sources.map(\.file))
        var notes = matched.notes
        let signals = matched.tables.enumerated().map { index, table in
            ComparedSignal(
                name: names[index], table: table, sample: Sample(table, label: matched.label))
        }
        let common = commonLevels(matched.tables)
        if common.count < matched.tables[0].levels.count {
            notes.append(
                "Pinball is compared at the levels that all tables have: "
                    + common.map { QuantileLevels.percent($0) + " %" }.joined(separator: ", ") + "."
            )
        }
        let losses = signals.map { $0.losses(common, label: matched.label) }
        let engine = PairedComparison(
            signals: signals, losses: losses, facts: matched.facts, trades: matched.trades)

        var parts: [(name: CohortName, rows: [Int16], index: Int16, draws: Int, isSmall: Bool)] = []
        let everything = [Int16](repeating: 0, count: matched.label.count)
        parts.append(
            (CohortName(grade: nil, dimension: nil, cohort: "all"), everything, 0, draws, false))
        if let trades = matched.trades, let facts = matched.facts {
            let grades = market == nil ? nil : facts.grades
            for (index, name) in (grades?.names ?? []).enumerated() {
                let codes = grades?.codes ?? []
                guard codes.contains(Int16(index)) else { continue }
                parts.append(
                    (
                        CohortName(grade: name, dimension: nil, cohort: name), codes, Int16(index),
                        draws, false
                    ))
            }
            let assignment = CohortAssignment(
                trades: trades, facts: facts, market: market, rules: rules)
            for dimension in rules.cohorts where dimension != .credit {
                guard let codes = assignment.codes(dimension) else { continue }
                var sizes = [Int](repeating: 0, count: codes.names.count)
                for code in codes.codes where code >= 0 { sizes[Int(code)] += 1 }
                for (index, name) in codes.names.enumerated() where sizes[index] > 0 {
                    parts.append(
                        (
                            CohortName(grade: nil, dimension: dimension, cohort: name),
                            codes.codes, Int16(index), cohortDraws,
                            sizes[index] < rules.smallSample
                        ))
                }
            }
        }
        let work = parts
        var results = parallel(work.count) { index in
            engine.compare(
                work[index].name, codes: work[index].rows, code: work[index].index,
                draws: work[index].draws, isSmall: work[index].isSmall)
        }
        Self.adjust(&results)
        let spaces = try SpaceTable(matched, names: names, market: market)
        return SignalComparison(
            files: sources.map(\.file), names: names, units: sources.map(\.unit),
            isPoint: sources.map(\.isPoint), rules: rules, market: market,
            isBond: matched.trades != nil,
            metrics: signals.map { ForecastMetrics($0.sample, $0.sample.all) },
            funnels: matched.funnels, commonLevels: common,
            parts: results, spaces: spaces, notes: notes)
    }

    /// Levels that every table has, ascending.
    private static func commonLevels(_ tables: [ForecastTable]) -> [Double] {
        let common = tables[0].levels.values.filter { level in
            tables.allSatisfy { $0.levels.index(of: level) != nil }
        }
        return common
    }

    /// Short names of files, made different where they are equal.
    private static func uniqueNames(_ files: [String]) -> [String] {
        var seen: [String: Int] = [:]
        return files.map { file in
            var name = URL(fileURLWithPath: file).lastPathComponent
            for ending in [".gz", ".csv"] where name.hasSuffix(ending) {
                name = String(name.dropLast(ending.count))
            }
            seen[name, default: 0] += 1
            let count = seen[name] ?? 1
            return count == 1 ? name : "\(name) (\(count))"
        }
    }

    /// Holm's correction over the cohorts of each competitor, for the median and for pinball.
    private static func adjust(_ parts: inout [ComparedPart]) {
        let cohorts = parts.indices.filter { parts[$0].name.dimension != nil }
        guard let first = parts.first else { return }
        for pair in first.pairs.indices {
            for measure in first.pairs[pair].differences.map(\.measure) {
                let tested = cohorts.compactMap { index -> (part: Int, p: Double)? in
                    parts[index].pairs[pair].difference(measure)?.probability.map { (index, $0) }
                }
                let adjusted = holmAdjusted(tested.map(\.p))
                for (test, p) in zip(tested, adjusted) {
                    parts[test.part].pairs[pair].adjusted[measure] = p
                }
            }
        }
    }
}

/// One of the tables of a comparison.
struct ComparedSignal: Sendable {
    let name: String
    let table: ForecastTable
    let sample: Sample

    /// Each row's mean pinball over some levels.
    func losses(_ wanted: [Double], label: [Double]) -> [Double] {
        let indices = wanted.compactMap(table.levels.index(of:))
        guard !indices.isEmpty else { return [] }
        let width = table.levels.count
        let levels = table.levels.values
        return table.tiles.withUnsafeBufferPointer { tiles in
            label.indices.map { row in
                var sum = 0.0
                for index in indices {
                    sum += Quantiles.pinball(
                        label: label[row], forecast: tiles[row * width + index],
                        level: levels[index])
                }
                return sum / Double(indices.count)
            }
        }
    }
}
