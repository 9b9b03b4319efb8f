import Files
import Quantiles

/// Puts an oracle's table beside the forecasts that it belongs to.
enum OracleJoin {
    /// The oracle's forecasts of the rows of a table, in its order and with its levels.
    static func align(
        _ oracle: ForecastTable, to judged: JudgedTable
    ) throws(FileError) -> ForecastTable {
        let forecasts = judged.table
        guard let levels = oracle.selecting(forecasts.levels) else {
            let missing = forecasts.levels.values.filter { oracle.levels.index(of: $0) == nil }
            throw FileError(
                .badData, file: oracle.file, line: 1, "the oracle lacks levels of the forecasts",
                expected: missing.map { QuantileLevels.percent($0) + "_tile" }
                    .joined(separator: ", "))
        }
        let partners = try partners(of: oracle, in: judged)
        let missing = partners.indices.filter { partners[$0] < 0 }
        if let first = missing.first {
            throw FileError(
                .badData, file: oracle.file,
                "\(missing.count) of \(partners.count) forecast "
                    + (judged.trades == nil
                        ? "rows are not in the oracle's table, the first is row "
                            + "\(forecasts.row?[first] ?? 0)"
                        : "trades are not in the oracle's table"),
                advice: "Give the oracle that was written with this data")
        }
        let selected = levels.selecting(partners.map { Int($0) })
        if let truth = selected.label {
            // Both labels come from one file, but one may have passed through Float.
            let differing = zip(judged.label, truth).count {
                abs($0 - $1) > 1e-6 * max(abs($0), abs($1))
            }
            guard differing == 0 else {
                throw FileError(
                    .badData, file: oracle.file, column: "label",
                    "\(differing) of \(partners.count) labels differ from the forecasts'",
                    advice: "Give the oracle that was written with this data")
            }
        }
        return selected
    }

    /// The oracle's row of each forecast, by trade or by row of the source; -1 where it has none.
    private static func partners(
        of oracle: ForecastTable, in judged: JudgedTable
    ) throws(FileError) -> [Int32] {
        if let trades = judged.trades {
            guard let theirs = try TradeColumns(oracle) else {
                throw FileError(
                    .badData, file: oracle.file, "no trades, but the forecasts have them",
                    expected: "cusip or figi, and execution_date")
            }
            var numbers = NameNumbers()
            let usesSide = trades.side != nil && theirs.side != nil
            let usesATS = trades.isATS != nil && theirs.isATS != nil
            let keys = [trades, theirs].map {
                SortedKeys(
                    TradeKey.keys($0, usesSide: usesSide, usesATS: usesATS) {
                        numbers.number($0)
                    })
            }
            return keys[0].partners(in: keys[1], onlyUnique: false)
        }
        var keys: [SortedKeys] = []
        for table in [judged.table, oracle] {
            guard let rows = table.row else {
                throw FileError(
                    .badData, file: table.file, column: "row", "no such column",
                    expected: "the 0-based data row of the source, to join forecasts and oracle")
            }
            keys.append(SortedKeys(rows.map { TradeKey(bond: 0, kind: 0, time: Int64($0)) }))
        }
        return keys[0].partners(in: keys[1], onlyUnique: false)
    }
}
