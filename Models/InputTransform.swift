import Arrays
import Random

/// From raw features to what a network reads, fitted on training rows and kept in the checkpoint.
///
/// A feature that is constant in training is left out. A missing cell takes the feature's training
/// median, and a feature that was ever missing in training gets a second column that is 1 where it
/// is missing.
public struct InputTransform: Sendable, Equatable {
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// Mean 0 and standard deviation 1 in training.
        case standard
        /// The rank among the training values, through at most 1,000 knots, as a quantile of the
        /// standard normal; beyond the outermost knots it grows by less than one more unit.
        case quantileNormal = "quantile-normal"
    }

    /// One column of the network's input.
    struct Column: Sendable, Equatable {
        /// The feature it is made from.
        var feature: Int
        var isMissingFlag: Bool
        /// What stands in for a missing cell.
        var fill: Float
        /// Mean and standard deviation of the training values.
        var mean: Float
        var deviation: Float
        /// Where the quantile-normal curve bends, ascending, and its values there.
        var knots: [Float] = []
        var scores: [Float] = []
    }

    public let kind: Kind
    /// The names of the raw features, in the order in which they are expected.
    public let features: [String]
    var columns: [Column]

    init(kind: Kind, features: [String], columns: [Column]) {
        self.kind = kind
        self.features = features
        self.columns = columns
    }

    /// The width of the network's input.
    public var inputCount: Int { columns.count }

    /// What becomes of each feature, in a few words.
    public var uses: [String] {
        features.indices.map { feature in
            let own = columns.filter { $0.feature == feature }
            guard let value = own.first(where: { !$0.isMissingFlag }) else {
                return own.isEmpty
                    ? "constant in training, not used"
                    : "constant in training, only a flag where missing"
            }
            let curve = value.knots.isEmpty ? "" : " through \(value.knots.count) knots"
            let flag = own.count > 1 ? ", and a flag where missing" : ""
            return "\(kind.rawValue)\(curve), missing is \(value.fill)\(flag)"
        }
    }

    /// The network's input for rows of raw features.
    ///
    /// Shape: `[row, feature]` to `[row, input]`.
    public func callAsFunction(_ matrix: FeatureMatrix) -> NDArray<Float> {
        precondition(
            matrix.names == features,
            "InputTransform: features \(matrix.names) where \(features) are expected")
        let rows = matrix.rowCount
        return NDArray(shape: [rows, columns.count]) { out in
            matrix.values.withUnsafeBufferPointer { values in
                for (position, column) in columns.enumerated() {
                    column.apply(
                        values, stride: features.count, rows: rows, into: out + position,
                        outStride: columns.count)
                }
            }
        }
    }
}

extension InputTransform.Column {
    /// No training row lies further from the mean than the square root of the rows, in deviations;
    /// beyond a million a value is cut, so that no later product overflows.
    private static let furthest: Float = 1e6

    /// Writes the column for every row.
    func apply(
        _ values: UnsafeBufferPointer<Float>, stride: Int, rows: Int,
        into out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        let scale = 1 / deviation
        knots.withUnsafeBufferPointer { knots in
            scores.withUnsafeBufferPointer { scores in
                for row in 0..<rows {
                    let raw = values[row * stride + feature]
                    let value = raw.isNaN ? fill : raw
                    out[row * outStride] =
                        if isMissingFlag {
                            raw.isNaN ? 1 : 0
                        } else if knots.isEmpty {
                            min(max((value - mean) * scale, -Self.furthest), Self.furthest)
                        } else {
                            score(value, knots: knots, scores: scores)
                        }
                }
            }
        }
    }

    private func score(
        _ value: Float, knots: UnsafeBufferPointer<Float>, scores: UnsafeBufferPointer<Float>
    ) -> Float {
        let last = knots.count - 1
        if value <= knots[0] {
            let distance = min((knots[0] - value) / deviation, Self.furthest)
            return scores[0] - distance / (1 + distance)
        }
        if value >= knots[last] {
            let distance = min((value - knots[last]) / deviation, Self.furthest)
            return scores[last] + distance / (1 + distance)
        }
        // knots[low] <= value < knots[low + width]
        var low = 0
        var width = last
        while width > 1 {
            let half = width >> 1
            low += value >= knots[low + half] ? half : 0
            width -= half
        }
        let part = (value - knots[low]) / (knots[low + 1] - knots[low])
        return scores[low] + part * (scores[low + 1] - scores[low])
    }
}
