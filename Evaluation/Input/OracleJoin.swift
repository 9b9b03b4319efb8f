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
        for table in [forecasts, oracle] where table.row == nil {
            throw FileError(
                .badData, file: table.file, column: "row", "no such column",
                expected: "the 0-based data row of the source, to join forecasts and oracle")
        }
        let positions = Dictionary(
            (oracle.row ?? []).enumerated().map { ($1, $0) },
            uniquingKeysWith: { first, _ in first })
        let wanted = forecasts.row ?? []
        let matches = wanted.compactMap { positions[$0] }
        guard matches.count == wanted.count else {
            let missing = wanted.first { positions[$0] == nil } ?? 0
            throw FileError(
                .badData, file: oracle.file, column: "row",
                "\(wanted.count - matches.count) of \(wanted.count) forecast rows are not in the "
                    + "oracle's table, the first is row \(missing)",
                advice: "Give the oracle that was written with this data")
        }
        let selected = levels.selecting(matches)
        if let truth = selected.label {
            // Both labels come from one file, but one may have passed through Float.
            let differing = zip(judged.label, truth).count {
                abs($0 - $1) > 1e-6 * max(abs($0), abs($1))
            }
            guard differing == 0 else {
                throw FileError(
                    .badData, file: oracle.file, column: "label",
                    "\(differing) of \(wanted.count) labels differ from the forecasts'",
                    advice: "Give the oracle that was written with this data")
            }
        }
        return selected
    }
}
