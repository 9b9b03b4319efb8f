import Arrays
import Autodiff
import Random

/// Numbers as positions among the edges of their feature: a function of data, fitted beforehand.
///
/// With edges e_0 < … < e_m a number's code is m numbers, `clamp((x - e_i) / (e_{i+1} - e_i), 0, 1)`:
/// ones, one fraction, zeros. Their sum, the position, says all of it: 2.25 is 1, 1, 0.25, 0, ….
///
/// Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep
/// Learning", 2022.
public struct PiecewiseLinearEncoding: Sendable, Hashable, Codable {
    /// The edges of each column, ascending; columns with fewer than two have no bins.
    public let edges: [[Double]]
    /// The columns that have bins.
    public let columns: [Int]
    /// Where the bins of each of ``columns`` begin and, last, where they all end.
    public let starts: [Int]

    /// - Precondition: The edges of each column ascend strictly.
    public init(edges: [[Double]]) {
        for (column, edges) in edges.enumerated() {
            precondition(
                zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 },
                "PiecewiseLinearEncoding: the edges of column \(column) do not ascend")
        }
        self.edges = edges
        columns = edges.indices.filter { edges[$0].count > 1 }
        starts = columns.reduce(into: [0]) { $0.append($0[$0.count - 1] + edges[$1].count - 1) }
    }

    /// The bins of all columns.
    public var binCount: Int { starts[starts.count - 1] }

    /// The position of each number among its column's edges, in bins, from 0 to the number of bins;
    /// computed in double precision. NaN stays NaN.
    ///
    /// Shape: `[row, column]` to `[row, column with bins]`.
    public func positions<Scalar>(_ x: NDArray<Scalar>) -> NDArray<Scalar> {
        precondition(
            x.rank == 2 && x.columns == edges.count,
            "PiecewiseLinearEncoding: edges for \(edges.count) columns, data of shape \(x.shape)")
        // One edge more than bins: the edges of the columns before push a start up by one each.
        let flat = columns.flatMap { edges[$0] }
        let edgeStarts = starts.enumerated().map { $0 + $1 }
        let rows = x.rows
        return NDArray(shape: [rows, columns.count]) { positions in
            x.withUnsafePointer { x in
                Scalar.binPositions(
                    x, columns: edges.count, chosen: columns, edges: flat, starts: edgeStarts,
                    into: positions, rows: rows, features: columns.count)
            }
        }
    }

    /// The codes that positions stand for.
    ///
    /// Shape: `[row, column with bins]` to `[row, bin]`.
    public func codes<Scalar>(positions: NDArray<Scalar>) -> NDArray<Scalar> {
        precondition(
            positions.columns == columns.count,
            "PiecewiseLinearEncoding: positions \(positions.shape) of \(columns.count) columns")
        let rows = positions.rows
        return NDArray(shape: [rows, binCount]) { codes in
            positions.withUnsafePointer { positions in
                for row in 0..<rows {
                    for (feature, start) in starts.dropLast().enumerated() {
                        let position = positions[row * columns.count + feature]
                        for bin in start..<starts[feature + 1] {
                            codes[row * binCount + bin] = min(
                                max(position - Scalar(bin - start), 0), 1)
                        }
                    }
                }
            }
        }
    }
}

/// A trainable linear map of each feature's piecewise-linear code, side by side; beside them, if
/// asked for, one of numbers as they are; and one bias.
///
/// The code's product with its matrix is never formed: see
/// ``Autodiff/Tensor/binEmbedding(positions:weight:starts:bias:)``.
///
/// Shape: `[batch, encoded features + plain features]`, the encoded ones as positions, which are
/// constants, to `[batch, width (encoded features + 1)]`, or `[batch, width encoded features]`
/// without plain features.
/// Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep
/// Learning", 2022.
public struct PiecewiseLinearEmbedding<Scalar: Arrays.Scalar>: Layer {
    /// Shape: `[bin, width]`, the bins of all features.
    public var weight: Parameter<Scalar>
    /// Shape: `[plain feature, width]`.
    public var plainWeight: Parameter<Scalar>?
    /// Shape: `[width (encoded features + 1)]`, the plain features' last.
    public var bias: Parameter<Scalar>
    /// Where the bins of each encoded feature begin and, last, where they all end.
    public let starts: [Int]

    /// Weights start uniform within 1 / sqrt(bins) of their feature (for plain features, of their
    /// number), the bias at 0.
    public init(
        encoding: PiecewiseLinearEncoding, plainFeatures: Int = 0, width: Int, stream: RandomStream
    ) {
        self.init(
            starts: encoding.starts, plainFeatures: plainFeatures, width: width, stream: stream)
    }

    /// - Parameter starts: Where the bins of each encoded feature begin and, last, where they all
    ///   end.
    public init(starts: [Int], plainFeatures: Int = 0, width: Int, stream: RandomStream) {
        self.starts = starts
        let weightStream = stream.stream("weight")
        let blocks = zip(starts, starts.dropFirst()).enumerated().map { feature, bins in
            Initializer.uniformFanIn(
                [bins.1 - bins.0, width], stream: weightStream.stream(feature))
                as NDArray<Scalar>
        }
        weight = Parameter(
            blocks.isEmpty
                ? NDArray(repeating: 0, shape: [0, width]) : .concatenate(blocks, axis: 0),
            decays: true)
        plainWeight =
            plainFeatures == 0
            ? nil
            : Parameter(
                Initializer.uniformFanIn(
                    [plainFeatures, width], stream: stream.stream("plainWeight")),
                decays: true)
        let parts = blocks.count + (plainFeatures == 0 ? 0 : 1)
        bias = Parameter(NDArray(repeating: 0, shape: [parts * width]), decays: false)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        let features = starts.count - 1
        let width = weight.shape[1]
        let plainFeatures = plainWeight?.shape[0] ?? 0
        precondition(
            x.shape.count == 2 && x.shape[1] == features + plainFeatures,
            "PiecewiseLinearEmbedding: x \(x.shape) for \(features) positions and "
                + "\(plainFeatures) plain features")
        var parts: [Tensor<Scalar>] = []
        if features > 0 {
            let embedded = Tensor.binEmbedding(
                positions: x.array.slice(axis: 1, 0..<features), weight: weight.tensor,
                starts: starts,
                bias: bias.tensor.slice(axis: 0, 0..<features * width)
                    .reshaped(to: [features, width]))
            parts.append(embedded.reshaped(to: [x.shape[0], features * width]))
        }
        if let plainWeight {
            parts.append(
                .linear(
                    x.slice(axis: 1, features..<x.shape[1]), weight: plainWeight.tensor,
                    bias: bias.tensor.slice(
                        axis: 0, features * width..<(features + 1) * width)))
        }
        return parts.count == 1 ? parts[0] : .concatenate(parts, axis: 1)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("weight"), &weight)
        try plainWeight?.visit(at: path.appending("plainWeight"), body)
        try body(path.appending("bias"), &bias)
    }
}
