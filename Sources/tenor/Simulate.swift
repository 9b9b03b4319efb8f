import ArgumentParser
import Bonds
import Foundation
import Simulation
import Terminal

struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Makes data whose true conditional quantiles are known.",
        discussion: """
            A market: a folder with bonds, trades and everything that moves them, in the form that \
            'tenor import' builds from TRACE files. It is no evidence about real markets. Of one \
            seed a longer market has the same first days; what is withdrawn or reported after the \
            last day is in no file.

            With --kind regression: a CSV file with columns x0, x1, …, label and split, and beside \
            it the true quantiles as a forecast table.

            A market takes the place of the same one of fewer or more days, of no other. The same \
            arguments give the same bytes.

            Example:
              tenor simulate --bonds 3000 --days 60 --out market
              tenor simulate --trace enhanced --out market
              tenor simulate --kind regression --rows 100000 --columns 50 --out known.csv
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case market, regression
    }

    @Option(help: "What to simulate.")
    var kind = Kind.market

    @Option(help: ArgumentHelp("The folder, or data file, to write.", valueName: "path"))
    var out: String

    @Option(help: "Fixes everything that is random.")
    var seed: UInt64 = 1

    @OptionGroup(title: "Options of a market")
    var market: MarketOptions

    @OptionGroup(title: "Options of a regression")
    var regression: RegressionOptions

    func validate() throws {
        switch kind {
        case .market:
            try market.validateAll()
            try regression.refuseAll(for: kind)
        case .regression:
            try regression.validateAll()
            try market.refuseAll(for: kind)
        }
    }

    func run() async throws {
        Interruption.listen()
        switch kind {
        case .market: try market.run(seed: seed, out: out)
        case .regression: try regression.run(seed: seed, out: out)
        }
    }

    /// An option that belongs to another kind would have no effect.
    static func refuse(_ options: [(name: String, isGiven: Bool)], for kind: Kind) throws {
        if let option = options.first(where: \.isGiven) {
            throw ValidationError(
                "\(option.name) has no meaning with --kind \(kind.rawValue)")
        }
    }
}

struct RegressionOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Number of rows.")
    var rows: Int?

    @Option(
        parsing: .unconditional,
        help: "Number of feature columns, at least \(RegressionGenerator.fewestColumns).")
    var columns: Int?

    func validateAll() throws {
        let least = RegressionGenerator.fewestColumns
        guard let rows, let columns else {
            throw ValidationError("--kind regression needs --rows and --columns")
        }
        guard (1...10_000_000_000).contains(rows) else {
            throw ValidationError("--rows: expected 1 to 10,000,000,000, found \(rows)")
        }
        guard (least...100_000).contains(columns) else {
            throw ValidationError("--columns: expected \(least) to 100,000, found \(columns)")
        }
    }

    func refuseAll(for kind: Simulate.Kind) throws {
        try Simulate.refuse([("--rows", rows != nil), ("--columns", columns != nil)], for: kind)
    }

    func run(seed: UInt64, out: String) throws {
        guard let rows, let columns else { return }
        for output in [out, RegressionGenerator.oraclePath(for: out)] {
            try OutputPath.checkIsNoInput(output)
        }
        let generator = try RegressionGenerator(columns: columns, seed: seed)
        let progress = ProgressLine("simulating", total: rows, unit: "rows")
        try generator.write(rows: rows, to: out) {
            progress.update(done: $0)
            try Interruption.check()
        }
        progress.finish()
        print("data    \(out)")
        print("oracle  \(RegressionGenerator.oraclePath(for: out))")
    }
}

struct MarketOptions: ParsableArguments {
    @Option(
        parsing: .unconditional, help: "Number of bonds on the first day (default: 660).")
    var bonds: Int?

    @Option(parsing: .unconditional, help: "Number of business days (default: 30).")
    var days: Int?

    @Option(
        help: ArgumentHelp("The first day (default: 2025-01-02).", valueName: "date"),
        transform: DateArgument.parse)
    var start: CalendarDate?

    @Option(
        parsing: .unconditional,
        help: """
            The share of credit news that equities follow with a delay, from 0 (bond prices \
            foretell nothing of equities) to 1 (default: 0.2).
            """)
    var equityLag: Double?

    enum RawFiles: String, ExpressibleByArgument, CaseIterable {
        case enhanced
    }

    @Option(
        help: """
            Write the raw files of TRACE too, with errors to be cleaned: FINRA's enhanced files and \
            the table of what was disseminated.
            """)
    var trace: RawFiles?

    @Flag(help: "Write dealers' quotes too: quotes.csv.")
    var quotes = false

    @Flag(
        help: """
            A plain world in which the Kalman filter with the true parameters cannot be beaten; \
            its truth is that filter's forecast.
            """)
    var linearGaussian = false

    @Flag(
        help: """
            Compare the market with what is known of real ones, and prices with their true \
            quantiles.
            """)
    var check = false

    @Flag(help: "Print one JSON object: the manifest, and the check where it is asked for.")
    var json = false

    func validateAll() throws {
        if linearGaussian, quotes || check || equityLag != nil {
            throw ValidationError(
                "--linear-gaussian has neither quotes nor equities, and is like no real market")
        }
        if let bonds { try verify("--bonds", bonds, in: MarketSettings.bondRange) }
        if let days { try verify("--days", days, in: MarketSettings.dayRange) }
        if let start { try verify("--start", start, in: MarketSettings.startRange) }
        if let equityLag {
            try verify("--equity-lag", equityLag, in: MarketSettings.equityLagRange)
        }
    }

    private func verify<Value: Comparable>(
        _ name: String, _ value: Value, in range: ClosedRange<Value>
    ) throws {
        guard !range.contains(value) else { return }
        throw ValidationError(
            "\(name): expected \(range.lowerBound) to \(range.upperBound), found \(value)")
    }

    func refuseAll(for kind: Simulate.Kind) throws {
        try Simulate.refuse(
            [
                ("--bonds", bonds != nil), ("--days", days != nil), ("--start", start != nil),
                ("--equity-lag", equityLag != nil), ("--quotes", quotes),
                ("--check", check), ("--json", json), ("--linear-gaussian", linearGaussian),
                ("--trace", trace != nil),
            ], for: kind)
    }

    func run(seed: UInt64, out: String) throws {
        var settings = MarketSettings()
        settings.seed = seed
        settings.bonds = bonds ?? settings.bonds
        settings.days = days ?? settings.days
        settings.start = start ?? settings.start
        settings.equityLag = equityLag ?? settings.equityLag
        settings.quotes = quotes
        settings.linearGaussian = linearGaussian
        settings.rawFiles = trace != nil
        let folder = try SimulatedMarketFolder(out)
        try folder.requireSame(as: settings)
        let market = try settings.makeMarket()
        var marketCheck = check ? MarketCheck(market) : nil
        let progress = ProgressLine("simulating", total: settings.days, unit: "days")
        var trades = 0
        let manifest = try folder.write(market, version: Tenor.configuration.version) { day in
            try Interruption.check()
            marketCheck?.observe(day)
            trades += day.trades.count
            progress.update(done: day.index + 1, detail: "\(trades) trades")
        }
        progress.finish(detail: "\(trades) trades")
        let report = marketCheck?.report()
        if json {
            try StandardOutput.print(json: Result(manifest: manifest, check: report))
        } else {
            print("simulated market  \(out)")
            print("bonds   \(manifest.bonds) of \(manifest.issuers) issuers")
            print("days    \(manifest.days.count)")
            print("trades  \(manifest.trades)")
            if let report { print("\n\(report)") }
        }
        // A market may be unusual; a truth that is not true is a fault of the program.
        if let report, !report.isUniform { throw ExitCode(70) }
    }

    private struct Result: Encodable {
        let manifest: MarketManifest
        let check: CheckReport?
    }
}
