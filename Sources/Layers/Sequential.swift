import Arrays
import Autodiff

/// Layers one after the other.
public struct Sequential<Scalar: Arrays.Scalar>: Layer {
    public var layers: [any Layer<Scalar>]

    public init(_ layers: [any Layer<Scalar>]) { self.layers = layers }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        var x = x
        for (index, layer) in layers.enumerated() { x = layer(x, mode: mode.child("\(index)")) }
        return x
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        for index in layers.indices {
            try layers[index].forEachParameter(at: path.appending("\(index)"), body)
        }
    }
}

/// `x + inner(x)`.
///
/// Source: He et al., "Deep Residual Learning", 2015.
public struct ResidualBlock<Scalar: Arrays.Scalar>: Layer {
    public var inner: Sequential<Scalar>

    /// - Parameter layers: Together they must keep the shape.
    public init(_ layers: [any Layer<Scalar>]) { inner = Sequential(layers) }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        x + inner(x, mode: mode.child("inner"))
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try inner.forEachParameter(at: path.appending("inner"), body)
    }
}
