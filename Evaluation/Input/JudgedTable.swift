import Files
import Quantiles

/// A forecast table made ready to be judged: the rows that have a label, a whole forecast and pass
/// the protocol's filter, as prices, with what is known of their trades.
struct JudgedTable: Sendable {
    let table: ForecastTable
    /// NaN where the table itself has no label, and needs none.
    let label: [Double]
    let trades: TradeColumns?
    let facts: RowFacts?
    let counts: RowCounts

    /// - Parameters:
    ///   - trades: of the table's rows; nil for tabular data.
    ///   - isLenient: whether the table may lack what the protocol filters by, because it is joined
    ///     with one that has it.
    /// - Throws: `FileError` where there is nothing to judge, or it is not what it says.
    init(
        _ source: ForecastTable, trades: TradeColumns?, market: MarketReference?,
        rules: EvaluationProtocol, isLenient: Bool = false
    ) throws(FileError) {
        let file = source.file
        let labels = source.label
        guard source.rowCount > 0 else {
            throw FileError(
                .badData, file: file, "the table has no rows", expected: "at least one forecast")
        }
        let filter = RowFilter(rules, isLenient: isLenient)
        try filter.requireColumns(of: trades, file: file, market: market)
        let agency = rules.ratingAgency.flatMap {
            market?.simulates(agency: $0) ?? false ? nil : $0
        }
        let facts = trades.map { RowFacts($0, market: market, ratingAgency: agency) }
        var table = source
        if source.unit != .price {
            table = try Repricing(source, trades: trades, facts: facts, market: market)
                .priced(source)
        }
        if trades != nil, let labels {
            try Self.requirePrices(table, label: labels, unit: source.unit)
        }

        var counts = RowCounts(file: source.rowCount, unknownBonds: facts?.unknownBonds ?? 0)
        let width = table.levels.count
        var kept: [Int] = []
        kept.reserveCapacity(table.rowCount)
        for row in 0..<table.rowCount {
            let missing = table.tiles[row * width..<(row + 1) * width].count { $0.isNaN }
            counts.missingTiles += missing
            if labels?[row].isNaN ?? false {
                counts.withoutLabel += 1
            } else if missing > 0 {
                counts.withMissingTiles += 1
            } else if let reason = filter.reason(row, trades, facts) {
                counts.filtered += 1
                counts.filteredBy[reason.rawValue, default: 0] += 1
            } else {
                kept.append(row)
            }
        }
        counts.judged = kept.count
        guard !kept.isEmpty else {
            throw FileError(
                .badData, file: file, "no row is left to judge",
                expected: "a label and a whole forecast"
                    + (rules.filterText(in: market).map { ", " + $0 } ?? ""),
                found: counts.text, advice: "Check the table, or use another --protocol")
        }
        let isWhole = kept.count == table.rowCount
        self.table = isWhole ? table : table.selecting(kept)
        let all = labels ?? [Double](repeating: .nan, count: table.rowCount)
        label = isWhole ? all : kept.map { all[$0] }
        self.trades = isWhole ? trades : trades?.selecting(kept)
        self.facts = isWhole ? facts : facts?.selecting(kept)
        self.counts = counts
    }

    /// Refuses forecasts of bonds that stand beside labels of another kind.
    private static func requirePrices(
        _ table: ForecastTable, label: [Double], unit: ForecastUnit
    ) throws(FileError) {
        func middle(_ values: [Double]) -> Double? {
            let sorted = values.filter { !$0.isNaN }.sorted()
            return sorted.isEmpty ? nil : sampleQuantile(ofSorted: sorted, at: 0.5)
        }
        let stride = max(1, table.rowCount / 10_000)
        let rows = Swift.stride(from: 0, to: table.rowCount, by: stride)
        let width = table.levels.count
        let median = table.levels.medianIndex
        guard let price = middle(rows.map { label[$0] }),
            let forecast = middle(rows.map { table.tiles[$0 * width + median] })
        else { return }
        guard price >= 20 else {
            throw FileError(
                .badData, file: table.file, column: "label",
                "the labels look like yields, not prices",
                expected: "clean prices per 100 of par",
                found: "a median of \(text(price, digits: 3))")
        }
        guard forecast >= 20 || unit != .price else {
            throw FileError(
                .badData, file: table.file,
                "the forecasts look like yields or spreads, the labels like prices",
                expected: "clean prices per 100 of par",
                found: "a median of \(text(forecast, digits: 3)) beside "
                    + text(price, digits: 3),
                advice: "Name the columns ytm_… or spread_…, and they will be repriced")
        }
    }
}

/// What became of the rows of a table.
public struct RowCounts: Sendable, Equatable, Encodable {
    /// Rows of the file.
    public var file = 0
    public var withoutLabel = 0
    /// Labelled rows that lack at least one tile, and all missing tiles of the file.
    public var withMissingTiles = 0
    public var missingTiles = 0
    /// Rows that the protocol's filter leaves out, and by what.
    public var filtered = 0
    public var filteredBy: [String: Int] = [:]
    public var judged = 0
    /// Bonds of the table that the market does not list.
    public var unknownBonds = 0
    /// Judged rows that share bond, time, side and venue with another one, and those of them that
    /// say nothing else than an earlier row.
    public internal(set) var sharedTrades = 0
    public internal(set) var repeated = 0

    enum CodingKeys: String, CodingKey {
        case file, filtered, judged, repeated
        case filteredBy = "filtered_by"
        case withoutLabel = "without_label"
        case withMissingTiles = "with_missing_tiles"
        case missingTiles = "missing_tiles"
        case unknownBonds = "unknown_bonds"
        case sharedTrades = "shared_trades"
    }

    init(file: Int, unknownBonds: Int) {
        self.file = file
        self.unknownBonds = unknownBonds
    }

    /// In words, without what is zero.
    public var text: String {
        var parts = [counted(file, "row")]
        if withoutLabel > 0 { parts.append("\(grouped(withoutLabel)) without a label") }
        if withMissingTiles > 0 { parts.append("\(grouped(withMissingTiles)) with missing tiles") }
        if filtered > 0 {
            let reasons = filteredBy.sorted { $0.value > $1.value }
                .map { grouped($0.value) + " " + (RowFilter.Reason(rawValue: $0.key)?.text ?? "") }
            parts.append(
                "\(grouped(filtered)) outside the protocol (\(reasons.joined(separator: ", ")))")
        }
        return parts.joined(separator: ", ")
    }

    /// What a reader should know of them, in sentences.
    var notes: [String] {
        var notes: [String] = []
        if missingTiles > 0 {
            notes.append(
                missingTiles == 1
                    ? "1 tile is missing, as an empty cell."
                    : "\(grouped(missingTiles)) tiles are missing, as empty cells.")
        }
        if unknownBonds > 0 {
            notes.append(
                unknownBonds == 1
                    ? "1 bond is not in the market's list."
                    : "\(grouped(unknownBonds)) bonds are not in the market's list.")
        }
        if sharedTrades > 0 {
            notes.append(
                "\(grouped(sharedTrades)) rows share bond, time, side and venue with another: "
                    + "pieces of one trade, each judged as a row of its own"
                    + (repeated > 0
                        ? "; \(grouped(repeated)) of them only repeat an earlier row." : "."))
        }
        return notes
    }
}

extension JudgedTable {
    /// The counts with the rows that are of one trade.
    var countsWithRepeats: RowCounts {
        guard let trades, trades.quoteAge == nil else { return counts }
        var counts = counts
        for rows in SortedKeys(TradeKey.keys(trades)).repeated {
            counts.sharedTrades += rows.count
            for (place, row) in rows.enumerated() {
                let repeats = rows[..<place].contains { earlier in
                    label[earlier] == label[row]
                        && trades.quantity?[earlier] == trades.quantity?[row]
                        && table.tiles(row: earlier) == table.tiles(row: row)
                }
                if repeats { counts.repeated += 1 }
            }
        }
        return counts
    }
}
