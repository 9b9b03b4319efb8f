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
        /// Whether it is the best so far.
        public let isBest: Bool
    }

    public let settings: TrainingSettings
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

    public init(_ network: QuantileNetwork<Float>, settings: TrainingSettings) {
        self.settings = settings
        self.network = network
        average = network
        best = network
        optimizer = AdamW(weightDecay: settings.weightDecay)
        schedule = Schedule(
            settings.schedule, peak: settings.learningRate, steps: settings.steps,
            warmUp: settings.warmUp)
    }

    /// Whether all steps are done, or patience has run out.
    public var isFinished: Bool {
        step >= settings.steps || checksSinceBest >= settings.patience
    }

    /// Trains until the next check on the validation rows, and does it.
    ///
    /// - Parameters:
    ///   - shouldStop: Asked before every step.
    ///   - onStep: Called after every step with the steps done.
    /// - Returns: Nil where `shouldStop` said so; the training can go on later.
    /// - Throws: ``NonFiniteLoss`` where the loss or the gradient of a step, or the loss of a check,
    ///   is not finite; `best` stays what it was.
    public mutating func runToNextCheck(
        training: TrainingData, validation: TrainingData, shouldStop: () -> Bool,
        onStep: (Int) -> Void = { _ in }
    ) throws(NonFiniteLoss) -> Check? {
        let stream = RandomStream(seed: settings.seed)
        var order = BatchOrder(
            rowCount: training.rowCount,
            batch: settings.batch ?? TrainingSettings.batch(rows: training.rowCount),
            stream: stream.stream("shuffle"))
        let levels = NDArray(network.levels.values.map(Float.init))
        repeat {
            if shouldStop() { return nil }
            let batch = training.batch(order.rows(at: step))
            let mode = Mode.training(stream.stream("dropout").stream(step))
            // Each member is scored by itself; only forecasts are averaged.
            let (labels, weights) = batch.targets(members: network.spec.members)
            let (loss, gradients) = network.valueAndGradients { network in
                .pinball(
                    forecasts: network.memberForecasts(Tensor(batch.inputs), mode: mode),
                    labels: labels, weights: weights, levels: levels)
            }
            let norm = gradients.globalNorm
            guard loss.isFinite, norm.isFinite else {
                throw NonFiniteLoss(
                    step: step + 1, loss: Double(loss), gradientNorm: norm, bestStep: bestStep)
            }
            optimizer.update(
                &network, with: gradients, learningRate: schedule.rate(at: step),
                gradientScale: Gradients<Float>.clippingFactor(norm: norm, limit: settings.clip))
            step += 1
            let keep = min(settings.averaging, Double(1 + step) / Double(10 + step))
            average.average(towards: network, keep: settings.averaging == 0 ? 0 : keep)
            lossSum += Double(loss)
            normSum += norm
            stepsSinceCheck += 1
            onStep(step)
        } while step % settings.checkEvery != 0 && step < settings.steps
        return try check(validation, levels: levels)
    }

    private mutating func check(
        _ validation: TrainingData, levels: NDArray<Float>
    ) throws(NonFiniteLoss) -> Check {
        let loss = Self.loss(of: average, on: validation, levels: levels)
        guard loss.isFinite else {
            throw NonFiniteLoss(
                step: step, loss: loss, gradientNorm: normSum / Double(stepsSinceCheck),
                bestStep: bestStep)
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
            gradientNorm: normSum / Double(stepsSinceCheck), isBest: isBest)
        (lossSum, normSum, stepsSinceCheck) = (0, 0, 0)
        return check
    }

    /// Mean pinball over all rows, in blocks so that memory stays small.
    static func loss(
        of network: QuantileNetwork<Float>, on data: TrainingData, levels: NDArray<Float>
    ) -> Double {
        var total = 0.0
        var totalWeight = 0.0
        let block = max(64, 4_096 / network.spec.members)
        for start in stride(from: 0, to: data.rowCount, by: block) {
            let batch = data.batch(start..<min(start + block, data.rowCount))
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

/// The loss or the gradient of a step, or the loss of a check, was not a finite number.
public struct NonFiniteLoss: Error, Sendable, CustomStringConvertible {
    /// The step, counted from 1.
    public let step: Int
    public let loss: Double
    public let gradientNorm: Double
    /// Steps done when the best network so far was found; 0 where there is none.
    public let bestStep: Int

    public var description: String {
        "training stopped at step \(step): the loss is \(loss) and the gradient's norm "
            + "\(gradientNorm). "
            + (bestStep > 0
                ? "The checkpoint of step \(bestStep) is intact"
                : "There is no checkpoint, because no check came before")
            + ". Try a lower training.learning_rate or training.clip"
    }
}
