import Arrays
import Autodiff
import Foundation
import Layers

/// Adam with decoupled weight decay and lasso; without them it is Adam.
///
/// Decay applies to parameters that say so (``Layers/Parameter/decays``), the lasso to those that
/// are sparse (``Layers/Parameter/isSparse``): after Adam's step they are moved towards zero by the
/// learning rate times the lasso, and to zero itself where that is nearer.
/// Source: Kingma and Ba, "Adam", 2014; Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", 2017; the step of the lasso: Parikh and Boyd, "Proximal Algorithms", 2014.
public struct AdamW<Scalar: Arrays.Scalar>: Optimizer {
    public let beta1: Double
    public let beta2: Double
    public let epsilon: Double
    public let weightDecay: Double
    public let lasso: Double
    public private(set) var firstMoments: [NDArray<Scalar>] = []
    public private(set) var secondMoments: [NDArray<Scalar>] = []
    public var stepCount = 0

    public init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0, lasso: Double = 0
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.lasso = lasso
    }

    public var state: [NDArray<Scalar>] {
        get { firstMoments + secondMoments }
        set {
            firstMoments = Array(newValue.prefix(newValue.count / 2))
            secondMoments = Array(newValue.suffix(newValue.count / 2))
        }
    }

    public mutating func update<M: Module<Scalar>>(
        _ module: inout M, with gradients: Gradients<Scalar>, learningRate: Double,
        gradientScale: Double = 1
    ) {
        if firstMoments.isEmpty {
            firstMoments = gradients.arrays.map { NDArray(repeating: 0, shape: $0.shape) }
            secondMoments = gradients.arrays.map { NDArray(repeating: 0, shape: $0.shape) }
        }
        stepCount += 1
        let plain = AdamStep(
            stepSize: learningRate / (1 - pow(beta1, Double(stepCount))), beta1: beta1,
            beta2: beta2, secondCorrection: 1 / (1 - pow(beta2, Double(stepCount))).squareRoot(),
            epsilon: epsilon, decay: 1, gradientScale: gradientScale)
        var decaying = plain
        decaying.decay = 1 - learningRate * weightDecay
        module.forEachTrainable { position, parameter in
            let step = parameter.decays ? decaying : plain
            let count = parameter.tensor.array.count
            gradients.arrays[position].withUnsafePointer { gradient in
                firstMoments[position].withUnsafeMutablePointer { first in
                    secondMoments[position].withUnsafeMutablePointer { second in
                        parameter.tensor.update {
                            $0.withUnsafeMutablePointer {
                                Scalar.adam(
                                    step, gradient: gradient, first: first, second: second,
                                    parameter: $0, count: count)
                            }
                        }
                    }
                }
            }
            if parameter.isSparse {
                parameter.tensor.update { $0.shrink(by: Scalar(learningRate * lasso)) }
            }
        }
    }
}

extension NDArray {
    /// Moves every number towards zero by a distance, or to zero where it is nearer.
    fileprivate mutating func shrink(by distance: Element) {
        let count = count
        withUnsafeMutablePointer { values in
            for i in 0..<count {
                values[i] =
                    values[i] > 0 ? max(values[i] - distance, 0) : min(values[i] + distance, 0)
            }
        }
    }
}
