import Arrays
import Autodiff

/// In training, drops elements and scales up the rest; otherwise passes its input on.
///
/// Source: Srivastava et al., "Dropout", 2014.
public struct Dropout<Scalar: Arrays.Scalar>: Layer {
    public let rate: Double

    /// - Precondition: The rate is in `0..<1`.
    public init(rate: Double) {
        precondition(rate >= 0 && rate < 1, "Dropout: a rate of \(rate) is not in 0..<1")
        self.rate = rate
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        guard rate > 0, case .training(let stream) = mode else { return x }
        return x.dropout(rate: rate, stream: stream)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {}
}
