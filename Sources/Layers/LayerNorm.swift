import Arrays
import Autodiff

/// Normalises the last axis, then scales and shifts it.
///
/// Shape: `[…, features]` to the same.
/// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016.
public struct LayerNorm<Scalar: Arrays.Scalar>: Layer {
    public var gain: Parameter<Scalar>
    public var bias: Parameter<Scalar>
    public let epsilon: Scalar

    public init(features: Int, epsilon: Scalar = 1e-5) {
        gain = Parameter(NDArray(repeating: 1, shape: [features]), decays: false)
        bias = Parameter(NDArray(repeating: 0, shape: [features]), decays: false)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        x.layerNorm(gain: gain.tensor, bias: bias.tensor, epsilon: epsilon)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("gain"), &gain)
        try body(path.appending("bias"), &bias)
    }
}
