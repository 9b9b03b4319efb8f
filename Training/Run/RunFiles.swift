import Arrays
import Files
import QuantileModels
import Quantiles

/// What a training writes into its run directory while it goes on.
struct RunFiles: Sendable {
    private let recipe: Recipe
    private let provenance: [String: String]
    private let identity: RunIdentity
    private let run: RunDirectory
    /// Of each net.
    private let events: [EventFile]
    private let started = ContinuousClock.now
    private let secondsBefore: Double
    private let validationFingerprint: String

    init(_ training: ModelTraining) {
        let run = training.run
        self.run = run
        (recipe, provenance) = (training.recipe, training.provenance)
        identity = training.identity
        let nets = training.nets
        // TensorBoard shows each folder as a run of its own.
        events = nets.indices.map { index in
            EventFile(
                folder: nets.count == 1 ? run.path : "\(run.path)/net-\(index + 1)",
                firstStep: nets[index].trainer.step)
        }
        validationFingerprint = Self.fingerprint(nets, training.recipe.levels)
        secondsBefore =
            training.stepsDone == 0 ? 0 : RunSummary(path: run.summary)?.seconds ?? 0
    }

    /// A line of the metrics, and TensorBoard's scalars.
    func record(_ check: ModelTraining.Check) throws(FileError) {
        try run.append(
            MetricsRecord(
                net: check.net, step: check.step, trainingPinball: check.trainingPinball,
                validationPinball: check.validationPinball, learningRate: check.learningRate,
                gradientNorm: check.gradientNorm, updateRatio: check.updateRatio,
                isBest: check.isBest))
        try events[check.net].append(
            [
                "pinball/training": check.trainingPinball,
                "pinball/validation": check.validationPinball,
                "learning_rate": check.learningRate, "gradient_norm": check.gradientNorm,
                "update_ratio": check.updateRatio, "rows_per_s": check.rowsPerSecond,
            ], step: check.step)
    }

    /// The checkpoint, where every net has been checked.
    func saveModel(_ nets: [NetTraining]) throws(FileError) {
        guard nets.allSatisfy({ $0.trainer.bestLoss.isFinite }) else { return }
        try Checkpoint.save(
            QuantileModel(nets, recipe: recipe, provenance: provenance), to: run.model)
    }

    /// The state, how far it is, and the checkpoint; in this order a checkpoint without a state tells
    /// that the state was lost.
    func save(_ nets: [NetTraining]) throws(FileError) {
        try saveState(nets, .training)
        try saveModel(nets)
    }

    /// All that a resume needs, and how far it is.
    func saveState(_ nets: [NetTraining], _ state: RunSummary.State) throws(FileError) {
        try TrainingState.save(nets, identity: identity, to: run.state)
        try summary(nets, state).write(to: run.summary)
    }

    /// Leaves word of an error, where the disk still takes it.
    func noteFailure(_ error: any Error, _ nets: [NetTraining]) {
        var summary = summary(nets, .failed)
        summary.problem = "\(error)"
        try? summary.write(to: run.summary)
    }

    private func summary(_ nets: [NetTraining], _ state: RunSummary.State) -> RunSummary {
        RunSummary(
            nets, of: identity, state: state,
            seconds: secondsBefore + started.duration(to: .now) / .seconds(1),
            validationFingerprint: validationFingerprint)
    }

    /// Of what a pinball is the mean over: levels, and the labels and weights that the nets are checked
    /// on, in whatever order: folds are dealt anew by each seed, and yet all rows are checked on.
    private static func fingerprint(_ nets: [NetTraining], _ levels: QuantileLevels) -> String {
        let rows = nets.flatMap { net in
            let weights = net.validation.weights?.elements
            return net.validationLabels.enumerated().map { ($1, weights?[$0] ?? 1) }
        }.sorted { $0 < $1 }
        var hash = XXHash64()
        levels.values.withUnsafeBytes { hash.update($0) }
        rows.flatMap { [$0.0, $0.1] }.withUnsafeBytes { hash.update($0) }
        return hash.hexadecimalDigest
    }
}
