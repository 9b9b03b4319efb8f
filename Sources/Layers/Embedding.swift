import Arrays
import Autodiff
import Random

/// A trainable row for each of a number of indices.
///
/// Shape: n indices to `[n, features]`.
public struct Embedding<Scalar: Arrays.Scalar>: Module {
    public var table: Parameter<Scalar>

    /// Rows start standard normal.
    public init(count: Int, features: Int, stream: RandomStream) {
        var stream = stream.stream("table")
        table = Parameter(
            NDArray(shape: [count, features]) { pointer in
                for i in 0..<(count * features) { pointer[i] = Scalar(stream.normal()) }
            }, decays: true)
    }

    public func callAsFunction(_ indices: [Int]) -> Tensor<Scalar> {
        table.tensor.gathered(indices)
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("table"), &table)
    }
}
