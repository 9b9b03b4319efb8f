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
    /// - Parameters:
    ///   - tape: the trades that quotes, tables without labels, are joined with.
    ///   - resampling: how the days, bonds and cells of the intervals are drawn.
    /// - Throws: `FileError` where tables have no trades in common or one cannot be read as prices.
    public static func run(
        _ sources: [ForecastTable], market: MarketReference? = nil,
        tape: ReferenceTrades? = nil, rules: EvaluationProtocol? = nil,
        resampling: Resampling = .random
    ) throws(FileError) -> SignalComparison {
        precondition(sources.count >= 2, "Comparison: \(sources.count) tables")
        let rules = if let rules { rules } else { try EvaluationProtocol.standard() }
        let matched = try MatchedTables(sources, tape: tape, market: market, rules: rules)
        let names = uniqueNames(sources.map(\.file))
        var notes = matched.notes
        let signals = matched.tables.enumerated().map { index, table in
            ComparedSignal(
                name: names[index], table: table, sample: Sample(table, label: matched.label))
        }
        let common = commonLevels(matched.tables)
        for (name, table) in zip(names, matched.tables) { notes += levelNotes(name, table) }
        let assignment = matched.assignment(market: market, rules: rules)
        let grades = assignment?.grades
        let graded = signals.map { RowSet.grades($0.sample.all, grades) }
        // All rows and each grade, signal by signal: every signal has the same rows.
        let segments =
            [(name: String?.none, sets: signals.map(\.sample.all))]
            + graded[0].indices.map { index in
                (graded[0][index].name, graded.map { $0[index].rows })
            }
        let engine = PairedComparison(
            signals: signals, losses: signals.map { $0.losses(common, label: matched.label) },
            clusters: RowClusters(
                rowCount: matched.label.count, day: matched.facts?.day,
                bond: matched.trades?.bond),
            resampling: resampling)
        let whole = parallel(segments.count) { index in
            let (name, sets) = segments[index]
            return engine.compare(
                CohortName(grade: name, dimension: nil, cohort: name ?? "all"),
                rows: sets[0].rows, orders: sets.map(\.byError), draws: draws,
                isSmall: sets[0].count < rules.smallSample)
        }
        let splits = assignment?.splits ?? []
        let cohorts = parallel(splits.count * segments.count) { index in
            Self.cohorts(
                of: segments[index % segments.count], splits[index / segments.count], engine,
                rules)
        }
        let metrics = parallel(signals.count * segments.count) { index in
            ForecastMetrics(
                signals[index / segments.count].sample,
                segments[index % segments.count].sets[index / segments.count])
        }
        var parts = whole + cohorts.flatMap(\.self)
        Self.adjust(&parts)
        return SignalComparison(
            files: sources.map(\.file), names: names, units: sources.map(\.unit),
            isPoint: sources.map(\.isPoint), rules: rules, market: market,
            isBond: matched.trades != nil, period: matched.period,
            metrics: signals.indices.map { signal in
                Array(metrics[signal * segments.count..<(signal + 1) * segments.count])
            },
            funnels: matched.funnels, commonLevels: common, parts: parts,
            spaces: rules.metrics.contains(.spaces)
                ? SpaceTable(matched, names: names, market: market) : nil,
            funds: rules.metrics.contains(.funds)
                ? try matched.funds(sources, market: market) : [],
            published: try PublishedFigure.read(rules.published), notes: notes)
    }

    /// The cohorts of a dimension within all rows or a grade; those without rows are absent.
    private static func cohorts(
        of segment: (name: String?, sets: [RowSet]), _ split: CohortCodes,
        _ engine: PairedComparison, _ rules: EvaluationProtocol
    ) -> [ComparedPart] {
        let count = split.names.count
        let rows = deal(segment.sets[0].rows, split.codes, count: count)
        let orders = segment.sets.map { deal($0.byError, split.codes, count: count) }
        return split.names.indices.compactMap { index in
            guard !rows[index].isEmpty else { return nil }
            return engine.compare(
                CohortName(
                    grade: segment.name, dimension: split.dimension, cohort: split.names[index]),
                rows: rows[index], orders: orders.map { $0[index] }, draws: cohortDraws,
                isSmall: rows[index].count < rules.smallSample)
        }
    }

    /// Levels that every table of quantiles has, ascending; a column of one number a trade says
    /// nothing about quantiles.
    private static func commonLevels(_ tables: [ForecastTable]) -> [Double] {
        let quantiles = tables.filter { !$0.isPoint }
        return (quantiles.first?.levels.values ?? []).filter { level in
            quantiles.allSatisfy { $0.levels.index(of: level) != nil }
        }
    }

    /// What a reader should know of a table's tiles.
    private static func levelNotes(_ name: String, _ table: ForecastTable) -> [String] {
        var notes: [String] = []
        let levels = table.levels
        let median = levels.values[levels.medianIndex]
        if median != 0.5 {
            notes.append(
                "\(name) has no 50 % level: its \(QuantileLevels.percent(median)) % level stands "
                    + "for the median.")
        }
        let width = levels.count
        let crossed = (0..<table.rowCount).count { row in
            let tiles = table.tiles[row * width..<(row + 1) * width]
            return zip(tiles, tiles.dropFirst()).contains { $1 < $0 }
        }
        if crossed > 0 {
            notes.append(
                "Tiles of \(name) cross in \(grouped(crossed)) of \(counted(table.rowCount, "trade"));"
                    + " they are judged as they are.")
        }
        return notes
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

    /// Each row's mean pinball over some levels; empty for a column of one number a trade.
    func losses(_ wanted: [Double], label: [Double]) -> [Double] {
        let indices = wanted.compactMap(table.levels.index(of:))
        guard !indices.isEmpty, !table.isPoint else { return [] }
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
