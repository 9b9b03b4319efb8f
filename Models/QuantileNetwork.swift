import Arrays
import Autodiff
import Layers
import Quantiles
import Random

/// A network from transformed inputs to ascending quantiles of the scaled label.
///
/// Shape: `[batch, input]` to `[batch, level]`.
public struct QuantileNetwork<Scalar: Arrays.Scalar>: Layer {
    public let spec: NetworkSpec
    public let inputs: Int
    public let levels: QuantileLevels
    public var body: Sequential<Scalar>
    public var head: NonCrossingHead<Scalar>

    /// - Parameter quantiles: Of the scaled training labels, one a level: what the untrained
    ///   network forecasts, about.
    public init(
        _ spec: NetworkSpec, inputs: Int, levels: QuantileLevels, quantiles: [Double],
        stream: RandomStream
    ) {
        self.spec = spec
        self.inputs = inputs
        self.levels = levels
        var layers: [any Layer<Scalar>] = []
        var width = inputs
        for (index, next) in spec.hidden.enumerated() {
            var block: [any Layer<Scalar>] = [
                Dense(
                    inputs: width, outputs: next, stream: stream.stream("hidden").stream(index))
            ]
            if spec.layerNorm { block.append(LayerNorm<Scalar>(features: next)) }
            block.append(ActivationLayer<Scalar>(spec.activation))
            if spec.dropout > 0 { block.append(Dropout<Scalar>(rate: spec.dropout)) }
            layers.append(
                spec.residual && width == next
                    ? ResidualBlock<Scalar>(block) : Sequential<Scalar>(block))
            width = next
        }
        body = Sequential(layers)
        head = NonCrossingHead(
            inputs: width, levels: levels, quantiles: quantiles, stream: stream.stream("head"))
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        head(body(x, mode: mode.child("body")), mode: mode.child("head"))
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ visit: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body.forEachParameter(at: path.appending("body"), visit)
        try head.forEachParameter(at: path.appending("head"), visit)
    }
}
