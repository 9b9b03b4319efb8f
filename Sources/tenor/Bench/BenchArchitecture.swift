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
    /// 32 steps of 64 -> LSTM of 256, its last output -> 19: 334 thousand parameters.
    case lstm

    static let levelCount = 19
    private static let steps = 32

    var batch: Int { self == .lstm ? 256 : 1_024 }

    private var shape: (inputs: Int, hidden: Int, layers: Int) {
        switch self {
        case .lstm: (64, 256, 1)
        case .mlp80: (2_048, 4_096, 5)
        case .mlp512: (2_000, 512, 3)
        case .mlp1024: (2_048, 1_024, 2)
        }
    }

    /// The shape of one row of input.
    var rowShape: [Int] { self == .lstm ? [Self.steps, shape.inputs] : [shape.inputs] }

    func network(stream: RandomStream) -> Sequential<Float> {
        let (inputs, hidden, count) = shape
        var layers: [any Layer<Float>] = []
        if self == .lstm {
            let lstm = LSTM<Float>(inputs: inputs, width: hidden, stream: stream.stream("hidden"))
            layers.append(LastOutput(of: lstm))
        }
        for index in 0..<(self == .lstm ? 0 : count) {
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
        let body =
            self == .lstm
            ? Self.steps * 4 * hidden * (inputs + hidden)
            : inputs * hidden + (count - 1) * hidden * hidden
        return 2 * Double(body + hidden * Self.levelCount)
    }

    var trainingOperations: Double {
        let first = self == .lstm ? Self.steps * 4 : 1
        return 3 * forwardOperations - 2 * Double(first * shape.inputs * shape.hidden)
    }
}
