import Arrays
import Autodiff
import Random

/// `x weight + bias`.
///
/// Shape: `[…, inputs]` to `[…, outputs]`; the weight is `[inputs, outputs]`.
public struct Dense<Scalar: Arrays.Scalar>: Layer {
    public var weight: Parameter<Scalar>
    public var bias: Parameter<Scalar>

    public init(
        inputs: Int, outputs: Int, weight: Initializer = .uniformFanIn,
        bias: Initializer = .uniformFanIn, stream: RandomStream
    ) {
        self.weight = Parameter(
            weight([inputs, outputs], stream: stream.stream("weight")), decays: true)
        self.bias = Parameter(
            bias([outputs], fanIn: inputs, stream: stream.stream("bias")), decays: false)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        .linear(x, weight: weight.tensor, bias: bias.tensor)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("weight"), &weight)
        try body(path.appending("bias"), &bias)
    }
}
