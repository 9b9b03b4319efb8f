import ArgumentParser
import QuantileEvaluation
import Quantiles

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares signals on the same trades.",
        discussion: """
            Joins the tables on bond, execution time, buy/sell, side and ATS, or on row, and says \
            which signal is nearer to the prices, by how much and whether that could be chance. \
            A table has tiles (5_tile …) or one column prediction, ytm_prediction or \
            spread_prediction; yields and spreads are repriced with --market.

            Example:
              tenor compare ours.csv theirs.csv --market market --protocol axor --out comparison
            """)

    @Argument(help: "Our forecast table, with a label column.", completion: .file())
    var ours: String

    @Argument(
        help: ArgumentHelp("The tables to compare with.", valueName: "theirs"),
        completion: .file())
    var theirs: [String]

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
        if theirs.isEmpty { throw ValidationError("compare takes two tables or more") }
    }

    func run() async throws {
        let rules = try reading.rules()
        let market = try market.map { try MarketReference(folder: $0) }
        let tables = try ([ours] + theirs).map { try reading.read($0) }
        let result = try Comparison.run(tables, market: market, rules: rules)
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
