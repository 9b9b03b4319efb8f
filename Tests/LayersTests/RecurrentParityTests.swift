import Arrays
import Autodiff
import Foundation
import Layers
import Random
import TestSupport
import Testing

/// LSTM and GRU against PyTorch's, in one layer and two, on full and on packed sequences: outputs,
/// final states, and derivatives by inputs, initial states, weights and biases.
@Suite struct RecurrentParityTests {
    private static let cases = ["1", "1_packed", "2", "2_packed"]

    @Test(arguments: cases)
    func lstm(_ name: String) throws {
        #expect(try lstmComplaints(name, Double.self, tolerance: 1e-10) == [])
        #expect(try lstmComplaints(name, Float.self, tolerance: 1e-5) == [])
    }

    @Test(arguments: cases)
    func gru(_ name: String) throws {
        #expect(try gruComplaints(name, Double.self, tolerance: 1e-10) == [])
        #expect(try gruComplaints(name, Float.self, tolerance: 1e-5) == [])
    }

    private let fixture = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/recurrent").path

    private func lstmComplaints<Scalar: Arrays.Scalar>(
        _ name: String, _ type: Scalar.Type, tolerance: Double
    ) throws -> [String] {
        let reference = try ParityCase<Scalar>("lstm_\(name)", fixture: fixture)
        return try reference.complaints(tolerance: tolerance) { inputs in
            let source = Source(inputs: inputs, reference: reference)
            var network = LSTM<Scalar>(
                inputs: 4, width: 3, layers: try source.layers, stream: RandomStream(seed: 1))
            for layer in network.cells.indices {
                network.cells[layer].inputWeight.tensor = try source.input("input_weight", layer)
                network.cells[layer].recurrentWeight.tensor = try source.input(
                    "recurrent_weight", layer)
                network.cells[layer].bias.tensor =
                    try source.input("input_bias", layer) + source.input("recurrent_bias", layer)
            }
            let result = network.run(
                try source.input("x"),
                initial: try network.cells.indices.map {
                    .init(
                        hidden: try source.state("hidden", $0), cell: try source.state("cell", $0))
                }, lengths: try source.lengths, mode: .inference)
            return [
                "y": result.outputs, "final_hidden": stack(result.finalStates.map(\.hidden)),
                "final_cell": stack(result.finalStates.map(\.cell)),
            ]
        }
    }

    private func gruComplaints<Scalar: Arrays.Scalar>(
        _ name: String, _ type: Scalar.Type, tolerance: Double
    ) throws -> [String] {
        let reference = try ParityCase<Scalar>("gru_\(name)", fixture: fixture)
        return try reference.complaints(tolerance: tolerance) { inputs in
            let source = Source(inputs: inputs, reference: reference)
            var network = GRU<Scalar>(
                inputs: 4, width: 3, layers: try source.layers, stream: RandomStream(seed: 1))
            for layer in network.cells.indices {
                network.cells[layer].inputWeight.tensor = try source.input("input_weight", layer)
                network.cells[layer].recurrentWeight.tensor = try source.input(
                    "recurrent_weight", layer)
                let recurrentBias = try source.input("recurrent_bias", layer)
                let zeros = Tensor<Scalar>(NDArray(repeating: 0, shape: [3]))
                network.cells[layer].bias.tensor =
                    try source.input("input_bias", layer)
                    + .concatenate([recurrentBias.slice(axis: 0, 0..<6), zeros], axis: 0)
                network.cells[layer].recurrentBias.tensor = recurrentBias.slice(axis: 0, 6..<9)
            }
            let result = network.run(
                try source.input("x"),
                initial: try network.cells.indices.map {
                    .init(hidden: try source.state("hidden", $0))
                }, lengths: try source.lengths, mode: .inference)
            return [
                "y": result.outputs, "final_hidden": stack(result.finalStates.map(\.hidden)),
            ]
        }
    }

    /// The tensors of a case, by PyTorch's names.
    private struct Source<Scalar: Arrays.Scalar> {
        let inputs: [String: Tensor<Scalar>]
        let reference: ParityCase<Scalar>

        var layers: Int { get throws { try input("hidden").shape[0] } }
        var lengths: [Int]? {
            get throws {
                reference.names("fixed").isEmpty ? nil : try reference.integers("lengths")
            }
        }
        func input(_ name: String) throws -> Tensor<Scalar> { try #require(inputs[name]) }
        func input(_ name: String, _ layer: Int) throws -> Tensor<Scalar> {
            try input("\(name)_\(layer)")
        }
        /// One layer's `[batch, width]` of `[layer, batch, width]`.
        func state(_ name: String, _ layer: Int) throws -> Tensor<Scalar> {
            let states = try input(name)
            return states.slice(axis: 0, layer..<layer + 1)
                .reshaped(to: Array(states.shape.dropFirst()))
        }
    }

    private func stack<Scalar>(_ states: [Tensor<Scalar>]) -> Tensor<Scalar> {
        .concatenate(states.map { $0.reshaped(to: [1] + $0.shape) }, axis: 0)
    }
}
