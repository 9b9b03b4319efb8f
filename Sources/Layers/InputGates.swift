import Arrays
import Autodiff

/// A factor for every input, 1 at the start, that an optimizer's lasso pulls to zero where the
/// input does not help: of thousands of features few say something, and weights of the others only
/// learn the noise of the training rows.
///
/// Shape: `[batch, feature]` to the same.
/// Source: the lasso of Tibshirani, "Regression Shrinkage and Selection via the Lasso", 1996, on a
/// network's inputs, as Lemhadri, Ruan, Abraham, Tibshirani, "LassoNet", 2021, but without its
/// path of penalties.
public struct InputGates<Scalar: Arrays.Scalar>: Layer {
    /// The factors over 10 (``gain``). Shape: `[feature]`.
    public var gates: Parameter<Scalar>

    /// Adam's steps have one size for all parameters, which is small beside a factor of 1: the
    /// factors are moved ten times as fast, or a short training would end before they have parted.
    static var gain: Scalar { 10 }

    public init(features: Int) {
        gates = Parameter(
            NDArray(repeating: 1 / Self.gain, shape: [features]), decays: false, isSparse: true)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        x * (gates.tensor * Self.gain)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("gates"), &gates)
    }
}
