import ArgumentParser
import QuantileEvaluation
import Quantiles

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Judges forecasts against their labels.",
        discussion: """
            Prints pinball, calibration, deviance of the median and more; with --market also by \
            investment grade and high yield, trading hour, size, side, rating, sector and other \
            cohorts. With --out writes report.html, metrics.json, a figure for each curve and every \
            table as CSV. A number that cannot be computed is a dash with its reason.

            Example:
              tenor evaluate forecasts.csv --oracle data.oracle.csv --out report
              tenor evaluate forecasts.csv --market market --protocol axor --out report
            """)

    @Argument(
        help: "A forecast table: CSV with tile columns such as 5_tile, and a label column.",
        completion: .file())
    var forecasts: String

    @Option(
        help: ArgumentHelp(
            "The market folder: bonds, ratings, Treasuries of the trades.", valueName: "folder"),
        completion: .directory)
    var market: String?

    @Option(
        help: "The true quantiles of the same source rows, as simulate writes them; gives regret.",
        completion: .file())
    var oracle: String?

    @OptionGroup var reading: ForecastReadingOptions

    @Option(help: "The folder for the report.", completion: .directory)
    var out: String?

    @Flag(help: "Print metrics.json instead of the table.")
    var json = false

    func run() async throws {
        let rules = try reading.rules()
        let market = try market.map { try MarketReference(folder: $0) }
        let result = try Evaluation.run(
            forecasts: reading.read(forecasts),
            oracle: oracle.map { try ForecastTable(path: $0, keeping: []) }, market: market,
            rules: rules)
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

/// How forecast tables are read and which of their rows count, for `evaluate` and `compare`.
struct ForecastReadingOptions: ParsableArguments {
    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "Which trades count and how they are joined: default, axor, fvmp or a YAML file.",
            valueName: "name or file"))
    var rulesName = "default"

    @Option(
        help: ArgumentHelp(
            "In what execution_date counts: nanoseconds, microseconds, milliseconds or seconds.",
            valueName: "unit"))
    var timeUnit = TimeUnit.nanoseconds

    func rules() throws -> EvaluationProtocol { try EvaluationProtocol(rulesName) }

    func read(_ path: String) throws -> ForecastTable {
        let progress = ProgressLine("reading", unit: "rows")
        var rows = 0
        let table = try ForecastTable(
            path: path, keeping: Evaluation.columns, timeUnit: timeUnit
        ) { done in
            try Interruption.check()
            rows = done
            progress.update(done: done)
        }
        if rows > 1_000_000 { progress.finish() }
        return table
    }
}

extension TimeUnit: ExpressibleByArgument {}
