import Arrays
import Dispatch
import Files
import Foundation
import Layers
import QuantileModels
import Quantiles
import Random
import Synchronization

/// Trains a model in a run directory: from raw rows to a recalibrated checkpoint.
///
/// Several nets are trained side by side, each on one thread, a few steps at a time in turn; a net
/// depends on nothing that another does, so the result does not depend on their order. A single net
/// has all threads for its products.
public struct ModelTraining: Sendable {
    /// How a training ended.
    public enum Outcome: Sendable {
        case finished(QuantileModel)
        /// Stopped when asked to; the state is saved.
        case interrupted
    }

    /// What a check on a net's validation rows found, in the target's unit.
    public struct Check: Sendable {
        public let net: Int
        /// Steps that the net has done.
        public let step: Int
        public let trainingPinball: Double
        public let validationPinball: Double
        public let learningRate: Double
        /// Mean norm of the gradients, before clipping, since the last check.
        public let gradientNorm: Double
        /// The norm of what the last step changed, over the norm of all weights.
        public let updateRatio: Double
        /// Rows trained on in a second, while the net was trained.
        public let rowsPerSecond: Double
        public let isBest: Bool
    }

    public let recipe: Recipe
    public let run: RunDirectory
    public private(set) var nets: [NetTraining]
    private let source: TrainingSource
    let provenance: [String: String]
    /// What a resume must agree with: the recipe and the data.
    let identity: RunIdentity

    /// Fits transforms to the training rows and makes untrained networks, or, where the run
    /// directory is resumed, takes up their states.
    ///
    /// - Parameter start: A trained model to go on from (a warm start), with its transforms.
    /// - Throws: ``Files/FileError`` for data or a start that do not fit the recipe, or a resume
    ///   that is not of this training.
    public init(
        recipe: Recipe, source: TrainingSource, run: RunDirectory, start: WarmStart? = nil
    ) throws(FileError) {
        guard (recipe.target == .residual) == source.isStreamed else {
            throw FileError(
                .badData, file: "recipe \(recipe.name)",
                source.isStreamed
                    ? "'target': the label of a feature store is a residual"
                    : "'target': a table has no references to measure residuals from",
                expected: source.isStreamed ? "residual" : "label", found: recipe.target.rawValue,
                advice: source.isStreamed
                    ? "Train the recipe bonds, or set target to residual and validation.folds to 1"
                    : "Train the recipe tabular on a table, or give a folder that tenor features "
                        + "made")
        }
        self.recipe = recipe
        self.run = run
        self.source = source
        try start?.check(recipe, on: source)
        nets = try Self.nets(recipe, source, start: start?.model)
        var provenance = source.provenance.merging(
            [
                "data": source.file.split(separator: "/").last.map(String.init) ?? source.file,
                "data.fingerprint": source.fingerprint,
                "data.rows": recipe.folds == 1
                    ? "\(source.training.count) train, \(source.validation.count) validation"
                    : "\(source.training.count + source.validation.count) in \(recipe.folds) folds",
                "recipe": recipe.name, "label": source.labelName,
                // A table without a split column is split again in the same way when it is scored.
                "split.seed": "\(recipe.training.seed)",
            ], uniquingKeysWith: { $1 })
        provenance["start"] = start?.model.fingerprint
        provenance.merge(start?.lastDaysSeen ?? [:]) { $1 }
        self.provenance = provenance
        identity = RunIdentity(recipe: recipe, source: source, start: start?.model)
        if run.goesOn {
            try TrainingState.restore(&nets, identity: identity, from: run)
        } else {
            try identity.requireBegun(in: run)
        }
        // On a resume too, where it was lost.
        try AtomicFile.write(Array(recipe.resolved.utf8), to: run.recipe)
        if !run.goesOn {
            try RunSummary(nets, of: identity, state: .training).write(to: run.summary)
        }
        try run.truncateMetrics(after: nets.map(\.trainer.step))
    }

    private static func nets(
        _ recipe: Recipe, _ source: TrainingSource, start: QuantileModel?
    ) throws(FileError) -> [NetTraining] {
        let seed = recipe.training.seed
        guard recipe.folds > 1 else {
            return [
                try NetTraining(
                    recipe: recipe, source: source, training: source.training,
                    validation: source.validation, seed: seed, start: start?.nets[0])
            ]
        }
        guard !source.isStreamed else {
            throw FileError(
                .badData, file: "recipe \(recipe.name)",
                "'validation.folds': a feature store is split by time, not into folds",
                expected: "1", found: "\(recipe.folds)",
                advice: "Train with --set validation.folds=1")
        }
        let rows = source.joined
        guard rows.count >= 2 * recipe.folds else {
            throw FileError(
                .badData, file: source.file, "too few rows for \(recipe.folds) folds",
                expected: "at least \(2 * recipe.folds) for training and validation",
                found: "\(rows.count)", advice: "Train with --set validation.folds=1")
        }
        let stream = RandomStream(seed: seed).stream("folds")
        var dealing = stream
        let order = dealing.permutation(rows.count)
        var nets: [NetTraining] = []
        for fold in 0..<recipe.folds {
            var parts: (training: [Int], validation: [Int]) = ([], [])
            for (place, row) in order.enumerated() {
                if place % recipe.folds == fold {
                    parts.validation.append(row)
                } else {
                    parts.training.append(row)
                }
            }
            let (training, validation) = (
                rows.subset(parts.training), rows.subset(parts.validation)
            )
            for part in [training, validation] where part.weights?.allSatisfy({ $0 == 0 }) ?? false
            {
                throw FileError(
                    .badData, file: source.file, column: "weight",
                    "too few rows of a weight above 0 for \(recipe.folds) folds",
                    advice: "Train with --set validation.folds=1")
            }
            var foldStream = stream.stream(fold)
            nets.append(
                try NetTraining(
                    recipe: recipe, source: source, training: training, validation: validation,
                    seed: foldStream.next()))
        }
        return nets
    }

    /// What is trained on what, in one line.
    public var summary: String {
        let parameters = nets.reduce(0) { $0 + $1.trainer.network.parameterCount }
        let inputs = nets[0].inputs
        return "\(recipe.name): \(parameters) parameters"
            + (nets.count > 1 ? " in \(nets.count) nets" : "")
            + ", \(inputs.inputCount) inputs of \(inputs.features.count) features, "
            + "\(nets[0].training.rowCount) training and "
            + "\(nets[0].validation.rowCount) validation rows" + (nets.count > 1 ? " a net" : "")
    }

    /// Steps done by all nets.
    public var stepsDone: Int { nets.reduce(0) { $0 + $1.trainer.step } }
    /// Steps that all nets may do.
    public var stepsTotal: Int { nets.reduce(0) { $0 + $1.trainer.steps } }

    /// The mean over nets of the best pinball on their validation rows, in the target's unit.
    public var validationPinball: Double {
        nets.reduce(0) { $0 + $1.trainer.bestLoss * $1.lossUnit } / Double(nets.count)
    }

    /// Trains to the end.
    ///
    /// - Parameters:
    ///   - shouldStop: Asked before every step; where it says so the state is saved.
    ///   - onStep: Called after every step with the steps done by all nets.
    ///   - onCheck: Called after every check on validation rows.
    ///   - onReading: Called while validation rows are read, for a check or for the recalibration at
    ///     the end, with those that are done and all of the net.
    /// None of them is called by two threads at once.
    /// - Throws: ``NonFiniteLoss``, or ``Files/FileError`` where the run directory cannot be written.
    public mutating func run(
        shouldStop: @escaping () -> Bool, onStep: @escaping (Int) -> Void = { _ in },
        onCheck: @escaping (Check) -> Void = { _ in },
        onReading: @escaping (_ done: Int, _ rows: Int) -> Void = { _, _ in }
    ) throws -> Outcome {
        let threads = BLAS.threadCount
        let workers = min(nets.count, threads)
        // One thread a net beats threads within a net's products, and makes the bytes of a result
        // independent of the number of threads.
        if nets.count > 1 { BLAS.setThreadCount(1) }
        defer { BLAS.setThreadCount(threads) }

        let files = RunFiles(self)
        let batches = nets.map { BatchReader($0.training, for: $0.trainer) }
        let queue = NetQueue(nets)
        // Whoever keeps a net makes its next step copy every array.
        nets = []
        let saving = (queue: DispatchQueue(label: "saving"), group: DispatchGroup())
        // Called under the queue's lock only.
        nonisolated(unsafe) let report = (
            shouldStop: shouldStop, step: onStep, check: onCheck, reading: onReading
        )
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            while case (let index, var net)? = queue.take() {
                do {
                    let check = try net.trainer.runToNextCheck(
                        batches: batches[index], validation: net.validation,
                        shouldStop: { queue.shouldStop(report.shouldStop) },
                        onStep: { _ in queue.countStep(report.step) },
                        onChecked: { [rows = net.validation.rowCount] done in
                            queue.notify { report.reading(done, rows) }
                        })
                    let due = try queue.putBack(net, at: index) {
                        guard let found = check else { return }
                        let check = Check(found, of: net, at: index)
                        try files.record(check)
                        report.check(check)
                    }
                    guard let due else { continue }
                    let save = { @Sendable in
                        do { try files.save(due.nets) } catch { queue.fail(error) }
                        queue.endSave()
                    }
                    // From its first check on a run that is killed can go on; later saves let the
                    // next steps go on meanwhile, on copies of what they change.
                    if due.isFirst {
                        save()
                    } else {
                        saving.queue.async(group: saving.group, execute: save)
                    }
                } catch {
                    queue.fail(error, net, at: index)
                }
            }
        }
        saving.group.wait()
        nets = queue.nets
        if let failure = queue.failure {
            // What was best before stays: the checkpoint may be of some checks earlier.
            if failure is NonFiniteLoss { try files.saveModel(nets) }
            files.noteFailure(failure, nets)
            throw failure
        }
        guard !queue.isStopping else {
            try files.saveState(nets, .interrupted)
            return .interrupted
        }
        let model = QuantileModel(
            nets, recipe: recipe, provenance: provenance, onReading: onReading)
        try Checkpoint.save(model, to: run.model)
        try run.sortMetrics()
        try files.saveState(nets, .finished)
        return .finished(model)
    }
}

extension QuantileModel {
    /// The best networks with what belongs around them, recalibrated on the rows that each was
    /// checked on, which its training did not see.
    init(
        _ nets: [NetTraining], recipe: Recipe, provenance: [String: String],
        onReading: (_ done: Int, _ rows: Int) -> Void = { _, _ in }
    ) {
        self.init(nets: nets.map(\.net), target: recipe.target, provenance: provenance)
        if recipe.recalibration != .none {
            let weights = nets.map { $0.validation.weights?.elements }
            recalibration = Recalibration(
                recipe.recalibration,
                fitting: .concatenate(
                    nets.map { $0.validationForecasts(onReading: onReading) }, axis: 0),
                labels: nets.flatMap(\.validationLabels),
                weights: weights[0] == nil ? nil : weights.flatMap { $0 ?? [] },
                levels: recipe.levels)
        }
    }
}

extension ModelTraining.Check {
    fileprivate init(_ check: Trainer.Check, of net: NetTraining, at index: Int) {
        self.init(
            net: index, step: check.step, trainingPinball: check.trainingLoss * net.lossUnit,
            validationPinball: check.validationLoss * net.lossUnit,
            learningRate: check.learningRate, gradientNorm: check.gradientNorm,
            updateRatio: check.updateRatio, rowsPerSecond: check.rowsPerSecond,
            isBest: check.isBest)
    }
}
