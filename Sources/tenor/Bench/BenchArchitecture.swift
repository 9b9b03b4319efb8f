import ArgumentParser
import Arrays
import Autodiff
import Layers
import Random

/// The networks that are timed: the shapes and the block order of the peers in `Benchmarks/`.
enum BenchArchitecture: String, CaseIterable, ExpressibleByArgument {
    /// 2048 -> 5 x [4096, LayerNorm, GELU] -> 19: 75.6 million parameters.
    case mlp80
    /// 2000 -> 3 x [512, LayerNorm, GELU] -> 19: 1.56 million parameters.
    case mlp512
    /// 2048 -> 2 x [1024, ReLU] -> 19: 3.2 million parameters.
    case mlp1024

    static let levelCount = 19

    var batch: Int { 1_024 }

    private var shape: (inputs: Int, hidden: Int, layers: Int) {
        switch self {
        case .mlp80: (2_048, 4_096, 5)
        case .mlp512: (2_000, 512, 3)
        case .mlp1024: (2_048, 1_024, 2)
        }
    }

    /// The shape of one row of input.
    var rowShape: [Int] { [shape.inputs] }

    func network(stream: RandomStream) -> Sequential<Float> {
        let (inputs, hidden, count) = shape
        var layers: [any Layer<Float>] = []
        for index in 0..<count {
            layers.append(
                Dense<Float>(
                    inputs: index == 0 ? inputs : hidden, outputs: hidden,
                    stream: stream.stream("hidden").stream(index)))
            if self == .mlp1024 {
                layers.append(ActivationLayer<Float>(.relu))
            } else {
                layers.append(LayerNorm<Float>(features: hidden))
                layers.append(ActivationLayer<Float>(.gelu))
            }
        }
        layers.append(
            Dense<Float>(
                inputs: hidden, outputs: Self.levelCount, stream: stream.stream("output")))
        return Sequential(layers)
    }

    /// Floating-point operations in matrix products, a row: forward, and in a training step, where
    /// the first layer has no derivative by its input.
    var forwardOperations: Double {
        let (inputs, hidden, count) = shape
        return 2
            * Double(
                inputs * hidden + (count - 1) * hidden * hidden
                    + hidden * Self.levelCount)
    }

    var trainingOperations: Double {
        3 * forwardOperations - 2 * Double(shape.inputs * shape.hidden)
    }
}
