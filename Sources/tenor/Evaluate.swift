import ArgumentParser
import QuantileEvaluation

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Judges forecasts against their labels.",
        discussion: """
            Prints pinball, calibration, deviance of the median and more; with --market also by \
            investment grade and high yield, trading hour, size, side, rating, sector and other \
            cohorts. A protocol says which trades, cohorts and metrics. With --out writes report.html, \
            model-card.md, metrics.json, a figure for each curve and every table as CSV. A number that \
            cannot be computed is a dash with its reason. A table without a label column holds quotes: \
            with --trades each trade has the last quote strictly before it, of its bond, side and \
            venue, linear in its size between two quoted sizes, unless that is older than the \
            protocol's quotes.maximum_age: a day, in which weekends and holidays take no time, so that \
            Friday evening's quotes are judged by Monday's trades. How many trades were judged, and why \
            the others were not, is printed.

            Example:
              tenor evaluate forecasts.csv --oracle data.oracle.csv --out report
              tenor evaluate forecasts.csv --market market --protocol axor --out report
              tenor evaluate quotes.csv --trades m/trades.csv --market m --out report
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
        help: ArgumentHelp(
            "The oracle's forecasts of the same source rows or trades, as simulate and baseline write "
                + "them; gives regret.", valueName: "table"),
        completion: .file())
    var oracle: String?

    @OptionGroup var reading: ForecastReadingOptions

    @Option(help: "The folder for the report.", completion: .directory)
    var out: String?

    @Flag(help: "Print metrics.json instead of the table.")
    var json = false

    func run() async throws {
        let rules = try reading.rules()
        if let out { try OutputPath.check(reportFolder: out) }
        let market = try market.map { try MarketReference(folder: $0) }
        try reading.requireTables([forecasts, oracle].compactMap(\.self))
        let table = try reading.read(forecasts)
        let result = try Evaluation.run(
            forecasts: table, oracle: oracle.map(reading.read), market: market,
            tape: reading.tape(for: [table]), rules: rules)
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
