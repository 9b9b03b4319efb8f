import Arrays
import Files
import Foundation
import Layers
import QuantileModels
import Quantiles
import Random

/// The training of one net: its rows, what was fitted to them, and the trainer.
public struct NetTraining: Sendable {
    public internal(set) var trainer: Trainer
    public let inputs: InputTransform
    public let label: LabelScaling
    package let training: TrainingData
    package let validation: TrainingData
    private let keptMembers: Int?
    /// Whether no other net forecasts beside it.
    private let isAlone: Bool
    /// In the target's unit. Shape: `[row]`.
    package let validationLabels: [Float]

    /// Fits transforms to the training rows and makes an untrained network, or takes those of a
    /// trained one, whose weights mean something only behind its own transforms.
    ///
    /// - Parameters:
    ///   - seed: Of the initial weights, the order of rows and dropout.
    ///   - start: The net to go on from.
    init(
        recipe: Recipe, source: TrainingSource, training: TrainingSource.Rows,
        validation: TrainingSource.Rows, seed: UInt64, start: QuantileModel.Net? = nil
    ) throws(FileError) {
        let inputs: InputTransform
        if let start {
            inputs = start.inputs
        } else {
            inputs = try Self.fit(recipe, source, training)
        }
        guard inputs.inputCount > 0 else {
            throw FileError(
                .badData, file: source.file, "every feature is constant over the training rows",
                advice: "Give at least one feature that varies")
        }
        let label =
            start?.label ?? LabelScaling(fitting: training.labels, weights: training.weights)
        guard label.hasRoom else {
            throw FileError(
                .badData, file: source.file, column: source.labelName,
                "the labels are too large for single precision",
                expected: "a standard deviation below 3e35",
                found: "mean \(label.mean), standard deviation \(label.deviation)",
                advice: "Divide the label by a power of ten, and multiply the forecasts")
        }
        guard label.deviation > 0, label.isResolved else {
            throw FileError(
                .badData, file: source.file, column: source.labelName,
                "the label varies too little around its mean for single precision",
                expected: "a mean of at most 100,000 standard deviations",
                found: "mean \(label.mean), standard deviation \(label.deviation)",
                advice: "Subtract a constant from the label, and add it to the forecasts")
        }
        let layout = inputs.layout
        if let objection = recipe.model.objection(to: layout) {
            throw FileError(.badData, file: "recipe \(recipe.name)", objection)
        }
        let weights = recipe.model.weightCount(layout: layout, outputs: recipe.levels.count)
        guard weights <= NetworkSpec.mostWeights else {
            throw FileError(
                .badData, file: "recipe \(recipe.name)",
                "'model.hidden': the network is too large",
                expected: "at most \(Int(NetworkSpec.mostWeights / 1e6)) million weights",
                found: String(format: "%.4g million in ", weights / 1e6)
                    + "\(recipe.model.hidden) with \(inputs.inputCount) inputs",
                advice: "Give fewer or narrower layers")
        }
        self.inputs = inputs
        self.label = label
        keptMembers = recipe.keptMembers
        isAlone = recipe.folds == 1
        self.training = Self.prepared(training, inputs, label, isStreamed: source.isStreamed)
        self.validation = Self.prepared(validation, inputs, label, isStreamed: source.isStreamed)
        validationLabels = validation.labels

        let counted = training.weights.map { weights in weights.map { $0 > 0 } }
        let scaled = training.labels.enumerated().filter { counted?[$0.offset] ?? true }
            .map { Double(label.scaled($0.element)) }.sorted()
        var settings = recipe.training
        settings.seed = seed
        trainer = Trainer(
            start?.network
                ?? QuantileNetwork<Float>(
                    recipe.model, layout: layout, levels: recipe.levels,
                    quantiles: recipe.levels.values.map {
                        sampleQuantile(ofSorted: scaled, at: $0)
                    },
                    stream: RandomStream(seed: seed).stream("network")),
            settings: settings, rows: training.count)
        if start != nil { trainer.checkStart(on: self.validation) }
    }

    private static func fit(
        _ recipe: Recipe, _ source: TrainingSource, _ rows: TrainingSource.Rows
    ) throws(FileError) -> InputTransform {
        let chosen = sample(rows, source, recipe)
        guard recipe.transform == .clipped else {
            let values = rows.features(chosen)
            try requireFinite(values, source)
            return InputTransform(
                fitting: recipe.transform,
                to: FeatureMatrix(names: source.features, values: values),
                bins: recipe.bins, structure: source.structure)
        }
        var moments = FeatureMoments(features: source.features.count)
        for start in stride(from: 0, to: chosen.count, by: 4_096) {
            let values = rows.features(Array(chosen[start..<min(start + 4_096, chosen.count)]))
            try requireFinite(values, source)
            values.withUnsafeBufferPointer { moments.add($0) }
        }
        return InputTransform(
            features: source.features, structure: source.structure, moments: moments)
    }

    /// In a feature store, unlike in a table, no number stands for a missing one: a feature that is
    /// not finite was not written by a build, and would count as constant without a word.
    private static func requireFinite(
        _ values: [Float], _ source: TrainingSource
    ) throws(FileError) {
        guard source.isStreamed, let place = values.firstIndex(where: { !$0.isFinite }) else {
            return
        }
        throw FileError(
            .badData, file: source.file, column: source.features[place % source.features.count],
            "a feature is not finite", expected: "a finite number in every row",
            found: "\(values[place])",
            advice:
                "'tenor inspect' of the store names all such features and damaged shards; build "
                + "it anew with tenor features")
    }

    /// The rows that transforms are fitted to: all, or of a long store a part, in blocks that are
    /// evenly spaced, which says enough of a feature's distribution.
    private static func sample(
        _ rows: TrainingSource.Rows, _ source: TrainingSource, _ recipe: Recipe
    ) -> [Int] {
        // Only the moments of the clipped kind are summed a block at a time.
        let (mostRows, block) = (recipe.transform == .clipped ? 200_000 : 50_000, 64)
        guard source.isStreamed, rows.count > mostRows else { return Array(0..<rows.count) }
        let step = rows.count * block / mostRows
        return stride(from: 0, to: rows.count, by: step).flatMap {
            Array($0..<min($0 + block, rows.count))
        }
    }

    private static func prepared(
        _ rows: TrainingSource.Rows, _ inputs: InputTransform, _ label: LabelScaling,
        isStreamed: Bool
    ) -> TrainingData {
        let labels = NDArray(rows.labels.map(label.scaled))
        let weights = rows.weights.map { NDArray($0) }
        let transformed: @Sendable ([Int]) -> NDArray<Float> = { chosen in
            inputs(FeatureMatrix(names: inputs.features, values: rows.features(chosen)))
        }
        return isStreamed
            ? TrainingData(
                labels: labels, weights: weights, willRead: rows.willRead, reading: transformed)
            : TrainingData(
                inputs: transformed(Array(0..<rows.count)), labels: labels, weights: weights)
    }

    /// The best network so far, with the members that it keeps, and what belongs to it.
    var net: QuantileModel.Net {
        QuantileModel.Net(
            inputs: inputs, label: label,
            network: keptMembers.map(trainer.best.keepingMembers) ?? trainer.best)
    }

    /// What the best network says of its validation rows, in the target's unit.
    ///
    /// Of several nets all members speak: the mean of those that all nets keep, which is what
    /// forecasts, is about as good as the mean of all members of one. By the few that one keeps
    /// quantiles would be fitted too wide.
    /// - Parameter onReading: Called with the rows that are done and all.
    func validationForecasts(
        onReading: (_ done: Int, _ rows: Int) -> Void = { _, _ in }
    ) -> NDArray<Float> {
        let net =
            isAlone
            ? net : QuantileModel.Net(inputs: inputs, label: label, network: trainer.best)
        let parts = stride(from: 0, to: validation.rowCount, by: 8_192).map { start in
            onReading(start, validation.rowCount)
            return net.forecast(
                validation.batch(start..<min(start + 8_192, validation.rowCount)).inputs)
        }
        return .concatenate(parts, axis: 0)
    }

    /// From scaled losses to the target's unit.
    public var lossUnit: Double { Double(label.deviation) }
}
