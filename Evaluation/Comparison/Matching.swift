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
    /// How quotes were joined with trades; nil for a table of trades.
    public let quotes: QuoteFunnel?

    enum CodingKeys: String, CodingKey {
        case rows, pieces, unmatched, matched, selection, quotes
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
    guard let first = days.min(), let last = days.max() else { return [] }
    var sums = [Double](repeating: 0, count: Int(last - first) + 1)
    var counts = sums
    for (value, day) in zip(values, days) {
        sums[Int(day - first)] += value
        counts[Int(day - first)] += 1
    }
    return zip(sums, counts).filter { $0.1 > 0 }.map { $0 / $1 }
}

/// The tables of a comparison on the trades, or source rows, that all of them have.
struct MatchedTables {
    /// Ours first; the same rows in the same order. Labels are ours.
    let tables: [ForecastTable]
    let label: [Double]
    let trades: TradeColumns?
    let facts: RowFacts?
    /// The first and the last day of the trades in New York.
    let period: ClosedRange<CalendarDate>?
    let funnels: [Funnel]
    /// What the join could not use.
    let notes: [String]

    /// - Parameter tape: the trades that quotes are judged by, tables without a label.
    init(
        _ sources: [ForecastTable], tape: ReferenceTrades?, market: MarketReference?,
        rules: EvaluationProtocol
    ) throws(FileError) {
        var judged: [JudgedTable] = []
        var pieces: [(pieces: Int, trades: Int)] = []
        var quotes: [QuoteFunnel?] = []
        for (index, source) in sources.enumerated() {
            let input = try LabelledTable(source, tape: tape, rules: rules)
            if index == 0 { try input.requireLabel() }
            quotes.append(input.quotes)
            var (table, trades) = (input.table, input.trades)
            pieces.append((0, 0))
            if let own = trades, input.quotes == nil {
                let whole = try AggregatedTable(table, own, policy: rules.aggregation)
                pieces[index] = (whole.pieces, whole.piecewiseTrades)
                (table, trades) = (whole.table, whole.trades)
            }
            judged.append(
                try JudgedTable(
                    table, trades: trades, market: market, rules: rules, isLenient: index > 0))
        }
        var notes: [String] = []
        let keys = try Self.keys(judged, market: market, notes: &notes)
        let ours = SortedKeys(keys[0])
        // Keys that come twice on one side cannot be told apart.
        let partners = keys.dropFirst().map {
            ours.partners(in: SortedKeys($0), onlyUnique: true)
        }
        var picked: [[Int]] = sources.map { _ in [] }
        var otherPrice = [Int](repeating: 0, count: sources.count)
        for row in keys[0].indices where partners.allSatisfy({ $0[row] >= 0 }) {
            let label = judged[0].label[row]
            var agrees = true
            for (index, partners) in partners.enumerated() {
                let theirs = judged[index + 1].label[Int(partners[row])]
                if abs(theirs - label) > 1e-6 * max(1, abs(label)) {
                    otherPrice[index + 1] += 1
                    agrees = false
                }
            }
            guard agrees else { continue }
            picked[0].append(row)
            for (index, partners) in partners.enumerated() {
                picked[index + 1].append(Int(partners[row]))
            }
        }
        guard !picked[0].isEmpty else {
            throw Self.nothingInCommon(sources, judged, otherPrice: otherPrice)
        }
        funnels = sources.indices.map { index in
            Self.funnel(
                judged[index], picked[index], rowsOfFile: sources[index].rowCount,
                pieces: pieces[index], otherPrice: otherPrice[index], quotes: quotes[index])
        }
        label = picked[0].map { judged[0].label[$0] }
        trades = judged[0].trades?.selecting(picked[0])
        facts = judged[0].facts?.selecting(picked[0])
        period = facts?.period
        tables = zip(judged, picked).map { judged, rows in
            rows.elementsEqual(0..<judged.table.rowCount)
                ? judged.table : judged.table.selecting(rows)
        }
        self.notes = notes
    }

    /// How the trades are split; nil for tabular data.
    func assignment(market: MarketReference?, rules: EvaluationProtocol) -> CohortAssignment? {
        guard let trades, let facts else { return nil }
        return CohortAssignment(
            trades: trades, label: label, facts: facts, market: market, rules: rules)
    }

    /// The baskets of bond funds by each signal: by its forecasts of the same trades, or by all of
    /// its quotes.
    func funds(
        _ sources: [ForecastTable], market: MarketReference?
    ) throws(FileError) -> [[FundCheck]] {
        guard let market, let trades, let facts, let funds = try FundMarket(market) else {
            return []
        }
        return try sources.indices.map { (index) throws(FileError) in
            let values =
                funnels[index].quotes == nil
                ? BondValues(tables[index], trades: trades, bondRow: facts.bondRow)
                : try BondValues(quotes: sources[index], market: market)
            return values.map(funds.check) ?? []
        }
    }

    /// What each row of each table is joined by: its trade, or the row of the source file.
    private static func keys(
        _ judged: [JudgedTable], market: MarketReference?, notes: inout [String]
    ) throws(FileError) -> [[TradeKey]] {
        guard judged.allSatisfy({ $0.trades == nil }) else {
            return try tradeKeys(judged, market: market, notes: &notes)
        }
        return try judged.map { (table) throws(FileError) in
            guard let rows = table.table.row else {
                throw FileError(
                    .badData, file: table.table.file, "neither trades nor rows to join by",
                    expected: "cusip or figi with execution_date, or row")
            }
            return rows.map { TradeKey(bond: 0, kind: 0, time: Int64($0)) }
        }
    }

    private static func tradeKeys(
        _ judged: [JudgedTable], market: MarketReference?, notes: inout [String]
    ) throws(FileError) -> [[TradeKey]] {
        let usesSide = judged.allSatisfy { $0.trades?.side != nil }
        let usesATS = judged.allSatisfy { $0.trades?.isATS != nil }
        if !usesSide { notes.append("Sides are not compared: a table lacks buy_sell or side.") }
        if !usesATS { notes.append("Venues are not compared: a table lacks ats_indicator.") }
        var numbers = NameNumbers()
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
                    numbers.number(market?.index(name).map { "#\($0)" } ?? name)
                })
        }
        return keys
    }

    private static func funnel(
        _ judged: JudgedTable, _ picked: [Int], rowsOfFile: Int,
        pieces: (pieces: Int, trades: Int), otherPrice: Int, quotes: QuoteFunnel?
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
            matched: picked.count, selection: selection, quotes: quotes)
    }

    private static func nothingInCommon(
        _ sources: [ForecastTable], _ judged: [JudgedTable], otherPrice: [Int]
    ) -> FileError {
        let names = sources.dropLast().map { FileError.quoted($0.file) }.joined(separator: ", ")
        var found: [String] = []
        for (source, table) in zip(sources, judged) {
            guard let trades = table.trades, let first = trades.time.min(),
                let last = trades.time.max()
            else { continue }
            found.append(
                "\(source.file): \(counted(trades.bonds.count, "bond")), \(EasternTime.date(first)) to "
                    + "\(EasternTime.date(last))")
        }
        let prices = otherPrice.reduce(0, +)
        return FileError(
            .badData, file: sources[sources.count - 1].file,
            prices > 0
                ? "the tables share \(counted(prices, "trade")), all with another price"
                : "no trades in common with \(names)",
            expected: prices > 0
                ? "equal labels of equal trades"
                : "equal bond, execution time, buy/sell, side and ATS",
            found: found.isEmpty ? nil : found.joined(separator: "; "),
            advice: prices > 0
                ? "Check what the column 'label' is in each"
                : "Check identifiers, time zones and the unit of the times (--time-unit, --times)"
        )
    }
}
