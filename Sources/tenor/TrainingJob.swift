import ArgumentParser
import Arrays
import Datasets
import Files
import Foundation
import Layers
import QuantileModels
import QuantileTraining
import Terminal

/// One training from the command line: its data, its run directory, its progress.
struct TrainingJob {
    let recipe: Recipe
    let data: [String]
    let label: String
    /// The run directory.
    let path: String
    /// The model to go on from.
    var start: QuantileModel?
    /// What a run that is alone notes, to go on without being told.
    var command: TrainingCommand?

    struct Result: Encodable {
        let checkpoint: String
        /// Done by all nets.
        let steps: Int
        /// That each net may do; the most, where folds differ by a row.
        let stepsPerNet: Int
        /// Of each net.
        let bestSteps: [Int]
        let validationPinball: Double
        let parameters: Int
    }

    enum Outcome {
        case finished(Result)
        case interrupted(steps: Int)
    }

    /// Trains to the end, or until Ctrl-C.
    ///
    /// - Parameter name: What the progress line begins with.
    func run(resume: Bool, name: String = "training") throws -> Outcome {
        let source = try source()
        let directory = try RunDirectory(path: path, resume: resume)
        var training = try ModelTraining(
            recipe: recipe, source: source, run: directory, resume: resume, start: start)
        if !resume { try command?.write(run: path) }
        StandardError.write(
            "\(training.summary), \(BLAS.threadCount) threads of \(BLAS.coreName) kernels\n")
        let progress = ProgressLine(name, total: training.stepsTotal, unit: "steps")
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
                        format: "%@pinball %.4g, validation %.4g%@, %.0f rows/s",
                        isEnsemble ? "net \(check.net + 1): " : "",
                        check.trainingPinball, check.validationPinball,
                        check.isBest ? " (best)" : "", check.rowsPerSecond)
                })
        } catch let error as NonFiniteLoss {
            throw FileError(.badData, file: path, error.description)
        }
        guard case .finished = outcome else { return .interrupted(steps: training.stepsDone) }
        if training.stepsDone < training.stepsTotal {
            StandardError.write(
                "Stopped early: no better for \(recipe.training.patience) checks.\n")
        }
        return .finished(
            Result(
                checkpoint: directory.model, steps: training.stepsDone,
                stepsPerNet: training.nets.map(\.trainer.steps).max() ?? 0,
                bestSteps: training.nets.map(\.trainer.bestStep),
                validationPinball: training.validationPinball,
                parameters: training.nets.reduce(0) { $0 + $1.trainer.best.parameterCount }))
    }

    /// Whether the run directory holds this training, finished.
    ///
    /// - Throws: `FileError` where it is of another recipe or of other data.
    func isFinished() throws -> Bool {
        guard isHeld, try Experiment(path: path, name: path).state == .finished else {
            return false
        }
        guard try FileContents.text(of: "\(path)/recipe.yaml") == recipe.resolved else {
            throw FileError(
                .badData, file: "\(path)/recipe.yaml", "the run is of another recipe",
                expected: "that of this command", advice: "Choose another --out")
        }
        let trained = try Checkpoint.load("\(path)/model.safetensors").provenance
        let source = try source()
        guard trained["data.fingerprint"] == source.fingerprint,
            trained["label"] == source.labelName
        else {
            throw FileError(
                .badData, file: path, "the run is of other data",
                expected:
                    "\(trained["data"] ?? "unknown data"), label \(trained["label"] ?? "unknown")",
                found: "\(source.file) with other rows, or label \(source.labelName)",
                advice: "Name the data of the run, or choose another --out")
        }
        return true
    }

    /// Clears what a run of this recipe left that was killed before its first state: it starts anew.
    ///
    /// - Returns: Whether there was such a run.
    func clearIfOnlyBegun() -> Bool {
        let files = FileManager.default
        let state = (try? Experiment(path: path, name: path))?.state
        // One that somebody trains right now may have no state yet either.
        guard !files.fileExists(atPath: "\(path)/state.safetensors"),
            (try? FileContents.text(of: "\(path)/recipe.yaml")) == recipe.resolved,
            state != .finished, state != .running
        else { return false }
        // The first checkpoint is written before the first state.
        for name in ["recipe.yaml", "model.safetensors", "metrics.jsonl"] {
            try? files.removeItem(atPath: "\(path)/\(name)")
        }
        return true
    }

    /// Trains, or goes on with a training that was stopped.
    ///
    /// - Parameter name: What the progress line begins with.
    /// - Throws: `ExitCode` 130 where Ctrl-C stopped it.
    func complete(name: String) throws {
        let goesOn = FileManager.default.fileExists(atPath: "\(path)/state.safetensors")
        _ = clearIfOnlyBegun()
        guard case .interrupted = try run(resume: goesOn, name: name) else { return }
        StandardError.write("Stopped; go on with the same command and --resume.\n")
        throw ExitCode(130)
    }

    /// - Throws: `FileError` where one of several jobs would overwrite a run.
    static func check(_ jobs: [TrainingJob], in folder: String, resume: Bool) throws(FileError) {
        guard !resume, let held = jobs.first(where: \.isHeld) else { return }
        throw FileError(
            .badData, file: folder, "the folder holds runs already", found: held.path,
            advice: "Choose another --out, or add --resume to go on with them")
    }

    private var isHeld: Bool { FileManager.default.fileExists(atPath: "\(path)/recipe.yaml") }

    private func source() throws -> TrainingSource {
        for path in data { try RowsPath.check(path) }
        if FeatureStore.isStore(data[0]) {
            var stores: [FeatureStore] = []
            for path in data {
                try OutputPath.check(path, isNotTwiceIn: stores.map(\.path))
                stores.append(try FeatureStore(path: path))
            }
            return try TrainingSource(stores, days: recipe.days)
        }
        guard recipe.walkForward == nil else {
            throw FileError(
                .badData, file: data[0], "a walk forward is for feature stores, which know days",
                expected: "a folder that tenor features made",
                advice: "Leave walk_forward out of the recipe")
        }
        guard data.count == 1 else {
            throw FileError(
                .badData, file: data[0], "several data are for feature stores",
                expected: "a folder that tenor features made",
                advice: "Join tables into one file, with a column split")
        }
        var options = TabularData.Options()
        options.label = label
        options.splitSeed = recipe.training.seed
        let table = try TabularData(path: data[0], options: options)
        for note in table.notes { StandardError.write("\(note)\n") }
        return TrainingSource(table)
    }
}
