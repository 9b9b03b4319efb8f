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
        #expect(try complaints(about: layer, Double.self, tolerance: 1e-10) == [])
    }

    @Test(arguments: LayerCase.allCases)
    func float(_ layer: LayerCase) throws {
        #expect(try complaints(about: layer, Float.self, tolerance: 1e-5) == [])
    }

    @Test("A wrong layer is found: the tanh form of GELU is not the erf form")
    func canFail() throws {
        let found = try complaints(about: .gelu, Double.self, tolerance: 1e-10) { _, inputs, _ in
            ["y": inputs["x"].map { $0.geluTanh() }].compactMapValues { $0 }
        }
        #expect(found.count == 2, "both the value and the derivative differ")
    }

    /// What differs between a case of the fixture and ours, one line each.
    private func complaints<Scalar: Arrays.Scalar>(
        about layer: LayerCase, _ type: Scalar.Type, tolerance: Double,
        run: LayerCase.Run<Scalar> = { try $0.run($1, $2) }
    ) throws -> [String] {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/layers").path
        let reference = try ParityCase<Scalar>(layer.rawValue, fixture: fixture)
        let names = reference.names("input")
        let tape = Tape<Scalar>()
        var inputs: [String: Tensor<Scalar>] = [:]
        for name in names { inputs[name] = tape.watch(Tensor(try reference.array("input", name))) }

        let outputs = try run(layer, inputs, reference)
        var complaints: [String] = []
        var loss = Tensor<Scalar>(NDArray(repeating: 0, shape: []))
        for name in reference.names("output") {
            let output = try #require(outputs[name])
            let expected = try reference.array("output", name)
            mismatch(output.array, from: expected, tolerance: tolerance)
                .map { complaints.append("\(name): \($0)") }
            loss = loss + (output * Tensor(try reference.array("cotangent", name))).sum()
        }
        let gradients = tape.gradients(of: loss, by: names.compactMap { inputs[$0] })
        for (name, gradient) in zip(names, gradients) {
            let expected = try reference.array("gradient", name)
            mismatch(gradient, from: expected, tolerance: tolerance)
                .map { complaints.append("derivative by \(name): \($0)") }
        }
        return complaints
    }
}

/// The cases of `Fixtures/layers`, by their names there, and how ours are put together.
enum LayerCase: String, CaseIterable, Sendable {
    case dense, layerNorm = "layer_norm", embedding
    case gelu, geluTanh = "gelu_tanh", silu, softplus, sigmoid, tanh, relu
    case dropoutEvaluation = "dropout_evaluation"
    case residualBlock = "residual_block", sequence
    case pinball, pinballWeighted = "pinball_weighted"

    typealias Run<Scalar: Arrays.Scalar> = (
        LayerCase, [String: Tensor<Scalar>], ParityCase<Scalar>
    ) throws -> [String: Tensor<Scalar>]

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
