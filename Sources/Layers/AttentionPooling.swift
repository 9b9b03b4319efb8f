import Arrays
import Autodiff
import Random

/// One row for a sequence: its steps' mean, weighted by how well each answers a learned query.
///
/// Scores are `x_t . query / sqrt(features)`, weights their softmax over the steps that count.
///
/// Shape: `[batch, time, features]` to `[batch, features]`.
/// Source: Yang et al., "Hierarchical Attention Networks", 2016, with the scaled dot product of
/// Vaswani et al., "Attention Is All You Need", 2017.
public struct AttentionPooling<Scalar: Arrays.Scalar>: Layer {
    /// Shape: `[features]`.
    public var query: Parameter<Scalar>

    public init(features: Int, stream: RandomStream) {
        query = Parameter(
            Initializer.uniformFanIn([features], fanIn: features, stream: stream.stream("query")),
            decays: false)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        self(x, mask: nil)
    }

    /// - Parameter mask: `[batch, time]`; steps where it is zero do not count, but must be finite. A
    ///   row in which none counts gives zeros.
    public func callAsFunction(_ x: Tensor<Scalar>, mask: NDArray<Scalar>?) -> Tensor<Scalar> {
        precondition(
            x.shape.count == 3 && [x.shape[2]] == query.shape
                && mask.map { $0.shape == Array(x.shape.dropLast()) } ?? true,
            "AttentionPooling: x \(x.shape), query \(query.shape), mask \(mask?.shape ?? [])")
        let (batch, time, features) = (x.shape[0], x.shape[1], x.shape[2])
        let scores = Tensor.matrixProduct(x, query.tensor.reshaped(to: [features, 1]))
            .reshaped(to: [batch, time])
            .affine(scale: 1 / Scalar(features).squareRoot())
        let weights = scores.softmax(mask: mask).reshaped(to: [batch, 1, time])
        return Tensor.groupedProduct(weights, weight: x).reshaped(to: [batch, features])
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("query"), &query)
    }
}
