/// The loss or the gradient of a step, or the loss of a check, was not a finite number.
public struct NonFiniteLoss: Error, Sendable, CustomStringConvertible {
    /// The step, counted from 1.
    public let step: Int
    public let loss: Double
    public let gradientNorm: Double
    /// Steps done when the best network so far was found; 0 where there is none.
    public let bestStep: Int
    /// The epoch and the batch in it, counted from 0; nil where it was a check on validation rows.
    public let batch: (epoch: Int, batch: Int)?
    /// Where numbers were first not finite: `inputs`, a layer or a parameter by its name.
    public let layer: String

    public var description: String {
        let rows =
            batch.map { "batch \($0.batch + 1) of epoch \($0.epoch + 1)" } ?? "the validation rows"
        return "training stopped at step \(step), \(rows), at \(layer): "
            + "the loss is \(loss) and the gradient's norm \(gradientNorm). "
            + (bestStep > 0
                ? "The checkpoint of step \(bestStep) is intact"
                : "There is no checkpoint, because no check came before")
            + ". Try a lower training.learning_rate or training.clip"
    }
}
