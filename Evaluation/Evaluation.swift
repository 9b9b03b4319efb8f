import Files
import Quantiles

/// Judges forecast tables.
public enum Evaluation {
    /// Measures forecasts against their labels.
    /// - Parameters:
    ///   - forecasts: a table with labels.
    ///   - oracle: the true quantiles of the same source rows, and of others if need be. It is
    ///     joined on `row`.
    /// - Throws: `FileError` where there are no rows or labels, or where the oracle does not fit.
    public static func run(
        forecasts: ForecastTable, oracle: ForecastTable? = nil
    ) throws(FileError) -> EvaluationResult {
        guard let label = forecasts.label else {
            throw FileError(
                .badData, file: forecasts.file, column: "label", "no such column",
                expected: "what was observed, beside the forecasts",
                advice: "Score data that has its labels, or join them to the table")
        }
        guard forecasts.rowCount > 0 else {
            throw FileError(
                .badData, file: forecasts.file, "the table has no rows",
                expected: "at least one forecast")
        }
        var aligned: ForecastTable?
        if let oracle { aligned = try align(oracle, to: forecasts, label: label) }
        return EvaluationResult(
            file: forecasts.file, oracleFile: oracle?.file,
            total: ForecastMetrics(forecasts, label: label, oracle: aligned),
            examples: ExampleForecast.pick(from: forecasts, label: label))
    }

    /// The oracle's forecasts of the rows of a table, in its order and with its levels.
    private static func align(
        _ oracle: ForecastTable, to forecasts: ForecastTable, label: [Double]
    ) throws(FileError) -> ForecastTable {
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
            let differing = zip(label, truth).count { abs($0 - $1) > 1e-6 * max(abs($0), abs($1)) }
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
