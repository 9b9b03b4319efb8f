import Arrays
import Random

/// How a weight matrix starts.
public enum Initializer: Sendable {
    /// Whether weights are left undefined.
    @TaskLocal private static var leavesUndefined = false

    /// Has a body make layers whose weights are undefined, to be replaced by those of a file: random
    /// numbers for a large network would take longer than reading it.
    public static func leavingUndefined<Result>(_ body: () throws -> Result) rethrows -> Result {
        try $leavesUndefined.withValue(true, operation: body)
    }

    case zeros
    /// Normal with variance 2 / fan-in, for ReLU-like activations (He et al., 2015).
    case he
    /// Uniform with variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010).
    case glorot
    /// Uniform within 1 / sqrt(fan-in).
    case uniformFanIn

    /// Shape: fan-in is the product of all axes but the last, fan-out the last.
    public func callAsFunction<Scalar: Arrays.Scalar>(
        _ shape: [Int], stream: RandomStream
    ) -> NDArray<Scalar> {
        self(shape, fanIn: shape.dropLast().reduce(1, *), stream: stream)
    }

    /// For shapes whose fan-in is not the product of the leading axes, such as biases.
    public func callAsFunction<Scalar: Arrays.Scalar>(
        _ shape: [Int], fanIn: Int, stream: RandomStream
    ) -> NDArray<Scalar> {
        if Self.leavesUndefined { return .uninitialized(shape: shape) }
        var stream = stream
        let count = shape.reduce(1, *)
        let fanOut = shape.last ?? 1
        let inverse = 1 / Double(max(fanIn, 1))
        return NDArray(shape: shape) { pointer in
            for i in 0..<count {
                let value =
                    switch self {
                    case .zeros: 0.0
                    case .he: stream.normal() * (2 * inverse).squareRoot()
                    case .glorot:
                        (2 * stream.uniform() - 1) * (6 / Double(fanIn + fanOut)).squareRoot()
                    case .uniformFanIn: (2 * stream.uniform() - 1) * inverse.squareRoot()
                    }
                pointer[i] = Scalar(value)
            }
        }
    }
}
