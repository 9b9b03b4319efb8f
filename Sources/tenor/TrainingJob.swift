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
    var start: WarmStart?
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
        // Before this a signal ends the process at once: nothing is begun, and reading may wait.
        Interruption.listen()
        let directory = try RunDirectory(path: path, resume: resume)
        var training: ModelTraining
        do {
            training = try ModelTraining(
                recipe: recipe, source: source, run: directory, start: start)
        } catch {
            directory.removeIfUnused()
            throw error
        }
        if !directory.goesOn { try command?.write(run: path) }
        StandardError.write(
            "\(training.summary), \(BLAS.threadCount) threads of \(BLAS.coreName) kernels\n")
        warn(of: training, on: source)
        let wasFinished = training.nets.allSatisfy(\.trainer.isFinished)
        if wasFinished { StandardError.write("The training was finished already.\n") }
        let outcome = try run(&training, name: name)
        guard case .finished = outcome else { return .interrupted(steps: training.stepsDone) }
        if !wasFinished, training.stepsDone < training.stepsTotal {
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

    /// Trains, and shows how far it is.
    private func run(
        _ training: inout ModelTraining, name: String
    ) throws -> ModelTraining.Outcome {
        let progress = ProgressLine(
            name, total: training.stepsTotal, unit: "steps", from: training.stepsDone)
        let isEnsemble = training.nets.count > 1
        var steps = training.stepsDone
        // A run that is resumed when all its steps are done has nothing to tell of them.
        let hasSteps = training.nets.contains { !$0.trainer.isFinished }
        var state = ""
        defer { if hasSteps { progress.finish(detail: state) } }
        do {
            return try training.run(
                shouldStop: { Interruption.isRequested },
                onStep: {
                    steps = $0
                    progress.update(done: $0, detail: state)
                },
                onCheck: { check in
                    state = String(
                        format: "%@pinball %.4g, validation %.4g%@, %.0f rows/s",
                        isEnsemble ? "net \(check.net + 1): " : "",
                        check.trainingPinball, check.validationPinball,
                        check.isBest ? " (best)" : "", check.rowsPerSecond)
                },
                onReading: { done, rows in
                    let reading =
                        "checking \(ProgressLine.grouped(done)) of \(ProgressLine.grouped(rows)) rows"
                    progress.update(
                        done: steps, detail: state.isEmpty ? reading : "\(state), \(reading)")
                })
        } catch let error as NonFiniteLoss {
            throw FileError(.badData, file: path, error.description)
        }
    }

    /// Tells what is allowed and yet hardly meant.
    private func warn(of training: ModelTraining, on source: TrainingSource) {
        let steps = training.nets[0].trainer.steps
        if recipe.training.warmUp >= steps {
            StandardError.warn(
                "training.warm_up is \(recipe.training.warmUp) steps of \(steps): the learning "
                    + "rate does not reach its peak")
        }
        if let start, start.mayHaveSeen(source) {
            StandardError.warn(
                "\(start.file) was trained on other rows than these; if rows that are for "
                    + "validation here were among them, the run looks better than it is")
        }
    }

    /// Whether the run directory holds this training, finished, with a checkpoint that can be read.
    ///
    /// - Throws: `FileError` where it is of another recipe or of other data.
    func isFinished() throws -> Bool {
        guard isHeld, FileManager.default.fileExists(atPath: "\(path)/state.safetensors"),
            (try? Experiment(path: path, name: path))?.state == .finished
        else { return false }
        try RunIdentity(recipe: recipe, source: source(), start: start?.model)
            .requireHeld(by: path)
        // A checkpoint that is gone or damaged is made anew from the state.
        return (try? Checkpoint.load("\(path)/model.safetensors")) != nil
    }

    /// Trains, or goes on with a training that was stopped.
    ///
    /// - Parameter name: What the progress line begins with.
    /// - Throws: `ExitCode` 130 where Ctrl-C stopped it.
    func complete(name: String) throws {
        guard case .interrupted = try run(resume: isHeld, name: name) else { return }
        StandardError.write("Stopped; go on with the same command and --resume.\n")
        throw ExitCode(130)
    }

    /// Leaves word, in the folder of one of several, of an error before its first step; a folder that
    /// holds something else stays as it is.
    func noteRefusal(_ error: FileError) {
        guard !isHeld else { return }
        try? Experiment.noteRefusal(of: recipe, error.description, in: path)
    }

    /// - Throws: `FileError` where one of several jobs would overwrite a run.
    static func check(_ jobs: [TrainingJob], in folder: String, resume: Bool) throws(FileError) {
        guard !FileManager.default.fileExists(atPath: "\(folder)/recipe.yaml") else {
            throw FileError(
                .badData, file: folder, "the folder is a run itself",
                expected: "a folder of runs, or a new one", advice: "Choose another --out")
        }
        guard !resume, let held = jobs.first(where: \.isHeld) else { return }
        throw FileError(
            .badData, file: folder, "the folder holds runs already", found: held.path,
            advice: "Choose another --out, or add --resume to go on with them")
    }

    /// Whether its folder holds a run, be it one whose recipe is lost.
    var isHeld: Bool {
        ["recipe.yaml", "state.safetensors"].contains {
            FileManager.default.fileExists(atPath: "\(path)/\($0)")
        }
    }

    /// The first run in a folder below one, of a sweep or a walk forward.
    static func firstRun(below folder: String) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().first {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)/recipe.yaml")
        }
    }

    /// Reads the data that it trains on.
    func source() throws -> TrainingSource {
        for path in data { try RowsPath.check(path) }
        let firstTable = data.first { !FeatureStore.isStore($0) }
        if let firstTable, data.count > 1 {
            throw FileError(
                .badData, file: firstTable, "no feature store, of which there may be several",
                expected: "a folder that tenor features made, or one table alone",
                advice: "Join tables into one file, with a column split")
        }
        if firstTable == nil {
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
        var options = TabularData.Options()
        options.label = label
        options.splitSeed = recipe.training.seed
        let table = try TabularData(path: data[0], options: options)
        for note in table.notes { StandardError.write("\(note)\n") }
        return TrainingSource(table)
    }
}
