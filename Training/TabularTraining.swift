import Arrays
import Datasets
import Files
import Foundation
import Layers
import QuantileModels
import Quantiles
import Random

/// Trains a model on a table, in a run directory: from raw rows to a recalibrated checkpoint.
public struct TabularTraining: Sendable {
    /// How a training ended.
    public enum Outcome: Sendable {
        case finished(QuantileModel)
        /// Stopped when asked to; the state is saved.
        case interrupted
    }

    public let recipe: Recipe
    public let run: RunDirectory
    public private(set) var trainer: Trainer
    private let training: TrainingData
    private let validation: TrainingData
    private let inputs: InputTransform
    private let label: LabelScaling
    private let provenance: [String: String]
    /// What a resume must agree with: the recipe and the data.
    private let identity: String

    /// Fits transforms to the training rows and makes an untrained network, or, where the run
    /// directory is resumed, takes up its state.
    public init(recipe: Recipe, data: TabularData, run: RunDirectory, resume: Bool)
        throws(FileError)
    {
        self.recipe = recipe
        self.run = run
        let matrix = { (part: TabularData.Part) in
            FeatureMatrix(names: data.featureNames, values: part.features)
        }
        let inputs = InputTransform(fitting: recipe.transform, to: matrix(data.train))
        guard inputs.inputCount > 0 else {
            throw FileError(
                .badData, file: data.file, "every feature is constant over the training rows",
                advice: "Give at least one feature that varies")
        }
        let label = LabelScaling(fitting: data.train.labels, weights: data.train.weights)
        guard label.isResolved else {
            throw FileError(
                .badData, file: data.file, column: data.labelName,
                "the label varies too little around its mean for single precision",
                expected: "a mean of at most 100,000 standard deviations",
                found: "mean \(label.mean), standard deviation \(label.deviation)",
                advice: "Subtract a constant from the label, and add it to the forecasts")
        }
        let weights = recipe.model.weightCount(
            inputs: inputs.inputCount, outputs: recipe.levels.count)
        guard weights <= NetworkSpec.mostWeights else {
            throw FileError(
                .badData, file: "recipe \(recipe.name)", column: "model.hidden",
                "the network is too large",
                expected: "at most \(Int(NetworkSpec.mostWeights)) weights",
                found: "\(weights) in \(recipe.model.hidden) with \(inputs.inputCount) inputs")
        }
        let prepared = { (part: TabularData.Part) in
            TrainingData(
                inputs: inputs(matrix(part)), labels: NDArray(part.labels.map(label.scaled)),
                weights: part.weights.map { NDArray($0) })
        }
        self.inputs = inputs
        self.label = label
        training = prepared(data.train)
        validation = prepared(data.validation)
        provenance = [
            "data": data.file.split(separator: "/").last.map(String.init) ?? data.file,
            "data.fingerprint": data.fingerprint,
            "data.rows": "\(training.rowCount) train, \(validation.rowCount) validation",
            "recipe": recipe.name, "label": data.labelName,
            // A table without a split column is split again in the same way when it is scored.
            "split.seed": "\(recipe.training.seed)",
        ]
        identity = recipe.resolved + "data: \(data.fingerprint)\n"

        let counted = data.train.weights.map { weights in weights.map { $0 > 0 } }
        let sorted = training.labels.elements.enumerated()
            .filter { counted?[$0.offset] ?? true }.map { Double($0.element) }.sorted()
        let network = QuantileNetwork<Float>(
            recipe.model, inputs: inputs.inputCount, levels: recipe.levels,
            quantiles: recipe.levels.values.map { sampleQuantile(ofSorted: sorted, at: $0) },
            stream: RandomStream(seed: recipe.training.seed).stream("network"))
        trainer = Trainer(network, settings: recipe.training)
        if resume {
            try TrainingState.restore(&trainer, identity: identity, from: run.state)
            try run.truncateMetrics(after: trainer.step)
        } else {
            try AtomicFile.write(Array(recipe.resolved.utf8), to: run.recipe)
        }
    }

    /// What is trained on what, in one line.
    public var summary: String {
        "\(recipe.name): \(trainer.network.parameterCount) parameters, "
            + "\(inputs.inputCount) inputs of \(inputs.features.count) features, "
            + "\(training.rowCount) training and \(validation.rowCount) validation rows"
    }

    /// From scaled losses to the label's unit.
    public var lossUnit: Double { Double(label.deviation) }

    /// Trains to the end.
    ///
    /// - Parameters:
    ///   - shouldStop: Asked before every step; where it says so the state is saved.
    ///   - onStep: Called after every step with the steps done.
    ///   - onCheck: Called after every check on the validation rows.
    /// - Throws: ``NonFiniteLoss``, or ``Files/FileError`` where the run directory cannot be written.
    public mutating func run(
        shouldStop: () -> Bool, onStep: (Int) -> Void = { _ in },
        onCheck: (Trainer.Check) -> Void = { _ in }
    ) throws -> Outcome {
        let clock = ContinuousClock()
        var lastSave: ContinuousClock.Instant?
        while !trainer.isFinished {
            let check = try trainer.runToNextCheck(
                training: training, validation: validation, shouldStop: shouldStop, onStep: onStep)
            guard let check else {
                try saveState()
                return .interrupted
            }
            if check.isBest { try Checkpoint.save(model(), to: run.model) }
            try run.append(record(check))
            onCheck(check)
            // The first check saves too: where there is a checkpoint there is a state.
            if lastSave.map({ $0.duration(to: clock.now) > .seconds(10) }) ?? true {
                try saveState()
                lastSave = clock.now
            }
        }
        // A finished run whose checkpoint was removed gets it back when it is resumed.
        if !FileManager.default.fileExists(atPath: run.model) {
            try Checkpoint.save(model(), to: run.model)
        }
        try saveState()
        return .finished(model())
    }

    /// The best network so far with what belongs around it, recalibrated on the validation rows.
    func model() -> QuantileModel {
        var model = QuantileModel(
            inputs: inputs, label: label, network: trainer.best, provenance: provenance)
        if recipe.recalibration == .shift {
            model.recalibration = .shift(
                fitting: model.uncalibrated(validation.inputs),
                labels: label.unscaled(validation.labels).elements,
                weights: validation.weights?.elements, levels: recipe.levels)
        }
        return model
    }

    private func saveState() throws(FileError) {
        try TrainingState.save(trainer, identity: identity, to: run.state)
    }

    private func record(_ check: Trainer.Check) -> MetricsRecord {
        MetricsRecord(
            step: check.step, trainingPinball: check.trainingLoss * lossUnit,
            validationPinball: check.validationLoss * lossUnit,
            learningRate: check.learningRate, gradientNorm: check.gradientNorm,
            isBest: check.isBest)
    }
}
