import ArgumentParser
import Datasets
import Files
import Foundation
import QuantileModels
import QuantileTraining
import Terminal

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract:
            "Trains a quantile network by a recipe and leaves a checkpoint in a run directory.",
        discussion: """
            The recipe is the name of one in the binary (\(
                Recipe.embedded.keys.sorted().joined(separator: ", "))) or the path of a YAML \
            file. Data is a CSV file with numeric columns, a label and, if it has them, a column \
            'split' of train, validation and test and a column 'weight' of row weights.

            tabular trains five nets, each without a fifth of the train and validation rows; for a \
            table split by time give --set validation.folds=1, which keeps its validation rows. \
            tabular-small takes seconds.

            Data may also be a feature store, for the recipe bonds: its last trading days are for \
            test, those before them for validation, with a day between (validation.test_days, \
            validation.days, validation.embargo_days). More stores, as --data A --data B, add \
            training rows; the days are those of the first. Every byte is checked first. Ctrl-C \
            saves the state; --resume goes on, with the recipe and the data of the run where none \
            are named; for a sweep, and for a walk forward, name them as at the start.

            --start CHECKPOINT goes on from a trained network of the same recipe and of one net (for \
            tabular: --set validation.folds=1 --set kept_members=null in both), with its transforms; the result is never worse than the start on the validation days, which \
            neither the start nor what it went on from may have seen (of a table this cannot be \
            checked). A recipe with a section walk_forward trains once a test period and tests each \
            network on the days that follow, each in a folder window-1, window-2 and so on below \
            --out, and joins \
            their forecasts:
              walk_forward:
                windows: 4
                window: expanding     # or rolling, with train_days: 60
                warm_start: true      # each goes on from the one before

            --sweep FILE trains the recipe with many settings, each in a folder of its own below \
            --out, and ends in one table; with --resume it goes on where it stopped. The file \
            names the keys to vary:
              search: grid               # or random, with runs: 20 (doubles are left out)
              keys:
                training.learning_rate: [0.001, 0.003]
                model.dropout: [0, 0.1]  # random: {from: 0, to: 0.3}
              seeds: [0, 1]

            Example:
              tenor train tabular --data prices.csv --out run --set training.steps=1000
              tenor train --resume --out run
            """)

    @Argument(help: "A recipe's name, or the path of a YAML file.")
    var recipe: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("The training data; stores may be several.", valueName: "csv|store"))
    var data: [String] = []

    @Option(help: ArgumentHelp("The run directory. (default: runs/RECIPE-TIME)", valueName: "run"))
    var out: String?

    @Option(
        help: ArgumentHelp("The column to forecast. (default: label)", valueName: "column"))
    var label: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Overrides a key of the recipe.", valueName: "key.path=value"))
    var overrides: [String] = []

    @Option(
        help: ArgumentHelp(
            "A trained checkpoint of the same recipe to go on from (a warm start).",
            valueName: "checkpoint"))
    var start: String?

    @Option(help: ArgumentHelp("Train once for each of many settings.", valueName: "file"))
    var sweep: String?

    @Flag(help: "Go on with the run or the sweep in --out where it stopped.")
    var resume = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if start != nil && sweep != nil {
            throw ValidationError("--start is for one training, not for a sweep")
        }
        if resume && out == nil {
            throw ValidationError("--resume needs --out, the run directory to go on with")
        }
        if recipe == nil && (!resume || sweep != nil) {
            throw ValidationError("Missing expected argument '<recipe>'")
        }
        if data.isEmpty && (!resume || sweep != nil) {
            throw ValidationError("Missing expected argument '--data <csv|store>'")
        }
    }

    func run() throws {
        if let sweep { return try runSweep(sweep) }
        let (recipe, command) = try begin()
        try check(command.data)
        let path = out ?? "runs/\(recipe.name)-\(Self.timestamp())"
        try OutputPath.check(folder: path, option: "--out")
        let start = try command.start.map { WarmStart(try Checkpoint.load($0), file: $0) }
        if let walkForward = recipe.walkForward, FeatureStore.isStore(command.data[0]) {
            let job = WalkForwardJob(
                recipe: recipe, walkForward: walkForward, data: command.data, path: path)
            return try report(job.run(resume: resume, start: start))
        }
        try checkIsNoFolderOfRuns(path)
        let job = TrainingJob(
            recipe: recipe, data: command.data, label: command.label, path: path, start: start,
            command: command)
        switch try job.run(resume: resume) {
        case .interrupted(let steps):
            StandardError.write(
                """
                Stopped at step \(steps); the state is saved. Go on with:
                  tenor train --resume --out \(Self.quoted(path))

                """)
            // The shell's convention for a process that SIGINT ended.
            throw ExitCode(130)
        case .finished(let result):
            if json {
                try StandardOutput.print(json: result)
            } else {
                print(
                    String(
                        format: "validation pinball %.4g, %d %@, best at step %@ of %d",
                        result.validationPinball, result.bestSteps.count,
                        result.bestSteps.count == 1 ? "net" : "nets",
                        result.bestSteps.map(String.init).joined(separator: ", "),
                        result.stepsPerNet))
                print("checkpoint \(result.checkpoint)")
            }
        }
    }

    /// Checks what is worth checking once, however many trainings follow.
    private func check(_ data: [String]) throws(FileError) {
        for path in data where FeatureStore.isStore(path) {
            guard label == nil else {
                throw FileError(
                    .badData, file: path,
                    "--label is for tables; what a feature store asks is the price",
                    found: "--label \(label ?? "")", advice: "Leave it out")
            }
            _ = try RowsPath.store(path, readsAll: true)
        }
    }

    private func checkIsNoFolderOfRuns(_ path: String) throws(FileError) {
        guard !RunDescription.isRun(path), let inner = TrainingJob.firstRun(below: path) else {
            return
        }
        throw FileError(
            .badData, file: path, "not a run, but a folder of runs", found: inner,
            advice: "Choose another --out; a sweep or a walk forward goes on with the command that "
                + "began it, and --resume")
    }

    /// What is trained on what: as named here, else, of a run that goes on, as it was begun.
    private func begin() throws(FileError) -> (recipe: Recipe, command: TrainingCommand) {
        if let recipe, !data.isEmpty {
            let recipe = try Recipe(recipe, overrides: overrides)
            return (
                recipe,
                TrainingCommand(
                    recipe: recipe.name, data: data, label: label ?? "label", start: start)
            )
        }
        let run = out ?? ""
        guard FileManager.default.fileExists(atPath: run) else {
            throw FileError(
                .missing, file: run, "no run to resume", expected: "the folder of a run",
                advice: "Check the path; or leave out --resume, and name the recipe and --data")
        }
        try checkIsNoFolderOfRuns(run)
        guard var command = try TrainingCommand(run: run) else {
            throw FileError(
                .missing, file: run, "no single training that tells what it was begun with",
                expected: "a \(TrainingCommand.fileName) in it",
                advice: "Name the recipe, --data and --set as at the start, beside --resume")
        }
        if !data.isEmpty { command.data = data }
        command.label = label ?? command.label
        command.start = start ?? command.start
        let begun = try command.recipe(run: run, overrides: overrides)
        return (
            try recipe.map { (name) throws(FileError) in
                try Recipe(name, overrides: overrides)
            } ?? begun, command
        )
    }

    private func report(_ result: WalkForwardJob.Result) throws {
        if json { return try StandardOutput.print(json: result) }
        for (index, window) in result.windows.enumerated() {
            print(
                "window \(index + 1): trained \(window.training), tested \(window.test) "
                    + "(\(window.testRows) rows), validation pinball "
                    + (window.validationPinball.map { String(format: "%.4g", $0) } ?? "unknown"))
        }
        print("forecasts \(result.forecasts)")
    }

    private func runSweep(_ file: String) throws {
        let name = recipe ?? ""
        let base = try Recipe(name, overrides: overrides)
        try check(data)
        let path = out ?? "runs/\(base.name)-sweep-\(Self.timestamp())"
        try OutputPath.check(folder: path, option: "--out")
        let job = SweepJob(
            sweep: try Sweep(path: file),
            recipe: { try Recipe(name, overrides: overrides, run: $0) }, data: data,
            label: label ?? "label", path: path)
        let failed = try job.run(resume: resume)
        try Experiments.report(ExperimentTable(Experiment.all(in: path)), asJSON: json)
        guard failed.isEmpty else {
            throw FileError(
                .badData, file: path,
                "\(failed.count) of \(job.sweep.runs.count) runs failed",
                found: failed.joined(separator: ", "),
                advice: "Change the sweep and choose another --out, or go on with --resume")
        }
    }

    private static func timestamp() -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyyMMdd-HHmmss"
        return formatter.string(from: Date())
    }

    /// A word as a shell reads it back.
    private static func quoted(_ word: String) -> String {
        word.allSatisfy { $0.isLetter || $0.isNumber || "._-/=,:".contains($0) }
            ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
