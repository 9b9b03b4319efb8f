import Arrays
import Autodiff

/// A trainable tensor of a layer.
public struct Parameter<Scalar: Arrays.Scalar>: Sendable {
    public var tensor: Tensor<Scalar>

    /// Whether weight decay applies: to the weights of products, not to biases and scales.
    public let decays: Bool

    /// Whether an optimizer's lasso applies: to what says which inputs count.
    public let isSparse: Bool

    /// Whether training changes it.
    public var isTrainable = true

    public init(_ array: NDArray<Scalar>, decays: Bool, isSparse: Bool = false) {
        tensor = Tensor(array)
        self.decays = decays
        self.isSparse = isSparse
    }

    public var shape: [Int] { tensor.shape }

    /// Calls `body` with the parameter in place: for one that is optional, `weight?.visit(…)`.
    mutating func visit(
        at path: ParameterPath, _ body: (ParameterPath, inout Parameter) throws -> Void
    ) rethrows { try body(path, &self) }
}

/// Something with parameters.
///
/// Optimizers, checkpoints, counting and freezing all go through the one requirement.
public protocol Module<Scalar>: Sendable {
    associatedtype Scalar: Arrays.Scalar

    /// Calls `body` with the name and the place of every parameter, always in the same order.
    ///
    /// - Parameter path: What the names begin with.
    mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows
}

/// A module from one tensor to one tensor.
public protocol Layer<Scalar>: Module {
    func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar>
}

/// The name of a parameter, from the outermost module inwards, such as `body.0.weight`.
public struct ParameterPath: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// The outermost module.
    public static let root = ParameterPath(description: "")

    private init(description: String) { self.description = description }

    /// The path of a part.
    public func appending(_ name: String) -> ParameterPath {
        ParameterPath(description: description.isEmpty ? name : "\(description).\(name)")
    }
}

extension Module {
    /// The parameters with their names, to read.
    public var parameters: [(name: String, parameter: Parameter<Scalar>)] {
        var copy = self
        var result: [(name: String, parameter: Parameter<Scalar>)] = []
        copy.forEachParameter(at: .root) { result.append(($0.description, $1)) }
        return result
    }

    /// The number of numbers in all parameters.
    public var parameterCount: Int {
        parameters.reduce(0) { $0 + $1.parameter.tensor.array.count }
    }

    /// The same module with other values in its parameters.
    ///
    /// - Parameter arrays: One a parameter, of its shape, in the order of the parameters.
    public func withParameters(_ arrays: [NDArray<Scalar>]) -> Self {
        var copy = self
        var position = 0
        copy.forEachParameter(at: .root) { path, parameter in
            precondition(
                position < arrays.count && arrays[position].shape == parameter.shape,
                "withParameters: \(path) of shape \(parameter.shape) has no array of its shape")
            parameter.tensor = Tensor(arrays[position])
            position += 1
        }
        return copy
    }

    /// The value of a loss of this module, and its derivative by every trainable parameter.
    ///
    /// - Parameter loss: A single number, from a copy of the module whose parameters are on a tape.
    public func valueAndGradients(
        of loss: (Self) throws -> Tensor<Scalar>
    ) rethrows -> (value: Scalar, gradients: Gradients<Scalar>) {
        let tape = Tape<Scalar>()
        var tracked = self
        var sources: [Tensor<Scalar>] = []
        tracked.forEachParameter(at: .root) { _, parameter in
            guard parameter.isTrainable else { return }
            parameter.tensor = tape.watch(parameter.tensor)
            sources.append(parameter.tensor)
        }
        let value = try loss(tracked)
        return (value.array.scalar, Gradients(tape.gradients(of: value, by: sources)))
    }
}

/// The derivative of a loss by each trainable parameter of a module, in the order of
/// ``Module/forEachParameter(at:_:)``.
public struct Gradients<Scalar: Arrays.Scalar>: Sendable {
    public var arrays: [NDArray<Scalar>]

    public init(_ arrays: [NDArray<Scalar>]) { self.arrays = arrays }

    /// The Euclidean norm over all of them.
    public var globalNorm: Double {
        arrays.reduce(0) { $0 + $1.sumOfSquares() }.squareRoot()
    }
}
