import Arrays
import Autodiff
import Layers
import Random
import TestSupport
import Testing

/// What recurrent layers promise about shapes, padding, states and dropout.
@Suite struct RecurrentTests {
    private static let stream = RandomStream(seed: 5)
    private let lstm = LSTM<Double>(inputs: 3, width: 4, layers: 2, stream: stream)
    private let gru = GRU<Double>(inputs: 3, width: 4, layers: 2, stream: stream)

    private func data(_ shape: [Int]) -> NDArray<Double> {
        var stream = Self.stream.stream("data")
        return NDArray((0..<shape.reduce(1, *)).map { _ in stream.normal() }, shape: shape)
    }

    @Test func shapesAndNames() {
        let result = lstm.run(Tensor(data([5, 6, 3])), mode: .inference)
        #expect(result.outputs.shape == [5, 6, 4])
        #expect(result.last.shape == [5, 4])
        #expect(result.finalStates.map(\.cell.shape) == [[5, 4], [5, 4]])
        #expect(lstm.parameterCount == (3 + 4 + 1) * 16 + (4 + 4 + 1) * 16)
        #expect(gru.parameterCount == (3 + 4 + 1) * 12 + 4 + (4 + 4 + 1) * 12 + 4)
        #expect(lstm.parameters[0].name == "cells.0.inputWeight")
    }

    @Test("The last state is the last output")
    func last() {
        for network in [lstm as any Layer<Double>] + [gru] {
            let outputs = network(Tensor(data([5, 6, 3])), mode: .inference)
            let last = outputs.slice(axis: 1, 5..<6).reshaped(to: [5, 4])
            let state =
                (network as? LSTM<Double>)?.run(Tensor(data([5, 6, 3])), mode: .inference).last
                ?? gru.run(Tensor(data([5, 6, 3])), mode: .inference).last
            #expect(state.array.elements == last.array.elements)
        }
    }

    @Test("A sequence in two parts, the state carried over, is the sequence in one")
    func continuation() {
        let x = Tensor(data([3, 7, 3]))
        let whole = lstm.run(x, mode: .inference)
        let first = lstm.run(x.slice(axis: 1, 0..<4), mode: .inference)
        let second = lstm.run(
            x.slice(axis: 1, 4..<7), initial: first.finalStates, mode: .inference)
        let joined = Tensor.concatenate([first.outputs, second.outputs], axis: 1)
        #expect(mismatch(joined.array, from: whole.outputs.array, tolerance: 1e-14) == nil)
        let cell = second.finalStates[1].cell.array
        #expect(mismatch(cell, from: whole.finalStates[1].cell.array, tolerance: 1e-14) == nil)
    }

    @Test("Padding has no influence, not even as NaN, on values or derivatives")
    func padding() {
        let lengths = [4, 0, 6, 1]
        let clean = data([4, 6, 3]).truncated(to: lengths)
        var dirty = clean
        dirty.withUnsafeMutablePointer { pointer in
            for (row, length) in lengths.enumerated() {
                for index in length * 3..<6 * 3 { pointer[row * 18 + index] = .nan }
            }
        }
        let (a, b) = (passes(clean, lengths: lengths), passes(dirty, lengths: lengths))
        for (a, b) in zip(a, b) { #expect(a.elements == b.elements) }
        let isFinite = b.allSatisfy { $0.elements.allSatisfy(\.isFinite) }
        #expect(isFinite)
    }

    @Test("A padded row is what it is alone; one without steps keeps its initial state")
    func rows() {
        let (x, lengths) = (data([3, 6, 3]), [4, 0, 6])
        let states = (0..<2).map { layer in
            LSTMCell<Double>.State(
                hidden: Tensor(data([3, 4]).affine(scale: Double(layer) + 0.5)),
                cell: Tensor(data([3, 4]).affine(scale: -0.3)))
        }
        let batch = lstm.run(Tensor(x), initial: states, lengths: lengths, mode: .inference)
        for (row, length) in lengths.enumerated() {
            func own(_ tensor: Tensor<Double>) -> Tensor<Double> {
                tensor.slice(axis: 0, row..<row + 1)
            }
            guard length > 0 else {
                #expect(own(batch.last).array.elements == own(states[1].hidden).array.elements)
                #expect(own(batch.outputs).array.elements.allSatisfy { $0 == 0 })
                continue
            }
            let alone = lstm.run(
                own(Tensor(x)).slice(axis: 1, 0..<length),
                initial: states.map { .init(hidden: own($0.hidden), cell: own($0.cell)) },
                mode: .inference)
            #expect(
                mismatch(own(batch.last).array, from: alone.last.array, tolerance: 1e-14) == nil)
            let outputs = own(batch.outputs)
            #expect(
                mismatch(
                    outputs.slice(axis: 1, 0..<length).array, from: alone.outputs.array,
                    tolerance: 1e-14) == nil)
            #expect(outputs.slice(axis: 1, length..<6).array.elements.allSatisfy { $0 == 0 })
        }
    }

    @Test("Dropout lies between layers, in training only")
    func dropout() {
        let single = LSTM<Double>(inputs: 3, width: 4, dropout: 0.5, stream: Self.stream)
        let double = LSTM<Double>(
            inputs: 3, width: 4, layers: 2, dropout: 0.5, stream: Self.stream)
        let x = Tensor(data([3, 5, 3]))
        let training = Mode.training(RandomStream(seed: 9))
        func outputs(_ network: LSTM<Double>, _ mode: Mode) -> [Double] {
            network(x, mode: mode).array.elements
        }
        #expect(outputs(single, training) == outputs(single, .inference))
        #expect(outputs(double, training) != outputs(double, .inference))
        #expect(outputs(double, training) == outputs(double, training))
    }

    @Test("The forget gate starts open")
    func forgetBias() {
        let bias = lstm.cells[0].bias.tensor.array.elements
        #expect(bias == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("A long sequence is differentiated without recursion")
    func longSequence() {
        let network = LSTM<Float>(inputs: 1, width: 1, stream: Self.stream)
        let x = Tensor(NDArray<Float>(repeating: 0.1, shape: [1, 200_000, 1]))
        let gradients = network.valueAndGradients { $0.run(x, mode: .inference).last.sum() }
        #expect(gradients.gradients.globalNorm.isFinite)
    }

    /// Outputs, last states and the derivatives of their sum by parameters, of both kinds.
    private func passes(_ x: NDArray<Double>, lengths: [Int]) -> [NDArray<Double>] {
        var arrays: [NDArray<Double>] = []
        func loss(_ outputs: Tensor<Double>, _ last: Tensor<Double>) -> Tensor<Double> {
            arrays += [outputs.array, last.array]
            return (outputs * outputs).sum() + last.sum()
        }
        let byLSTM = lstm.valueAndGradients {
            let result = $0.run(Tensor(x), lengths: lengths, mode: .inference)
            return loss(result.outputs, result.last)
        }
        let byGRU = gru.valueAndGradients {
            let result = $0.run(Tensor(x), lengths: lengths, mode: .inference)
            return loss(result.outputs, result.last)
        }
        return arrays + byLSTM.gradients.arrays + byGRU.gradients.arrays
    }
}
