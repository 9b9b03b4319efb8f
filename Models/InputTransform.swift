import Arrays
import Layers
import Random

/// From raw features to what a network reads, fitted on training rows and kept in the checkpoint.
///
/// Unless its kind says otherwise, a feature that is constant in training is left out, a missing
/// cell takes the feature's training median, and a feature that was ever missing in training gets a
/// second column that is 1 where it is missing.
public struct InputTransform: Sendable, Equatable {
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// Mean 0 and standard deviation 1 in training.
        case standard
        /// The rank among the training values, through at most 1,000 knots, as a quantile of the
        /// standard normal; beyond the outermost knots it grows by less than one more unit.
        case quantileNormal = "quantile-normal"
        /// Two columns a feature: its position among bins that hold equally many training values,
        /// and `z / sqrt(1 + (z / 3)^2)` of the standardised value z.
        ///
        /// Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular
        /// Deep Learning", 2022; the soft clip: Holzmüller et al., "Better by Default", 2024.
        case piecewiseLinear = "piecewise-linear"
        /// Mean 0 and standard deviation 1, cut at 5, every feature in its place: one that is only
        /// ever 0 or 1 stays as it is, a constant one and a missing cell are 0.
        case clipped
    }

    /// One column of the network's input.
    struct Column: Sendable, Equatable {
        enum Role: Int64 {
            case value
            /// 1 where the feature is missing.
            case missingFlag
            /// The place among the knots.
            case position
        }

        /// The feature it is made from.
        var feature: Int
        var role = Role.value
        /// What stands in for a missing cell.
        var fill: Float
        /// Mean and standard deviation of the training values; a deviation of 0 makes zeros.
        var mean: Float
        var deviation: Float
        /// Where the quantile-normal curve bends, or the edges of bins, ascending.
        var knots: [Float] = []
        /// The quantile-normal curve's values at the knots.
        var scores: [Float] = []
    }

    public let kind: Kind
    /// The names of the raw features, in the order in which they are expected.
    public let features: [String]
    public let structure: FeatureStructure
    var columns: [Column]

    /// - Parameter columns: Those with a position come first.
    init(
        kind: Kind, features: [String], structure: FeatureStructure = .init(), columns: [Column]
    ) {
        self.kind = kind
        self.features = features
        self.structure = structure
        self.columns = columns
    }

    /// The width of the network's input.
    public var inputCount: Int { columns.count }

    /// What the columns of the network's input are.
    public var layout: InputLayout {
        let starts = positions.reduce(into: [0]) {
            $0.append($0[$0.count - 1] + $1.knots.count - 1)
        }
        return InputLayout(
            plain: columns.count - positions.count, binStarts: starts, structure: structure)
    }

    private var positions: ArraySlice<Column> { columns.prefix { $0.role == .position } }

    /// What becomes of each feature, in a few words.
    public var uses: [String] {
        features.indices.map { feature in
            let own = columns.filter { $0.feature == feature }
            guard let value = own.first(where: { $0.role == .value }), value.deviation > 0 else {
                return own.contains { $0.role == .missingFlag }
                    ? "constant in training, only a flag where missing"
                    : "constant in training, not used"
            }
            let curve = value.knots.isEmpty ? "" : " through \(value.knots.count) knots"
            let bins = own.first { $0.role == .position }.map { ", \($0.knots.count - 1) bins" }
            let flag = own.contains { $0.role == .missingFlag } ? ", and a flag where missing" : ""
            return "\(kind.rawValue)\(curve)\(bins ?? ""), missing is \(value.fill)\(flag)"
        }
    }

    /// The network's input for rows of raw features.
    ///
    /// Shape: `[row, feature]` to `[row, input]`.
    public func callAsFunction(_ matrix: FeatureMatrix) -> NDArray<Float> {
        precondition(
            matrix.names == features,
            "InputTransform: features \(matrix.names) where \(features) are expected")
        return matrix.values.withUnsafeBufferPointer { self($0, features: features.indices) }
    }

    /// The network's input for some of the features, which only kinds that keep every feature in
    /// its place can tell apart from the others.
    ///
    /// Shape: `[row, feature of range]` to `[row, input]`.
    public func callAsFunction(
        _ values: UnsafeBufferPointer<Float>, features range: Range<Int>
    ) -> NDArray<Float> {
        precondition(
            range == features.indices || kind == .clipped,
            "InputTransform: \(kind.rawValue) reads all features at once")
        let rows = range.isEmpty ? 0 : values.count / range.count
        if kind == .clipped { return clipped(values, rows: rows, columns: Array(columns[range])) }
        let width = columns.count
        return NDArray(shape: [rows, width]) { out in
            let positions = positions
            if !positions.isEmpty {
                encoded(values, rows: rows).withUnsafePointer { encoded in
                    for row in 0..<rows {
                        (out + row * width).update(
                            from: encoded + row * positions.count, count: positions.count)
                    }
                }
            }
            for (place, column) in columns.enumerated() where column.role != .position {
                column.apply(
                    values, kind: kind, stride: range.count, rows: rows, into: out + place,
                    outStride: width)
            }
        }
    }

    /// The positions of all features that have bins.
    private func encoded(_ values: UnsafeBufferPointer<Float>, rows: Int) -> NDArray<Float> {
        var edges = [[Double]](repeating: [], count: features.count)
        var fills = [Float](repeating: 0, count: features.count)
        for column in positions {
            edges[column.feature] = column.knots.map(Double.init)
            fills[column.feature] = column.fill
        }
        let filled = NDArray<Float>(shape: [rows, features.count]) { out in
            for row in 0..<rows {
                for feature in fills.indices {
                    let value = values[row * fills.count + feature]
                    out[row * fills.count + feature] = value.isNaN ? fills[feature] : value
                }
            }
        }
        return PiecewiseLinearEncoding(edges: edges).positions(filled)
    }

    private func clipped(
        _ values: UnsafeBufferPointer<Float>, rows: Int, columns: [Column]
    ) -> NDArray<Float> {
        let means = columns.map(\.mean)
        let factors = columns.map { $0.deviation > 0 ? 1 / $0.deviation : 0 }
        let width = columns.count
        return NDArray(shape: [rows, width]) { out in
            means.withUnsafeBufferPointer { means in
                factors.withUnsafeBufferPointer { factors in
                    for row in 0..<rows {
                        let (from, to) = (row * width, out + row * width)
                        for column in 0..<width {
                            let value = (values[from + column] - means[column]) * factors[column]
                            to[column] = value.isNaN ? 0 : min(max(value, -5), 5)
                        }
                    }
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
        _ values: UnsafeBufferPointer<Float>, kind: InputTransform.Kind, stride: Int, rows: Int,
        into out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        let scale = 1 / deviation
        let isSoft = kind == .piecewiseLinear
        knots.withUnsafeBufferPointer { knots in
            scores.withUnsafeBufferPointer { scores in
                for row in 0..<rows {
                    let raw = values[row * stride + feature]
                    let value = raw.isNaN ? fill : raw
                    out[row * outStride] =
                        if role == .missingFlag {
                            raw.isNaN ? 1 : 0
                        } else if knots.isEmpty {
                            standardised(value, scale: scale, isSoft: isSoft)
                        } else {
                            score(value, knots: knots, scores: scores)
                        }
                }
            }
        }
    }

    private func standardised(_ value: Float, scale: Float, isSoft: Bool) -> Float {
        let z = min(max((value - mean) * scale, -Self.furthest), Self.furthest)
        return isSoft ? z / (1 + z * z / 9).squareRoot() : z
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
