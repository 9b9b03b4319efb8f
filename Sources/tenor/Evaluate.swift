import ArgumentParser
import QuantileEvaluation
import Quantiles

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Judges forecasts against their labels.",
        discussion: """
            Prints pinball, calibration, deviance of the median and more. With --out also writes \
            report.html, metrics.json, a figure for each curve and every table as CSV. A number \
            that cannot be computed is a dash with its reason.

            Example:
              tenor evaluate forecasts.csv --oracle data.oracle.csv --out report
            """)

    @Argument(
        help: "A forecast table: CSV with tile columns such as 5_tile, and a label column.",
        completion: .file())
    var forecasts: String

    @Option(
        help: "The true quantiles of the same source rows, as simulate writes them; gives regret.",
        completion: .file())
    var oracle: String?

    @Option(help: "The folder for the report.", completion: .directory)
    var out: String?

    @Flag(help: "Print metrics.json instead of the table.")
    var json = false

    func run() async throws {
        let result = try Evaluation.run(
            forecasts: ForecastTable(path: forecasts, keepingOthers: false),
            oracle: oracle.map { try ForecastTable(path: $0, keepingOthers: false) })
        var page: String?
        if let out {
            page = try EvaluationReport(result, version: Tenor.configuration.version)
                .write(to: out)
        }
        if json {
            print(try result.json(), terminator: "")
        } else {
            print(result.terminalTable, terminator: "")
            if let page { print("\nReport: \(page)") }
        }
    }
}
