import Arrays
import Autodiff
import Foundation
import Layers
import Random
import TestSupport
import Testing

/// Members, numerical embeddings and attention pooling against the same formulas in PyTorch.
@Suite struct EmbeddingParityTests {
    @Test(arguments: EmbeddingCase.allCases)
    func double(_ layer: EmbeddingCase) throws {
        #expect(try complaints(about: layer, Double.self, tolerance: 1e-10) == [])
    }

    @Test(arguments: EmbeddingCase.allCases)
    func float(_ layer: EmbeddingCase) throws {
        #expect(try complaints(about: layer, Float.self, tolerance: 1e-5) == [])
    }

    private func complaints<Scalar: Arrays.Scalar>(
        about layer: EmbeddingCase, _ type: Scalar.Type, tolerance: Double
    ) throws -> [String] {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/embeddings").path
        let reference = try ParityCase<Scalar>(layer.rawValue, fixture: fixture)
        // Positions among edges are data: they have no derivative.
        return try reference.complaints(
            tolerance: tolerance, constants: layer == .piecewiseLinear ? ["x"] : []
        ) { try layer.run($0, reference) }
    }
}

/// The cases of `Fixtures/embeddings`, by their names there, and how ours are put together.
enum EmbeddingCase: String, CaseIterable, Sendable {
    case batchEnsemble = "batch_ensemble", memberHeads = "member_heads"
    case piecewiseLinear = "piecewise_linear"
    case periodic, periodicRelu = "periodic_relu"
    case attentionPooling = "attention_pooling"
    case attentionPoolingMasked = "attention_pooling_masked"

    func run<Scalar: Arrays.Scalar>(
        _ inputs: [String: Tensor<Scalar>], _ reference: ParityCase<Scalar>
    ) throws -> [String: Tensor<Scalar>] {
        func input(_ name: String) throws -> Tensor<Scalar> { try #require(inputs[name]) }
        let stream = RandomStream(seed: 1)
        let x = try input("x")
        switch self {
        case .batchEnsemble:
            let weight = try input("weight")
            var layer = BatchEnsemble<Scalar>(
                members: x.shape[0], inputs: weight.shape[0], outputs: weight.shape[1],
                stream: stream)
            layer.inputScale.scale.tensor = try input("input_scale")
            layer.weight.tensor = weight
            layer.outputScale?.tensor = try input("output_scale")
            layer.bias.tensor = try input("bias")
            return ["y": layer(x, mode: .inference)]
        case .memberHeads:
            func dense(_ index: Int) throws -> Dense<Scalar> {
                let weight = try input("weight\(index)")
                var layer = Dense<Scalar>(
                    inputs: weight.shape[0], outputs: weight.shape[1], stream: stream)
                layer.weight.tensor = weight
                layer.bias.tensor = try input("bias\(index)")
                return layer
            }
            let (signs, weight) = (try input("signs"), try input("head_weight"))
            var scale = MemberScale<Scalar>(
                members: signs.shape[0], features: signs.shape[1], stream: stream)
            scale.scale.tensor = signs
            var heads = MemberDense<Scalar>(
                members: weight.shape[0], inputs: weight.shape[1], outputs: weight.shape[2],
                stream: stream)
            heads.weight.tensor = weight
            heads.bias.tensor = try input("head_bias")
            let network = Sequential<Scalar>([
                scale, try dense(1), ActivationLayer(.relu), try dense(2), ActivationLayer(.relu),
                heads,
            ])
            return ["y": network(x, mode: .inference)]
        case .piecewiseLinear:
            let edges = try (0..<3).map { feature in
                try reference.array("fixed", "edges_\(feature)").elements.map(Double.init)
            }
            let encoding = PiecewiseLinearEncoding(edges: edges)
            let positions = encoding.positions(x.array)
            var layer = PiecewiseLinearEmbedding<Scalar>(
                encoding: encoding, width: 5, stream: stream)
            layer.weight.tensor = .concatenate(
                try (0..<3).map { try input("weight_\($0)") }, axis: 0)
            layer.bias.tensor = try input("bias")
            return [
                "code": Tensor(encoding.codes(positions: positions)),
                "y": layer(Tensor(positions), mode: .inference),
            ]
        case .periodic, .periodicRelu:
            let (frequency, weight) = (try input("frequency"), try input("weight"))
            var layer = PeriodicEmbedding<Scalar>(
                features: frequency.shape[0], frequencies: frequency.shape[1],
                width: weight.shape[2], rectifies: self == .periodicRelu, stream: stream)
            layer.frequency.tensor = frequency
            layer.weight.tensor = weight
            layer.bias.tensor = try input("bias")
            return ["y": layer(x, mode: .inference)]
        case .attentionPooling, .attentionPoolingMasked:
            var layer = AttentionPooling<Scalar>(features: x.shape[2], stream: stream)
            layer.query.tensor = try input("query")
            guard self == .attentionPoolingMasked else { return ["y": layer(x, mode: .inference)] }
            let mask = try reference.integers("mask").map { Scalar($0) }
            return ["y": layer(x, mask: NDArray(mask, shape: Array(x.shape.dropLast())))]
        }
    }
}
