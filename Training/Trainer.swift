import Arrays
import Autodiff
import Layers
import Quantiles
import QuantileModels
import Random

/// Trains a network step by step. A value: copying it is a snapshot of the whole training.
public struct Trainer: Sendable {
    /// What a check on the validation rows found.
    public struct Check: Sendable {
        /// Steps done.
        public let step: Int
        /// Mean training loss since the last check, in units of the scaled label.
        public let trainingLoss: Double
        /// Pinball on the validation rows, in units of the scaled label.
        public let validationLoss: Double
        public let learningRate: Double
        /// Mean norm of the gradients, before clipping, since the last check.
        public let gradientNorm: Double
        /// The norm of what the last step changed, over the norm of all weights.
        public let updateRatio: Double
        /// Rows trained on in a second since the last check, or since the run went on.
        public let rowsPerSecond: Double
        /// Whether it is the best so far.
        public let isBest: Bool
    }

    public let settings: TrainingSettings
    /// Rows a step.
    public let batch: Int
    /// Steps that it may do.
    public let steps: Int
    let schedule: Schedule

    /// What the optimizer works on.
    public internal(set) var network: QuantileNetwork<Float>
    /// The running average of the weights, which is what is checked and kept.
    public internal(set) var average: QuantileNetwork<Float>
    public internal(set) var best: QuantileNetwork<Float>
    public internal(set) var bestLoss = Double.infinity
    /// Steps done when `best` was found.
    public internal(set) var bestStep = 0
    public internal(set) var checksSinceBest = 0
    public internal(set) var step = 0
    var optimizer: AdamW<Float>
    var lossSum = 0.0
    var normSum = 0.0
    var stepsSinceCheck = 0

    /// - Parameter rows: Of the training data.
    public init(_ network: QuantileNetwork<Float>, settings: TrainingSettings, rows: Int) {
        self.settings = settings
        batch = settings.batch ?? TrainingSettings.batch(rows: rows)
        steps = settings.budget.steps(rows: rows, batch: batch)
        self.network = network
        average = network
        best = network
        optimizer = AdamW(
            weightDecay: settings.weightDecay, lasso: network.spec.inputGates ?? 0)
        schedule = Schedule(
            settings.schedule, peak: settings.learningRate, steps: steps,
            warmUp: settings.warmUp)
    }

    /// Whether all steps are done, or patience has run out.
    public var isFinished: Bool {
        step >= steps || checksSinceBest >= settings.patience
    }

    /// Trains until the next check on the validation rows, and does it.
    ///
    /// - Parameters:
    ///   - batches: Of this trainer's steps.
    ///   - shouldStop: Asked before every step.
    ///   - onStep: Called after every step with the steps done.
    ///   - onChecked: Called during the check with the validation rows that are done.
    /// - Returns: Nil where `shouldStop` said so; the training can go on later.
    /// - Throws: ``NonFiniteLoss`` where the loss or the gradient of a step, or the loss of a check,
    ///   is not finite; `best` stays what it was.
    mutating func runToNextCheck(
        batches: BatchReader, validation: TrainingData, shouldStop: () -> Bool,
        onStep: (Int) -> Void = { _ in }, onChecked: (Int) -> Void = { _ in }
    ) throws(NonFiniteLoss) -> Check? {
        let levels = NDArray(network.levels.values.map(Float.init))
        let started = ContinuousClock.now
        var rows = 0
        var updateRatio = 0.0
        repeat {
            if shouldStop() { return nil }
            let batch = batches.batch(at: step)
            rows += batch.labels.count
            let (loss, gradients) = lossAndGradients(batch, levels: levels)
            let norm = gradients.globalNorm
            guard loss.isFinite, norm.isFinite else {
                throw NonFiniteLoss(
                    step: step + 1, loss: Double(loss), gradientNorm: norm, bestStep: bestStep,
                    batch: batches.place(of: step),
                    layer: culprit(batch, loss: loss, gradients: gradients))
            }
            let before = isCheckDue(after: step + 1) ? network : nil
            optimizer.update(
                &network, with: gradients, learningRate: schedule.rate(at: step),
                gradientScale: Gradients<Float>.clippingFactor(norm: norm, limit: settings.clip))
            step += 1
            if let before { updateRatio = network.distance(from: before) / before.norm }
            let keep = min(settings.averaging, Double(1 + step) / Double(10 + step))
            average.average(towards: network, keep: settings.averaging == 0 ? 0 : keep)
            lossSum += Double(loss)
            normSum += norm
            stepsSinceCheck += 1
            onStep(step)
        } while !isCheckDue(after: step)
        let seconds = started.duration(to: .now) / .seconds(1)
        return try check(
            validation, levels: levels, updateRatio: updateRatio,
            rowsPerSecond: Double(rows) / max(seconds, 1e-9), onChecked: onChecked)
    }

    /// The same where all that is known are the rows.
    public mutating func runToNextCheck(
        training: TrainingData, validation: TrainingData, shouldStop: () -> Bool,
        onStep: (Int) -> Void = { _ in }
    ) throws(NonFiniteLoss) -> Check? {
        try runToNextCheck(
            batches: BatchReader(training, for: self), validation: validation,
            shouldStop: shouldStop, onStep: onStep)
    }

    /// Lets a trained network count as the best so far, so that what it becomes must beat it.
    mutating func checkStart(on validation: TrainingData) {
        bestLoss = Self.loss(
            of: best, on: validation, levels: NDArray(network.levels.values.map(Float.init)))
    }

    private func isCheckDue(after step: Int) -> Bool {
        step % settings.checkEvery == 0 || step >= steps
    }

    private var stream: RandomStream { RandomStream(seed: settings.seed) }

    /// Which rows each step trains on.
    func order(of data: TrainingData) -> BatchOrder {
        BatchOrder(
            rowCount: data.rowCount, batch: batch, stream: stream.stream("shuffle"),
            blocks: data.isStreamed ? .init() : nil)
    }

    /// The mode of the step that comes next.
    private var mode: Mode { .training(stream.stream("dropout").stream(step)) }

    private func lossAndGradients(
        _ batch: TrainingData.Batch, levels: NDArray<Float>
    ) -> (value: Float, gradients: Gradients<Float>) {
        let mode = mode
        // Each member is scored by itself; only forecasts are averaged.
        let (labels, weights) = batch.targets(members: network.spec.members)
        return network.valueAndGradients { network in
            .pinball(
                forecasts: network.memberForecasts(Tensor(batch.inputs), mode: mode),
                labels: labels, weights: weights, levels: levels)
        }
    }

    /// Where numbers stopped being finite: on the way forward, or else in the gradient of the layer
    /// that backpropagation came to first.
    private func culprit(
        _ batch: TrainingData.Batch, loss: Float, gradients: Gradients<Float>
    ) -> String {
        if !loss.isFinite {
            return network.firstNonFinite(Tensor(batch.inputs), mode: mode) ?? "loss"
        }
        let names = network.parameters.filter(\.parameter.isTrainable).map(\.name)
        let wrong = gradients.arrays.lastIndex { !$0.sumOfSquares().isFinite }
        return "the gradient of " + (wrong.map { names[$0] } ?? "all layers together")
    }

    private mutating func check(
        _ validation: TrainingData, levels: NDArray<Float>, updateRatio: Double,
        rowsPerSecond: Double, onChecked: (Int) -> Void
    ) throws(NonFiniteLoss) -> Check {
        let loss = Self.loss(of: average, on: validation, levels: levels, onChecked: onChecked)
        guard loss.isFinite else {
            throw NonFiniteLoss(
                step: step, loss: loss, gradientNorm: normSum / Double(stepsSinceCheck),
                bestStep: bestStep, batch: nil, layer: culprit(of: validation))
        }
        let isBest = loss < bestLoss
        if isBest {
            best = average
            bestLoss = loss
            bestStep = step
            checksSinceBest = 0
        } else {
            checksSinceBest += 1
        }
        let check = Check(
            step: step, trainingLoss: lossSum / Double(stepsSinceCheck), validationLoss: loss,
            learningRate: schedule.rate(at: step - 1),
            gradientNorm: normSum / Double(stepsSinceCheck), updateRatio: updateRatio,
            rowsPerSecond: rowsPerSecond, isBest: isBest)
        (lossSum, normSum, stepsSinceCheck) = (0, 0, 0)
        return check
    }

    /// Where a check's numbers stop being finite.
    private func culprit(of validation: TrainingData) -> String {
        for start in stride(from: 0, to: validation.rowCount, by: 1_024) {
            let rows = start..<min(start + 1_024, validation.rowCount)
            let inputs = Tensor(validation.batch(rows).inputs)
            if let name = average.firstNonFinite(inputs, mode: .inference) { return name }
        }
        return "loss"
    }

    /// Mean pinball over all rows, in blocks so that memory stays small.
    static func loss(
        of network: QuantileNetwork<Float>, on data: TrainingData, levels: NDArray<Float>,
        onChecked: (Int) -> Void = { _ in }
    ) -> Double {
        var total = 0.0
        var totalWeight = 0.0
        let block = max(64, 4_096 / network.spec.members)
        for start in stride(from: 0, to: data.rowCount, by: block) {
            let batch = data.batch(start..<min(start + block, data.rowCount))
            onChecked(start)
            let weight = batch.weights?.sum() ?? Double(batch.labels.count)
            guard weight > 0 else { continue }
            let loss = Tensor.pinball(
                forecasts: network(Tensor(batch.inputs), mode: .inference), labels: batch.labels,
                weights: batch.weights, levels: levels)
            total += weight * Double(loss.array.scalar)
            totalWeight += weight
        }
        return total / totalWeight
    }
}

extension Module {
    /// The Euclidean norm of all parameters.
    fileprivate var norm: Double {
        parameters.reduce(0) { $0 + $1.parameter.tensor.array.sumOfSquares() }.squareRoot()
    }

    /// The Euclidean distance of all parameters from those of another module of the same make.
    fileprivate func distance(from other: Self) -> Double {
        zip(parameters, other.parameters).reduce(0) { sum, pair in
            var difference = pair.0.parameter.tensor.array
            difference.add(pair.1.parameter.tensor.array, scale: -1)
            return sum + difference.sumOfSquares()
        }.squareRoot()
    }
}
