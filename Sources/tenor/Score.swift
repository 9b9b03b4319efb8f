import ArgumentParser
import Datasets
import Files
import Foundation
import Inference
import QuantileModels
import Terminal

struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Forecasts with a checkpoint: rows of a file, a universe of bonds, or trades.",
        discussion: """
            The file needs the checkpoint's feature columns, in any order, among any others; a \
            label and a split are optional. The forecast table has a row number, the columns of \
            --keep, the label and a column a quantile, such as 5_tile; it is gzipped where its \
            name ends in .gz.

            Of a feature store the table has the keys of each trade, and --split test are the days \
            that training left for test and all after them.

            With --market the bonds of a universe are priced as of a moment, each under several \
            conditions (side, size, venue), or trades each as of its execution: price, yield and \
            spread tiles, from what was known strictly before. What has no price is listed beside \
            the quotes, with the reason, in .unpriced.csv. With --every there is a file a moment in \
            the folder --out; a run that was stopped goes on where it was.

            Example:
              tenor score run/model.safetensors --data prices.csv --split test --out f.csv
              tenor score run/model.safetensors --market market --universe figis.txt \\
                --at 2025-03-07T14:30:00Z --variations full --out quotes.csv
            """)

    @Argument(help: "A checkpoint: the model.safetensors of a run.")
    var checkpoint: String

    @Option(help: ArgumentHelp("The rows to score.", valueName: "csv|store"))
    var data: String?

    @OptionGroup(title: "Pricing a market")
    var bonds: MarketScoring

    @Option(help: "Score only the rows of this part: train, validation or test.")
    var split: SplitPart?

    @Option(
        help: ArgumentHelp(
            "Columns to carry through, separated by commas.", valueName: "columns"))
    var keep: String?

    @Option(help: ArgumentHelp("The forecast table to write.", valueName: "file"))
    var out: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (data == nil) != (bonds.market == nil) else {
            throw ValidationError("Give either --data or --market")
        }
        guard data != nil || (split == nil && keep == nil) else {
            throw ValidationError("--split and --keep belong to --data")
        }
    }

    func run() throws {
        Interruption.listen()
        try OutputPath.checkIsNoInput(out)
        if let market = bonds.market {
            if bonds.every == nil {
                try OutputPath.check(file: out)
            } else {
                try OutputPath.check(folder: out, option: "--out")
            }
            if let states = bonds.states {
                try OutputPath.check(folder: states, option: "--states")
            }
            let inputs = [checkpoint] + [bonds.universe, bonds.trades].compactMap { $0 }
            for output in [out, UnpricedFile.path(beside: out)] {
                try OutputPath.check(output, isNot: inputs)
                try OutputPath.check(output, isNotIn: market)
            }
            return try bonds.run(checkpoint, to: out, asJSON: json)
        }
        try scoreRows(of: data ?? "")
    }

    private func scoreRows(of data: String) throws {
        try OutputPath.check(table: out)
        try OutputPath.check(out, isNot: [data, checkpoint])
        let model = try Checkpoint.load(checkpoint)
        try RowsPath.check(data)
        if FeatureStore.isStore(data) { return try scoreStore(data, with: model) }
        guard model.target == .label else {
            throw FileError(
                .badData, file: checkpoint,
                "the checkpoint forecasts the trades of a feature store",
                expected: "a folder that tenor features made", found: data)
        }
        var options = TabularReader.Options()
        options.label = model.provenance["label"] ?? "label"
        options.kept =
            keep?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
        options.part = split
        options.splitSeed = model.provenance["split.seed"].flatMap(UInt64.init)
        let progress = ProgressLine("scoring", unit: "rows")
        let started = ContinuousClock.now
        let summary = try Scorer(model: model).score(data, options: options, to: out) {
            progress.update(done: $0)
            try Interruption.check()
        }
        progress.finish()
        try report(
            rows: summary.rows, missingCells: summary.missingCells,
            ignoredColumns: summary.ignoredColumns, since: started)
    }

    private func scoreStore(_ data: String, with model: QuantileModel) throws {
        if keep != nil {
            throw ValidationError("--keep is for CSV files; a store has its own keys")
        }
        try OutputPath.check(out, isNotIn: data)
        let store = try RowsPath.store(data)
        let scorer = StoreScorer(model: model)
        let rows = try scorer.rows(of: store, part: split)
        let progress = ProgressLine("scoring", total: rows.count, unit: "rows")
        let started = ContinuousClock.now
        try scorer.score(store, rows: rows, to: out) {
            progress.update(done: $0)
            try Interruption.check()
        }
        progress.finish()
        try report(rows: rows.count, since: started)
    }

    private func report(
        rows: Int, missingCells: Int = 0, ignoredColumns: Int = 0,
        since started: ContinuousClock.Instant
    ) throws {
        let seconds = started.duration(to: .now) / .seconds(1)
        let result = Result(
            rows: rows, missingCells: missingCells, ignoredColumns: ignoredColumns,
            rowsPerSecond: Double(rows) / seconds, forecasts: out)
        if json {
            try StandardOutput.print(json: result)
        } else {
            print("\(result.rows) rows scored, \(result.missingCells) cells missing: \(out)")
        }
    }

    private struct Result: Encodable {
        let rows: Int
        let missingCells: Int
        let ignoredColumns: Int
        let rowsPerSecond: Double
        let forecasts: String
    }
}

extension SplitPart: ExpressibleByArgument {}
