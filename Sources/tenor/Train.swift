import ArgumentParser
import Arrays
import Datasets
import Files
import Foundation
import Layers
import QuantileTraining

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
            validation.days, validation.embargo_days). Ctrl-C saves the state; --resume goes on.

            Example:
              tenor train tabular --data prices.csv --out run --set training.steps=1000
            """)

    @Argument(help: "A recipe's name, or the path of a YAML file.")
    var recipe: String

    @Option(help: ArgumentHelp("The training data.", valueName: "csv|store"))
    var data: String

    @Option(help: ArgumentHelp("The run directory. (default: runs/RECIPE-TIME)", valueName: "run"))
    var out: String?

    @Option(help: ArgumentHelp("The column to forecast.", valueName: "column"))
    var label = "label"

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Overrides a key of the recipe.", valueName: "key.path=value"))
    var overrides: [String] = []

    @Flag(help: "Go on with the run in --out where it stopped.")
    var resume = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if resume && out == nil {
            throw ValidationError("--resume needs --out, the run directory to go on with")
        }
    }

    func run() throws {
        let recipe = try Recipe(recipe, overrides: overrides)
        let source = try Self.source(data, label: label, recipe: recipe)
        let path = out ?? "runs/\(recipe.name)-\(Self.timestamp())"
        let directory = try RunDirectory(path: path, resume: resume)
        var training = try ModelTraining(
            recipe: recipe, source: source, run: directory, resume: resume)
        StandardError.write(
            "\(training.summary), \(BLAS.threadCount) threads of \(BLAS.coreName) kernels\n")

        Interruption.listen()
        let progress = ProgressLine("training", total: training.stepsTotal, unit: "steps")
        let isEnsemble = training.nets.count > 1
        var state = ""
        let outcome: ModelTraining.Outcome
        do {
            defer { progress.finish(detail: state) }
            outcome = try training.run(
                shouldStop: { Interruption.isRequested },
                onStep: { progress.update(done: $0, detail: state) },
                onCheck: { check in
                    state = String(
                        format: "%@pinball %.4g, validation %.4g%@",
                        isEnsemble ? "net \(check.net + 1): " : "",
                        check.trainingPinball, check.validationPinball,
                        check.isBest ? " (best)" : "")
                })
        } catch let error as NonFiniteLoss {
            throw FileError(.badData, file: path, error.description)
        }
        switch outcome {
        case .interrupted:
            StandardError.write(
                """
                Stopped at step \(training.stepsDone); the state is saved. Go on with:
                  tenor train \(Self.quoted(self.recipe)) --data \(Self.quoted(data)) \
                --out \(Self.quoted(path)) --resume\(overrides.map { " --set \(Self.quoted($0))" }
                    .joined())

                """)
            // The shell's convention for a process that SIGINT ended.
            throw ExitCode(130)
        case .finished:
            if training.stepsDone < training.stepsTotal {
                StandardError.write(
                    "Stopped early: no better for \(recipe.training.patience) checks.\n")
            }
            let result = Result(training, checkpoint: directory.model)
            if json {
                try StandardOutput.print(json: result)
            } else {
                print(
                    String(
                        format: "validation pinball %.4g, %d nets, best at step %@ of %d",
                        result.validationPinball, result.bestSteps.count,
                        result.bestSteps.map(String.init).joined(separator: ", "),
                        recipe.training.steps))
                print("checkpoint \(result.checkpoint)")
            }
        }
    }

    private static func source(
        _ path: String, label: String, recipe: Recipe
    ) throws -> TrainingSource {
        if FeatureStore.isStore(path) {
            return try TrainingSource(FeatureStore(path: path), days: recipe.days)
        }
        var options = TabularData.Options()
        options.label = label
        options.splitSeed = recipe.training.seed
        let table = try TabularData(path: path, options: options)
        for note in table.notes { StandardError.write("\(note)\n") }
        return TrainingSource(table)
    }

    private struct Result: Encodable {
        let checkpoint: String
        /// Done by all nets.
        let steps: Int
        /// Of each net.
        let bestSteps: [Int]
        let validationPinball: Double
        let parameters: Int

        init(_ training: ModelTraining, checkpoint: String) {
            self.checkpoint = checkpoint
            steps = training.stepsDone
            bestSteps = training.nets.map(\.trainer.bestStep)
            validationPinball = training.validationPinball
            parameters = training.nets.reduce(0) { $0 + $1.trainer.best.parameterCount }
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
