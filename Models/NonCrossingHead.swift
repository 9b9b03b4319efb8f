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
/// Shape: `[batch, inputs]` to `[batch, level]`, each row ascending.
public struct NonCrossingHead<Scalar: Arrays.Scalar>: Layer {
    public var linear: Dense<Scalar>
    private let medianIndex: Int
    private let levelCount: Int

    /// - Parameter quantiles: Ascending quantiles, one a level, of the labels to come: the bias
    ///   starts so that the first forecast is about that band.
    public init(inputs: Int, levels: QuantileLevels, quantiles: [Double], stream: RandomStream) {
        precondition(
            quantiles.count == levels.count,
            "NonCrossingHead: \(quantiles.count) quantiles for \(levels.count) levels")
        linear = Dense(inputs: inputs, outputs: levels.count, stream: stream)
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
        linear.bias.tensor = Tensor(NDArray(bias))
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        ordered(linear(x, mode: mode))
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
