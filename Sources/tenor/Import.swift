import ArgumentParser
import Files
import Tape
import Terminal

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Builds the tape of a market folder from TRACE files.",
        discussion: """
            Reads FINRA's enhanced, academic and pre-2012 files and WRDS tables, plain, gzip or \
            zipped, in the order of their report dates; cleans them after Dick-Nielsen; writes \
            trades.csv and audit.json. A print that was withdrawn later keeps its row until then. \
            The audit says what each step removed, changed and merged.

            --set turns a filter: when_issued, locked_in, special_price, special_condition, \
            primary_market, affiliate, free_agency, repeated_reports, as_of, yield_as_price, \
            matured, decimal_shift, bounce_back, aggregate (true or false; all but as_of are on), settlement_days (7), \
            highest_price (1000), offering_share (1; null for no limit), minimum_quantity (0.01).

            --against compares the tape with the clean one of the simulated market whose raw \
            files these are: precision and recall, what became of each kind of injected error, and \
            examples of what differs.

            --fit-bad-prints fits a classifier of mistaken prices to the tape that the folder has, \
            judges it on the last days and writes it; --bad-prints withdraws what it finds.

            Example:
              tenor import --trace 2024.zip --layout enhanced --bonds bonds.csv --out market
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("TRACE files.", valueName: "file"))
    var trace: [String] = []

    @Option(help: "The files' layout: enhanced, academic, pre2012 or wrds.")
    var layout: TraceLayout?

    @Option(
        help: ArgumentHelp(
            "The list of bonds: cusip, and figi, maturity, offering_amount.", valueName: "csv"))
    var bonds: String?

    @Option(
        help: ArgumentHelp(
            "Who stands behind each bond and when: cusip, issuer, parent, ticker, from, to.",
            valueName: "csv"))
    var entities: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Turn a filter; may be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        help: ArgumentHelp(
            "Withdraw the prints that this classifier takes for mistakes.", valueName: "json"))
    var badPrints: String?

    @Option(
        help: ArgumentHelp(
            "Fit such a classifier to the folder's tape instead of importing.", valueName: "json"))
    var fitBadPrints: String?

    @Option(help: ArgumentHelp("The market folder.", valueName: "folder"))
    var out: String

    @Flag(help: "Add to the tape that the folder has; cancels and corrections reach back.")
    var append = false

    @Option(
        help: ArgumentHelp(
            "The simulated market that the files are of: compare with its clean tape.",
            valueName: "folder"))
    var against: String?

    @Flag(
        help: ArgumentHelp(
            "Print one JSON object: the audit, and under 'against' the comparison; or how well "
                + "the classifier does."))
    var json = false

    func validate() throws {
        if fitBadPrints != nil {
            guard trace.isEmpty else {
                throw ValidationError("--fit-bad-prints takes the folder's tape, not --trace")
            }
        } else if trace.isEmpty || layout == nil {
            throw ValidationError("--trace and --layout must be given")
        }
        for override in overrides where !override.contains("=") {
            throw ValidationError("--set takes key=value, not '\(override)'")
        }
    }

    func run() throws {
        Interruption.listen()
        if let fitBadPrints {
            try fit(fitBadPrints)
        } else if let layout {
            try importFiles(layout)
        }
    }

    private func importFiles(_ layout: TraceLayout) throws {
        for (index, file) in trace.enumerated() {
            try OutputPath.check(file, isNotTwiceIn: trace[..<index])
        }
        try OutputPath.check(marketFolder: out)
        // A comparison that cannot be made should say so before the work.
        if let against { _ = try TradeReader(path: TradeFile.path(market: against)) }
        var job = TapeImport(layout: layout)
        job.options = try CleaningOptions(settings: settings())
        job.badPrints = try badPrints.map { path throws(FileError) in
            try BadPrintClassifier(path: path)
        }
        job.bonds = bonds
        job.entities = entities
        job.append = append
        let progress = ProgressLine("importing", unit: "rows")
        var rows = 0
        let audit = try job.run(trace, into: out) { phase in
            try Interruption.check()
            switch phase {
            case .reading(let read):
                rows = read
                progress.update(done: rows, detail: "reading")
            case .cleaning: progress.update(done: rows, detail: "cleaning")
            case .writing: progress.update(done: rows, detail: "writing")
            }
        }
        progress.finish()
        let comparison = try against.map { try TapeComparison(of: out, against: $0) }
        if json {
            try StandardOutput.print(json: Report(audit: audit, comparison: comparison))
        } else {
            print(audit)
            if let comparison { print("\n\(comparison)") }
        }
    }

    private func fit(_ path: String) throws {
        try OutputPath.check(path, isNotIn: out)
        let file = try TradeFile.path(market: out)
        let (classifier, report) = try BadPrintTraining()
            .fit(TradeTable(path: file), file: file)
        try classifier.write(to: path)
        if json {
            try StandardOutput.print(json: report)
        } else {
            print(report)
        }
    }

    /// The audit with the comparison among its keys.
    private struct Report: Encodable {
        let audit: ImportAudit
        let comparison: TapeComparison?

        private enum Key: CodingKey { case against }

        func encode(to encoder: any Encoder) throws {
            try audit.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encodeIfPresent(comparison, forKey: .against)
        }
    }

    private func settings() throws -> Settings {
        let settings = try Settings(yaml: "{}", file: "--set")
        for override in overrides {
            let parts = override.split(separator: "=", maxSplits: 1)
            try settings.set(String(parts[0]), to: parts.count > 1 ? String(parts[1]) : "")
        }
        return settings
    }
}

extension TraceLayout: ExpressibleByArgument {}
