import Arrays

/// Rows as a network reads them: transformed inputs and scaled labels.
///
/// Shape: inputs `[row, input]`, labels and weights `[row]`.
public struct TrainingData: Sendable {
    public let inputs: NDArray<Float>
    public let labels: NDArray<Float>
    /// Nil where all rows count the same.
    public let weights: NDArray<Float>?

    public init(inputs: NDArray<Float>, labels: NDArray<Float>, weights: NDArray<Float>? = nil) {
        precondition(
            inputs.rows == labels.count && weights.map { $0.count == labels.count } ?? true,
            "TrainingData: inputs \(inputs.shape), labels \(labels.shape), "
                + "weights \(weights?.shape ?? [])")
        self.inputs = inputs
        self.labels = labels
        self.weights = weights
    }

    public var rowCount: Int { labels.count }

    /// Some of the rows.
    func batch(_ rows: [Int]) -> TrainingData {
        TrainingData(
            inputs: inputs.gathered(rows), labels: labels.gathered(rows),
            weights: weights?.gathered(rows))
    }

    /// Neighbouring rows.
    func batch(_ rows: Range<Int>) -> TrainingData {
        TrainingData(
            inputs: inputs.slice(axis: 0, rows), labels: labels.slice(axis: 0, rows),
            weights: weights?.slice(axis: 0, rows))
    }
}
