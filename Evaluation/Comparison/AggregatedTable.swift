import Files
import Quantiles

/// A table whose prints of one trade have become one row, or have been left out.
struct AggregatedTable {
    let table: ForecastTable
    let trades: TradeColumns
    /// Rows that share their trade with another row, and the trades that they are.
    let pieces: Int
    let piecewiseTrades: Int

    /// Merges prints of equal bond, time, buy/sell, side and venue: quantities add up, prices and
    /// forecasts are weighted by quantity. Or drops them.
    /// - Throws: `FileError` where there are such prints and no quantity to weigh them by.
    init(
        _ table: ForecastTable, _ trades: TradeColumns, policy: EvaluationProtocol.Aggregation
    ) throws(FileError) {
        let groups = SortedKeys(TradeKey.keys(trades)).repeated
        piecewiseTrades = groups.count
        pieces = groups.reduce(0) { $0 + $1.count }
        guard let example = groups.first else {
            self.table = table
            self.trades = trades
            return
        }
        var isKept = [Bool](repeating: true, count: table.rowCount)
        for group in groups {
            for row in policy == .drop ? group[...] : group.dropFirst() { isKept[row] = false }
        }
        let kept = isKept.indices.filter { isKept[$0] }
        if policy == .drop {
            self.table = table.selecting(kept)
            self.trades = trades.selecting(kept)
            return
        }
        guard var quantity = trades.quantity else {
            throw FileError(
                .badData, file: table.file,
                "\(pieces) rows share bond, time, side and venue with another, the first two are "
                    + "data rows \(example[0] + 1) and \(example[1] + 1)",
                expected: "one row a trade, or a column 'quantity' to merge them by",
                advice: "Remove the duplicates, or add the quantities")
        }
        let width = table.levels.count
        var tiles = table.tiles
        var label = table.label
        for group in groups {
            let shares = Self.shares(group.map { quantity[$0] })
            func mean(_ value: (Int) -> Double) -> Double {
                zip(group, shares).reduce(0) { $0 + $1.1 * value($1.0) }
            }
            let first = group[0]
            for level in 0..<width {
                tiles[first * width + level] = mean { table.tiles[$0 * width + level] }
            }
            if let labels = table.label { label?[first] = mean { labels[$0] } }
            quantity[first] = group.reduce(0) { $0 + (quantity[$1].isNaN ? 0 : quantity[$1]) }
        }
        var merged = trades
        merged.quantity = quantity
        self.trades = merged.selecting(kept)
        self.table = ForecastTable(
            file: table.file, unit: table.unit, isPoint: table.isPoint, levels: table.levels,
            tiles: tiles, label: label, row: nil, executionDate: table.executionDate
        ).selecting(kept)
    }

    /// What each piece weighs in its trade: its part of the quantity, or an equal part where no
    /// quantity is known.
    static func shares(_ quantities: [Double]) -> [Double] {
        let known = quantities.map { $0.isNaN ? 0 : $0 }
        let sum = known.reduce(0, +)
        return known.map { sum > 0 ? $0 / sum : 1 / Double(known.count) }
    }
}
