import Arrays
import Autodiff
import Layers

/// Stochastic gradient descent with momentum: `v = momentum v + g; p -= rate v`.
public struct SGD<Scalar: Arrays.Scalar>: Optimizer {
    public let momentum: Double
    public var state: [NDArray<Scalar>] = []
    public var stepCount = 0

    public init(momentum: Double = 0) { self.momentum = momentum }

    public mutating func update<M: Module<Scalar>>(
        _ module: inout M, with gradients: Gradients<Scalar>, learningRate: Double,
        gradientScale: Double = 1
    ) {
        if state.isEmpty {
            state = gradients.arrays.map { NDArray(repeating: 0, shape: $0.shape) }
        }
        stepCount += 1
        module.forEachTrainable { position, parameter in
            let count = state[position].count
            state[position].withUnsafeMutablePointer { velocity in
                Scalar.affine(Scalar(momentum), 0, velocity, into: velocity, count: count)
                gradients.arrays[position].withUnsafePointer { gradient in
                    Scalar.addScaled(Scalar(gradientScale), gradient, to: velocity, count: count)
                }
            }
            parameter.tensor.update { $0.add(state[position], scale: Scalar(-learningRate)) }
        }
    }
}
