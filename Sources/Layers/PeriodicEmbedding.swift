import Arrays
import Autodiff
import Random

/// Each number as waves of trainable frequencies, then through a linear map of its feature's own,
/// then, if asked for, ReLU: `[cos v, sin v] W_j + b_j` with `v = 2 π c_j x_j`.
///
/// Shape: `[batch, feature]` to `[batch, feature, width]`.
/// Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep
/// Learning", 2022 (there "PL" and, with ReLU, "PLR").
public struct PeriodicEmbedding<Scalar: Arrays.Scalar>: Layer {
    /// Shape: `[feature, frequencies]`.
    public var frequency: Parameter<Scalar>
    /// Shape: `[feature, 2 frequencies, width]`, cosines first.
    public var weight: Parameter<Scalar>
    /// Shape: `[feature, width]`.
    public var bias: Parameter<Scalar>
    /// Whether a ReLU follows.
    public let rectifies: Bool

    /// Frequencies start normal with a standard deviation of `scale`, in cycles a unit of x.
    public init(
        features: Int, frequencies: Int, width: Int, scale: Double = 0.1, rectifies: Bool = true,
        stream: RandomStream
    ) {
        var draws = stream.stream("frequency")
        frequency = Parameter(
            NDArray(shape: [features, frequencies]) { pointer in
                for i in 0..<features * frequencies { pointer[i] = Scalar(scale * draws.normal()) }
            }, decays: false)
        weight = Parameter(
            Initializer.uniformFanIn(
                [features, 2 * frequencies, width], fanIn: 2 * frequencies,
                stream: stream.stream("weight")),
            decays: true)
        bias = Parameter(
            Initializer.uniformFanIn(
                [features, width], fanIn: 2 * frequencies, stream: stream.stream("bias")),
            decays: false)
        self.rectifies = rectifies
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        let embedded = Tensor.groupedProduct(
            x.waves(frequency: frequency.tensor), weight: weight.tensor, bias: bias.tensor
        ).exchangingLeadingAxes()
        return rectifies ? embedded.relu() : embedded
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("frequency"), &frequency)
        try body(path.appending("weight"), &weight)
        try body(path.appending("bias"), &bias)
    }
}
