import Files
import Quantiles

/// What makes two rows the same trade: bond, execution time, buy/sell with side, and venue.
struct TradeKey: Hashable, Sendable {
    let bond: Int32
    let time: Int64
    /// The side and the venue in one number; 0 where they do not take part.
    let kind: UInt8

    /// The key of every row.
    /// - Parameters:
    ///   - number: the number of a bond's name, the same for all tables.
    ///   - usesSide, usesATS: whether all tables of a join have the column.
    static func keys(
        _ trades: TradeColumns, usesSide: Bool = true, usesATS: Bool = true,
        number: (String) -> Int32
    ) -> [TradeKey] {
        let numbers = trades.bonds.map(number)
        return trades.bond.indices.map { row in
            let side = usesSide ? trades.side.map { $0[row].rawValue + 1 } ?? 0 : 0
            let venue: UInt8 = usesATS ? trades.isATS.map { $0[row] ? 2 : 1 } ?? 0 : 0
            return TradeKey(
                bond: numbers[Int(trades.bond[row])], time: trades.time[row],
                kind: side * 3 + venue)
        }
    }
}

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
        let keys = TradeKey.keys(trades) { _ in 0 }
        var first: [TradeKey: Int32] = [:]
        first.reserveCapacity(keys.count)
        var groupOf = [Int32](repeating: 0, count: keys.count)
        var groups: [[Int]] = []
        for row in keys.indices {
            // Names are not compared within a table: its own bond numbers are as good.
            let key = TradeKey(
                bond: trades.bond[row], time: keys[row].time, kind: keys[row].kind)
            if let group = first[key] {
                groupOf[row] = group
                groups[Int(group)].append(row)
            } else {
                groupOf[row] = Int32(groups.count)
                first[key] = Int32(groups.count)
                groups.append([row])
            }
        }
        guard groups.count < keys.count else {
            self.table = table
            self.trades = trades
            pieces = 0
            piecewiseTrades = 0
            return
        }
        piecewiseTrades = groups.count { $0.count > 1 }
        pieces = groups.reduce(0) { $0 + ($1.count > 1 ? $1.count : 0) }
        if policy == .drop {
            let kept = groups.filter { $0.count == 1 }.map { $0[0] }
            self.table = table.selecting(kept)
            self.trades = trades.selecting(kept)
            return
        }
        guard let quantity = trades.quantity else {
            let example = groups.first { $0.count > 1 } ?? []
            throw FileError(
                .badData, file: table.file,
                "\(pieces) rows share bond, time, side and venue with another, the first two are "
                    + "data rows \(example[0] + 1) and \(example[1] + 1)",
                expected: "one row a trade, or a column 'quantity' to merge them by",
                advice: "Remove the duplicates, or add the quantities")
        }
        let rows = groups.map { $0[0] }
        var merged = trades.selecting(rows)
        let width = table.levels.count
        var tiles: [Double] = []
        tiles.reserveCapacity(groups.count * width)
        var label: [Double] = []
        var sums: [Double] = []
        for group in groups {
            let weights = group.map { quantity[$0].isNaN ? 0 : quantity[$0] }
            let sum = weights.reduce(0, +)
            sums.append(group.count == 1 ? quantity[group[0]] : sum)
            func mean(_ value: (Int) -> Double) -> Double {
                if group.count == 1 { return value(group[0]) }
                var total = 0.0
                for (row, weight) in zip(group, weights) {
                    total += (sum > 0 ? weight / sum : 1 / Double(group.count)) * value(row)
                }
                return total
            }
            for level in 0..<width { tiles.append(mean { table.tiles[$0 * width + level] }) }
            if let labels = table.label { label.append(mean { labels[$0] }) }
        }
        merged.quantity = sums
        self.trades = merged
        self.table = ForecastTable(
            file: table.file, unit: table.unit, isPoint: table.isPoint, levels: table.levels,
            tiles: tiles, label: table.label == nil ? nil : label, row: nil,
            executionDate: merged.time)
    }
}
