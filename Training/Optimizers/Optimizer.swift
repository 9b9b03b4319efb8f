import Arrays
import Layers

/// Changes a module's parameters by their gradients. A value: its state is saved and copied with it.
public protocol Optimizer<Scalar>: Sendable {
    associatedtype Scalar: Arrays.Scalar

    /// One step.
    ///
    /// - Parameters:
    ///   - gradients: Of every trainable parameter, from ``Layers/Module/valueAndGradients(of:)``.
    ///   - gradientScale: Multiplies the gradients first, as clipping asks.
    mutating func update<M: Module<Scalar>>(
        _ module: inout M, with gradients: Gradients<Scalar>, learningRate: Double,
        gradientScale: Double)

    /// The arrays that a resume needs, in a fixed order; empty before the first step.
    var state: [NDArray<Scalar>] { get set }
    /// Steps done.
    var stepCount: Int { get set }
}

extension Gradients {
    /// The factor that brings the global norm down to `limit`; 1 where it is below or there is none.
    ///
    /// Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013;
    /// the 1e-6 is PyTorch's.
    public static func clippingFactor(norm: Double, limit: Double?) -> Double {
        limit.map { min(1, $0 / (norm + 1e-6)) } ?? 1
    }
}

extension Module {
    /// Calls `body` with every trainable parameter and its position among them.
    mutating func forEachTrainable(
        _ body: (Int, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        var position = 0
        try forEachParameter(at: .root) { _, parameter in
            guard parameter.isTrainable else { return }
            try body(position, &parameter)
            position += 1
        }
    }
}
