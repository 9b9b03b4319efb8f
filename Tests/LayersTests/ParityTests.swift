import Arrays
import Autodiff
import Foundation
import Layers
import Random
import TestSupport
import Testing

/// Layers against PyTorch: values and the derivatives by inputs and parameters, to 1e-10 of the
/// largest in `Double` and 1e-5 in `Float`.
@Suite struct ParityTests {
    @Test(arguments: LayerCase.allCases)
    func double(_ layer: LayerCase) throws {
        let reference: ParityCase<Double> = try layer.reference()
        #expect(try reference.complaints(tolerance: 1e-10) { try layer.run($0, reference) } == [])
    }

    @Test(arguments: LayerCase.allCases)
    func float(_ layer: LayerCase) throws {
        let reference: ParityCase<Float> = try layer.reference()
        #expect(try reference.complaints(tolerance: 1e-5) { try layer.run($0, reference) } == [])
    }

    @Test("A wrong layer is found: the tanh form of GELU is not the erf form")
    func canFail() throws {
        let reference: ParityCase<Double> = try LayerCase.gelu.reference()
        let found = try reference.complaints(tolerance: 1e-10) {
            try LayerCase.geluTanh.run($0, reference)
        }
        #expect(found.count == 2, "both the value and the derivative differ")
    }
}

/// The cases of `Fixtures/layers`, by their names there, and how ours are put together.
enum LayerCase: String, CaseIterable, Sendable {
    case dense, layerNorm = "layer_norm", embedding
    case gelu, geluTanh = "gelu_tanh", silu, softplus, sigmoid, tanh, relu
    case dropoutEvaluation = "dropout_evaluation"
    case residualBlock = "residual_block", sequence
    case pinball, pinballWeighted = "pinball_weighted"

    func reference<Scalar: Arrays.Scalar>() throws -> ParityCase<Scalar> {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/layers").path
        return try ParityCase(rawValue, fixture: fixture)
    }

    func run<Scalar: Arrays.Scalar>(
        _ inputs: [String: Tensor<Scalar>], _ reference: ParityCase<Scalar>
    ) throws -> [String: Tensor<Scalar>] {
        func input(_ name: String) throws -> Tensor<Scalar> { try #require(inputs[name]) }
        func dense(_ weight: String, _ bias: String) throws -> Dense<Scalar> {
            let (weight, bias) = (try input(weight), try input(bias))
            var layer = Dense<Scalar>(
                inputs: weight.shape[0], outputs: weight.shape[1], stream: RandomStream(seed: 1))
            layer.weight.tensor = weight
            layer.bias.tensor = bias
            return layer
        }
        func norm(_ gain: String, _ bias: String) throws -> LayerNorm<Scalar> {
            var layer = LayerNorm<Scalar>(features: try input(gain).shape[0])
            layer.gain.tensor = try input(gain)
            layer.bias.tensor = try input(bias)
            return layer
        }
        let layer: any Layer<Scalar>
        switch self {
        case .dense: layer = try dense("weight", "bias")
        case .layerNorm: layer = try norm("gain", "bias")
        case .gelu: layer = ActivationLayer(.gelu)
        case .geluTanh: layer = ActivationLayer(.geluTanh)
        case .silu: layer = ActivationLayer(.silu)
        case .sigmoid: layer = ActivationLayer(.sigmoid)
        case .tanh: layer = ActivationLayer(.tanh)
        case .relu: layer = ActivationLayer(.relu)
        case .dropoutEvaluation: layer = Dropout(rate: 0.4)
        case .residualBlock:
            layer = ResidualBlock([
                try norm("gain", "offset"), try dense("weight1", "bias1"),
                ActivationLayer(.gelu), try dense("weight2", "bias2"),
            ])
        case .sequence:
            layer = Sequential([
                try dense("weight1", "bias1"), try norm("gain", "offset"),
                ActivationLayer(.gelu), try dense("weight2", "bias2"),
            ])
        case .softplus: return ["y": try input("x").softplus()]
        case .embedding:
            let table = try input("table")
            var layer = Embedding<Scalar>(
                count: table.shape[0], features: table.shape[1], stream: RandomStream(seed: 1))
            layer.table.tensor = table
            return ["y": layer(try reference.integers("indices"))]
        case .pinball, .pinballWeighted:
            return [
                "loss": .pinball(
                    forecasts: try input("forecast"), labels: try reference.array("fixed", "label"),
                    weights: self == .pinball ? nil : try reference.array("fixed", "weight"),
                    levels: try reference.array("fixed", "levels"))
            ]
        }
        return ["y": layer(try input("x"), mode: .inference)]
    }
}
