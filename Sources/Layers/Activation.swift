import Arrays
import Autodiff

/// An elementwise nonlinearity, named as in recipes.
public enum Activation: String, CaseIterable, Sendable, Codable {
    case relu, gelu
    case geluTanh = "gelu-tanh"
    case silu, tanh, sigmoid

    public func callAsFunction<Scalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
        switch self {
        case .relu: x.relu()
        case .gelu: x.gelu()
        case .geluTanh: x.geluTanh()
        case .silu: x.silu()
        case .tanh: x.tanh()
        case .sigmoid: x.sigmoid()
        }
    }
}

/// An activation as a layer of a sequence.
public struct ActivationLayer<Scalar: Arrays.Scalar>: Layer {
    public let activation: Activation

    public init(_ activation: Activation) { self.activation = activation }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        activation(x)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {}
}
