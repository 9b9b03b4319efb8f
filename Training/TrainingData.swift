import Arrays

/// Rows as a network reads them: transformed inputs and scaled labels.
///
/// Shape: inputs `[row, input]`, labels and weights `[row]`.
public struct TrainingData: Sendable {
    private enum Inputs: Sendable {
        case memory(NDArray<Float>)
        case read(
            @Sendable (_ rows: [Int]) -> NDArray<Float>,
            willRead: @Sendable (_ rows: [Range<Int>]) -> Void)
    }

    private let inputs: Inputs
    public let labels: NDArray<Float>
    /// Nil where all rows count the same.
    public let weights: NDArray<Float>?

    public init(inputs: NDArray<Float>, labels: NDArray<Float>, weights: NDArray<Float>? = nil) {
        precondition(
            inputs.rows == labels.count && weights.map { $0.count == labels.count } ?? true,
            "TrainingData: inputs \(inputs.shape), labels \(labels.shape), "
                + "weights \(weights?.shape ?? [])")
        self.inputs = .memory(inputs)
        self.labels = labels
        self.weights = weights
    }

    /// Rows whose inputs are made when they are asked for.
    ///
    /// - Parameter willRead: Told which rows will be asked for soon.
    public init(
        labels: NDArray<Float>, weights: NDArray<Float>? = nil,
        willRead: @escaping @Sendable (_ rows: [Range<Int>]) -> Void = { _ in },
        reading inputs: @escaping @Sendable (_ rows: [Int]) -> NDArray<Float>
    ) {
        self.inputs = .read(inputs, willRead: willRead)
        self.labels = labels
        self.weights = weights
    }

    public var rowCount: Int { labels.count }

    /// Whether inputs are made when they are asked for.
    var isStreamed: Bool {
        if case .read = inputs { true } else { false }
    }

    /// Tells where the data come from that rows will be asked for soon.
    func willRead(_ rows: [Range<Int>]) {
        if case .read(_, let willRead) = inputs { willRead(rows) }
    }

    /// Rows in memory.
    struct Batch: Sendable {
        let inputs: NDArray<Float>
        let labels: NDArray<Float>
        let weights: NDArray<Float>?

        /// The labels and weights again for every member of a network.
        func targets(members: Int) -> (labels: NDArray<Float>, weights: NDArray<Float>?) {
            members == 1
                ? (labels, weights)
                : (labels.repeated(members, axis: 0), weights?.repeated(members, axis: 0))
        }
    }

    /// Some of the rows.
    func batch(_ rows: [Int]) -> Batch {
        let gathered =
            switch inputs {
            case .memory(let inputs): inputs.gathered(rows)
            case .read(let read, _): read(rows)
            }
        return Batch(
            inputs: gathered, labels: labels.gathered(rows), weights: weights?.gathered(rows))
    }

    /// Neighbouring rows.
    func batch(_ rows: Range<Int>) -> Batch {
        let part =
            switch inputs {
            case .memory(let inputs): inputs.slice(axis: 0, rows)
            case .read(let read, _): read(Array(rows))
            }
        return Batch(
            inputs: part, labels: labels.slice(axis: 0, rows),
            weights: weights?.slice(axis: 0, rows))
    }
}
