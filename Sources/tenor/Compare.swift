import ArgumentParser
import QuantileEvaluation

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares signals on the same trades.",
        discussion: """
            Joins the tables on bond, execution time, buy/sell, side and ATS, or on row, and says \
            which signal is nearer to the prices, by how much and whether that could be chance. \
            A table has tiles (5_tile …) or one column prediction, ytm_prediction or \
            spread_prediction; yields and spreads are repriced with --market. A table without a \
            label column holds quotes at times of their own: with --trades each trade has the last \
            one strictly before it, unless that is older than the protocol's quotes.maximum_age: a day, \
            in which weekends and holidays take no time. Tables of different levels are compared at \
            those that all have. With --out writes report.html, model-card.md, metrics.json, every \
            figure as SVG, every table as CSV, and side-by-side.md.

            Example:
              tenor compare ours.csv theirs.csv --market m --protocol axor --out report
              tenor compare ours.csv quotes.csv --trades market/trades.csv --market market
            """)

    @Argument(help: "Our forecast table.", completion: .file())
    var ours: String

    @Argument(
        help: ArgumentHelp("The tables to compare with.", valueName: "theirs"),
        completion: .file())
    var theirs: [String] = []

    @Option(
        help: ArgumentHelp(
            "The market folder: bonds, ratings, Treasuries of the trades.", valueName: "folder"),
        completion: .directory)
    var market: String?

    @OptionGroup var reading: ForecastReadingOptions

    @Option(help: "The folder for the report.", completion: .directory)
    var out: String?

    @Flag(help: "Print metrics.json instead of the tables.")
    var json = false

    func validate() throws {
        if theirs.isEmpty {
            throw ValidationError(
                "compare takes two tables or more; for one table there is 'tenor evaluate \(ours)'")
        }
    }

    func run() async throws {
        let rules = try reading.rules()
        if let out { try OutputPath.check(reportFolder: out) }
        let market = try market.map { try MarketReference(folder: $0) }
        try reading.requireTables([ours] + theirs)
        let tables = try ([ours] + theirs).map(reading.read)
        let result = try Comparison.run(
            tables, market: market, tape: reading.tape(for: tables), rules: rules)
        var page: String?
        if let out {
            page = try ComparisonReport(result, version: Tenor.configuration.version).write(to: out)
        }
        if json {
            print(try result.json(), terminator: "")
        } else {
            print(result.terminalTable, terminator: "")
            if let page { print("\nReport: \(page)") }
        }
    }
}
