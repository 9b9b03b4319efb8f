import Bonds
import Files
import Quantiles

/// What became of the trades of one table on the way to those that all tables have.
public struct Funnel: Sendable, Encodable {
    /// What the reader and the protocol left of the table.
    public let rows: RowCounts
    /// Rows that were pieces of one trade, and how many trades those are.
    public let pieces: Int
    public let piecewiseTrades: Int
    /// Usable trades that another table lacks, or has with another price.
    public let unmatched: Int
    /// Of these, trades that every table has, but with another price than ours.
    public let otherPrice: Int
    public let matched: Int
    /// Whether the unmatched trades had other errors; nil where their labels are not known.
    public let selection: SelectionCheck?

    enum CodingKeys: String, CodingKey {
        case rows, pieces, unmatched, matched, selection
        case piecewiseTrades = "piecewise_trades"
        case otherPrice = "other_price"
    }
}

/// Whether a signal's errors differ between the trades that are compared and those left out.
///
/// If they do, its figures on its own trades flatter or slander it: the reason for comparing on
/// the same trades only.
public struct SelectionCheck: Sendable, Encodable {
    public let keptMedian: Double
    public let droppedMedian: Double
    public let keptMean: Double
    public let droppedMean: Double
    /// Two-sided, that the two means are equal: Welch's test on daily means; nil for few days.
    public let probability: Double?

    enum CodingKeys: String, CodingKey {
        case keptMedian = "kept_median"
        case droppedMedian = "dropped_median"
        case keptMean = "kept_mean"
        case droppedMean = "dropped_mean"
        case probability = "p"
    }

    init?(kept: [Double], keptDays: [Int32], dropped: [Double], droppedDays: [Int32]) {
        guard !kept.isEmpty, !dropped.isEmpty else { return nil }
        keptMedian = sampleQuantile(ofSorted: kept.sorted(), at: 0.5)
        droppedMedian = sampleQuantile(ofSorted: dropped.sorted(), at: 0.5)
        keptMean = kept.reduce(0, +) / Double(kept.count)
        droppedMean = dropped.reduce(0, +) / Double(dropped.count)
        probability = welchProbability(
            dailyMeans(kept, keptDays), dailyMeans(dropped, droppedDays))
    }
}

/// The mean of the values of each day, in order of the days.
func dailyMeans(_ values: [Double], _ days: [Int32]) -> [Double] {
    var sums: [Int32: (sum: Double, count: Double)] = [:]
    for (value, day) in zip(values, days) {
        let old = sums[day] ?? (0, 0)
        sums[day] = (old.sum + value, old.count + 1)
    }
    return sums.sorted { $0.key < $1.key }.map { $0.value.sum / $0.value.count }
}

/// The tables of a comparison on the trades, or source rows, that all of them have.
struct MatchedTables {
    /// Ours first; the same rows in the same order. Labels are ours.
    let tables: [ForecastTable]
    let label: [Double]
    let trades: TradeColumns?
    let facts: RowFacts?
    let funnels: [Funnel]
    /// What the join could not use.
    let notes: [String]

    init(
        _ sources: [ForecastTable], market: MarketReference?, rules: EvaluationProtocol
    ) throws(FileError) {
        let ours = sources[0]
        guard ours.label != nil else {
            throw FileError(
                .badData, file: ours.file, column: "label", "no such column",
                expected: "the first table to have what was observed",
                advice: "Name a table with labels first")
        }
        var judged: [JudgedTable] = []
        var pieces: [(pieces: Int, trades: Int)] = []
        for source in sources {
            if let trades = try TradeColumns(source) {
                let whole = try AggregatedTable(source, trades, policy: rules.aggregation)
                pieces.append((whole.pieces, whole.piecewiseTrades))
                judged.append(
                    try JudgedTable(
                        whole.table, trades: whole.trades, label: whole.table.label,
                        market: market, rules: rules))
            } else {
                pieces.append((0, 0))
                judged.append(
                    try JudgedTable(
                        source, trades: nil, label: source.label, market: market, rules: rules))
            }
        }
        let isTabular = judged.allSatisfy { $0.trades == nil }
        let lookups: [[TradeKey]]
        var notes: [String] = []
        if isTabular {
            lookups = try judged.map { (table) throws(FileError) in
                guard let rows = table.table.row else {
                    throw FileError(
                        .badData, file: table.table.file, "neither trades nor rows to join by",
                        expected: "cusip or figi with execution_date, or row")
                }
                return rows.map { TradeKey(bond: 0, time: Int64($0), kind: 0) }
            }
        } else {
            lookups = try Self.tradeKeys(judged, market: market, notes: &notes)
        }
        let positions = lookups.dropFirst().map { Self.unique($0) }
        let ourPositions = Self.unique(lookups[0])
        var picked: [[Int]] = sources.map { _ in [] }
        var otherPrice = [Int](repeating: 0, count: sources.count)
        for (row, key) in lookups[0].enumerated() where ourPositions[key] ?? -1 >= 0 {
            let places = positions.map { Int($0[key] ?? -1) }
            guard places.allSatisfy({ $0 >= 0 }) else { continue }
            let label = judged[0].label[row]
            var agrees = true
            for (index, place) in places.enumerated() {
                let theirs = judged[index + 1].label[place]
                if abs(theirs - label) > 1e-6 * max(1, abs(label)) {
                    otherPrice[index + 1] += 1
                    agrees = false
                }
            }
            guard agrees else { continue }
            picked[0].append(row)
            for (index, place) in places.enumerated() { picked[index + 1].append(place) }
        }
        guard !picked[0].isEmpty else {
            throw Self.nothingInCommon(sources, judged, otherPrice: otherPrice)
        }
        tables = zip(judged, picked).map { $0.table.selecting($1) }
        label = picked[0].map { judged[0].label[$0] }
        trades = judged[0].trades?.selecting(picked[0])
        facts = judged[0].facts?.selecting(picked[0])
        self.notes = notes
        funnels = sources.indices.map { index in
            Self.funnel(
                judged[index], picked[index], rowsOfFile: sources[index].rowCount,
                pieces: pieces[index], otherPrice: otherPrice[index])
        }
    }

    /// Where each key stands; -2 for keys that come twice, which no join can tell apart.
    private static func unique(_ keys: [TradeKey]) -> [TradeKey: Int32] {
        var positions: [TradeKey: Int32] = [:]
        positions.reserveCapacity(keys.count)
        for (row, key) in keys.enumerated() {
            positions[key] = positions[key] == nil ? Int32(row) : -2
        }
        return positions
    }

    private static func tradeKeys(
        _ judged: [JudgedTable], market: MarketReference?, notes: inout [String]
    ) throws(FileError) -> [[TradeKey]] {
        let usesSide = judged.allSatisfy { $0.trades?.side != nil }
        let usesATS = judged.allSatisfy { $0.trades?.isATS != nil }
        if !usesSide { notes.append("Sides are not compared: a table lacks buy_sell or side.") }
        if !usesATS { notes.append("Venues are not compared: a table lacks ats_indicator.") }
        var numbers: [String: Int32] = [:]
        var keys: [[TradeKey]] = []
        for table in judged {
            guard let trades = table.trades else {
                throw FileError(
                    .badData, file: table.table.file, "no trades, but another table has them",
                    expected: "cusip or figi, and execution_date")
            }
            keys.append(
                TradeKey.keys(trades, usesSide: usesSide, usesATS: usesATS) { name in
                    // A bond is one whether it is named by CUSIP or FIGI.
                    let bond = market?.index(name).map { "#\($0)" } ?? name
                    if let number = numbers[bond] { return number }
                    numbers[bond] = Int32(numbers.count)
                    return Int32(numbers.count - 1)
                })
        }
        return keys
    }

    private static func funnel(
        _ judged: JudgedTable, _ picked: [Int], rowsOfFile: Int,
        pieces: (pieces: Int, trades: Int), otherPrice: Int
    ) -> Funnel {
        var counts = judged.counts
        counts.file = rowsOfFile
        var selection: SelectionCheck?
        if let facts = judged.facts, judged.label.contains(where: { !$0.isNaN }) {
            var isPicked = [Bool](repeating: false, count: judged.table.rowCount)
            for row in picked { isPicked[row] = true }
            let width = judged.table.levels.count
            let median = judged.table.levels.medianIndex
            var errors: [[Double]] = [[], []]
            var days: [[Int32]] = [[], []]
            for row in isPicked.indices {
                let part = isPicked[row] ? 0 : 1
                errors[part].append(
                    abs(judged.table.tiles[row * width + median] - judged.label[row]))
                days[part].append(facts.day[row])
            }
            selection = SelectionCheck(
                kept: errors[0], keptDays: days[0], dropped: errors[1], droppedDays: days[1])
        }
        return Funnel(
            rows: counts, pieces: pieces.pieces, piecewiseTrades: pieces.trades,
            unmatched: judged.table.rowCount - picked.count, otherPrice: otherPrice,
            matched: picked.count, selection: selection)
    }

    private static func nothingInCommon(
        _ sources: [ForecastTable], _ judged: [JudgedTable], otherPrice: [Int]
    ) -> FileError {
        let names = sources.map { FileError.quoted($0.file) }.joined(separator: ", ")
        var found: [String] = []
        for (source, table) in zip(sources, judged) {
            guard let trades = table.trades, let first = trades.time.min(),
                let last = trades.time.max()
            else { continue }
            found.append(
                "\(source.file): \(trades.bonds.count) bonds, \(EasternTime.date(first)) to "
                    + "\(EasternTime.date(last))")
        }
        let prices = otherPrice.reduce(0, +)
        return FileError(
            .badData, file: sources[sources.count - 1].file,
            prices > 0
                ? "the tables share \(prices) trades, all with another price"
                : "no trades in common with \(names)",
            expected: "equal bond, execution time, buy/sell, side and ATS",
            found: found.isEmpty ? nil : found.joined(separator: "; "),
            advice: "Check identifiers, time zones and the unit of the times (--time-unit)")
    }
}
