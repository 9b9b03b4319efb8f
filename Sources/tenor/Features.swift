import ArgumentParser
import Bonds
import FairValue
import Features
import Files
import Terminal

struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features",
        abstract: "Turns a market folder into vectors: a row for each trade, as of its execution.",
        discussion: """
            The store has a shard for each day and schema.json, which names every feature. A row \
            sees what had been reported strictly before its trade was executed. Trades below \
            $150,000 are drawn one in five and weigh five; --min-quantity leaves out those below. \
            A run that was stopped goes on after its last whole days when it is started again, \
            with the same tables and options: the store keeps a fingerprint of them.

            Example:
              tenor features --market market --out store
              tenor features --market market --out store --parameters kalman.json
            """)

    @Option(help: ArgumentHelp("The market folder.", valueName: "folder"))
    var market: String

    @Option(help: ArgumentHelp("The feature store.", valueName: "folder"))
    var out: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Leave out trades below this.", valueName: "dollars"))
    var minQuantity = 0.0

    @Option(
        help: ArgumentHelp("The first day of execution.", valueName: "date"),
        transform: DateArgument.parse)
    var from: CalendarDate?

    @Option(
        help: ArgumentHelp("The last day of execution.", valueName: "date"),
        transform: DateArgument.parse)
    var to: CalendarDate?

    @Option(
        help: ArgumentHelp(
            """
            Parameters of the fair-value filter, as 'tenor baseline kalman \
            --save-parameters' fits them to earlier days.
            """, valueName: "file"))
    var parameters: String?

    @Flag(help: "Store features as 16-bit numbers: half the size, three digits.")
    var half = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads; the bytes do not depend on it.", valueName: "count"))
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard minQuantity >= 0, minQuantity.isFinite else {
            throw ValidationError("--min-quantity: expected at least 0, found \(minQuantity)")
        }
        if let threads, threads < 1 {
            throw ValidationError("--threads: expected at least 1, found \(threads)")
        }
        if let from, let to, to < from {
            throw ValidationError("--to: expected \(from) or later, since --from is, found \(to)")
        }
    }

    func run() throws {
        try OutputPath.check(out, isNot: [market])
        Interruption.listen()
        var build = FeatureBuild(market: market, store: out)
        build.minimumQuantity = minQuantity
        build.from = from
        build.through = to
        build.isHalf = half
        if let parameters { build.kalman = try KalmanParameters(path: parameters) }
        build.threads = threads
        for input in try FeatureInput.absent(market: market) where MarketFolder.isFolder(market) {
            StandardError.note(absent: input.table, without: input.without ?? "")
        }
        let progress = ProgressLine("features", unit: "rows")
        let summary = try build.run { rows, day in
            progress.update(done: rows, detail: day.description)
            try Interruption.check()
        }
        progress.finish()
        if let day = summary.resumedFrom {
            StandardError.write(
                "went on from \(day): \(summary.newRows) rows of \(summary.newDays) days made\n")
        }
        if json {
            try StandardOutput.print(json: summary)
        } else {
            print(text(summary))
        }
    }

    private func text(_ summary: FeatureBuild.Summary) -> String {
        var lines = [
            "\(summary.rows) rows of \(summary.days) days: \(out)",
            "\(summary.stateFeatures) state and \(summary.conditionFeatures) condition features, "
                + "schema \(summary.schema)",
        ]
        let skipped = summary.skipped.sorted { $0.key < $1.key }
            .map { "\($0.key.replacing("_", with: " ")) \($0.value)" }
        if !skipped.isEmpty {
            lines.append("trades without a row: " + skipped.joined(separator: ", "))
        }
        if !summary.unknownBonds.isEmpty {
            let count = summary.unknownBonds.values.reduce(0, +)
            lines.append(
                "\(count) trades of bonds that bonds.csv does not have: "
                    + Spelling.list(summary.unknownBonds.keys.sorted()))
        }
        return lines.joined(separator: "\n")
    }
}
