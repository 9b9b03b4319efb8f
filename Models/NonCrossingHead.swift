import Arrays
import Autodiff
import Layers
import Quantiles
import Random

/// From a hidden vector to quantiles that never cross.
///
/// A linear map gives one number a level: that of the level nearest the median is its quantile,
/// the others are the steps outward from there, made non-negative by softplus. Rounding keeps the
/// order, because sums of non-negative numbers never decrease in floating point either.
///
/// Shape: `[batch, inputs]` to `[batch, level]`, each row ascending; with members
/// `[member, batch, inputs]` to `[member, batch, level]`.
public struct NonCrossingHead<Scalar: Arrays.Scalar>: Layer {
    /// A ``Layers/Dense``, or a ``Layers/MemberDense`` where there are members.
    public var linear: any Layer<Scalar>
    private let medianIndex: Int
    private let levelCount: Int

    /// - Parameters:
    ///   - members: Each has a linear map of its own.
    ///   - quantiles: Ascending quantiles, one a level, of the labels to come: the bias starts so
    ///     that the first forecast is about that band.
    public init(
        inputs: Int, levels: QuantileLevels, members: Int = 1, quantiles: [Double],
        stream: RandomStream
    ) {
        precondition(
            quantiles.count == levels.count,
            "NonCrossingHead: \(quantiles.count) quantiles for \(levels.count) levels")
        medianIndex = levels.medianIndex
        levelCount = levels.count
        let middle = medianIndex
        let bias = quantiles.indices.map { index -> Scalar in
            if index == middle { return Scalar(quantiles[middle]) }
            let gap =
                index < middle
                ? quantiles[index + 1] - quantiles[index] : quantiles[index] - quantiles[index - 1]
            return Scalar(inverseSoftplus(max(gap, 1e-3)))
        }
        if members == 1 {
            var dense = Dense<Scalar>(inputs: inputs, outputs: levels.count, stream: stream)
            dense.bias.tensor = Tensor(NDArray(bias))
            linear = dense
        } else {
            var dense = MemberDense<Scalar>(
                members: members, inputs: inputs, outputs: levels.count, stream: stream)
            dense.bias.tensor = Tensor(NDArray(bias).repeated(members, axis: 0))
            linear = dense
        }
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        let raw = linear(x, mode: mode)
        // Members are rows like others to what follows.
        return raw.shape.count == 2
            ? ordered(raw)
            : ordered(raw.reshaped(to: [raw.shape[0] * raw.shape[1], levelCount]))
                .reshaped(to: raw.shape)
    }

    /// From unconstrained numbers, one a level, to ascending quantiles.
    func ordered(_ raw: Tensor<Scalar>) -> Tensor<Scalar> {
        let median = raw.slice(axis: 1, medianIndex..<medianIndex + 1)
        var parts: [Tensor<Scalar>] = []
        if medianIndex > 0 {
            let steps = raw.slice(axis: 1, 0..<medianIndex).softplus()
            parts.append(median - steps.cumulativeSum(axis: 1, reversed: true))
        }
        parts.append(median)
        if medianIndex < levelCount - 1 {
            let steps = raw.slice(axis: 1, medianIndex + 1..<levelCount).softplus()
            parts.append(median + steps.cumulativeSum(axis: 1))
        }
        return .concatenate(parts, axis: 1)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try linear.forEachParameter(at: path.appending("linear"), body)
    }
}
