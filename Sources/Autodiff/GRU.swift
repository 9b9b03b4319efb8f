import Arrays
import Synchronization

extension Tensor {
    /// One GRU layer over a sequence of batches.
    ///
    /// The gates r, z, n are blocks of columns. With `[a b c] = x inputWeight + bias` and
    /// `[p q s] = h recurrentWeight`, `r = σ(a + p)`, `z = σ(b + q)`,
    /// `n = tanh(c + r (s + recurrentBias))` and `h = (1 - z) n + z h`.
    ///
    /// Shape: x `[time, batch, in]`, state `[batch, width]`, weights `[in, 3 width]` and
    /// `[width, 3 width]`, bias `[3 width]`, recurrent bias `[width]`; outputs
    /// `[time, batch, width]`.
    /// Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014, with
    /// the reset gate after the product, as in cuDNN and PyTorch.
    ///
    /// - Parameters:
    ///   - initial: The hidden state before the first step; zeros where there is none.
    ///   - lengths: As in ``lstm(_:initial:inputWeight:recurrentWeight:bias:lengths:)``.
    public static func gru(
        _ x: Tensor, initial: Tensor? = nil, inputWeight: Tensor, recurrentWeight: Tensor,
        bias: Tensor, recurrentBias: Tensor, lengths: [Int]? = nil
    ) -> (outputs: Tensor, hidden: Tensor) {
        let sequence = SequenceExtents(
            "gru", x.array, initial: initial.map { [$0] } ?? [], inputWeight: inputWeight,
            recurrentWeight: recurrentWeight, gates: 3, lengths: lengths)
        let (steps, batch, width) = (sequence.steps, sequence.batch, sequence.width)
        let state = batch * width
        let hidden = initial ?? Tensor(NDArray(repeating: 0, shape: [batch, width]))
        let product = RecurrentProduct(
            initial: initial, weight: recurrentWeight, sequence: sequence)

        var gates = NDArray.matrixProduct(x.array, inputWeight.array, bias: bias.array)
        // The hidden state's share of the gates' sums is apart: a part of it is gated itself.
        var recurrent = NDArray<Scalar>(repeating: 0, shape: [steps, batch, 3 * width])
        var outputs = NDArray<Scalar>.uninitialized(shape: [steps, batch, width])
        withMutablePointers(&gates, &recurrent, &outputs) { gates, recurrent, outputs in
            withPointers(hidden.array, recurrentBias.array) { hidden, recurrentBias in
                for step in 0..<steps {
                    let recurrent = recurrent + step * 3 * state
                    product.add(of: outputs, before: step, to: recurrent)
                    Scalar.gruCell(
                        gates: gates + step * 3 * state, recurrent: recurrent,
                        recurrentBias: recurrentBias,
                        previousHidden: step == 0
                            ? hidden : UnsafePointer(outputs + (step - 1) * state),
                        lengths: lengths, step: step, hidden: outputs + step * state, rows: batch,
                        width: width)
                }
            }
        }
        let values = [outputs, sequence.final(outputs, initial: hidden.array)]
        // As in the LSTM, derivatives take the place of what they are the derivatives by.
        let kept = Mutex((gates: gates, recurrent: recurrent))
        let results = primitive(
            .gru, [x, inputWeight, recurrentWeight, bias, recurrentBias, hidden], values: values
        ) { [outputs] g in
            let zeros = NDArray<Scalar>(repeating: 0, shape: [batch, width])
            var dHidden = zeros
            var dBias = NDArray<Scalar>(repeating: 0, shape: [4 * width])
            var dWeight = NDArray<Scalar>(repeating: 0, shape: recurrentWeight.shape)
            return kept.withLock { kept in
                withMutablePointers(&kept.gates, &kept.recurrent) { gates, recurrent in
                    withMutablePointers(&dHidden, &dBias) { dHidden, dBias in
                        withPointers(g[0] ?? zeros, g[1] ?? zeros) { dOutputs, dFinalHidden in
                            withPointers(hidden.array, outputs) { hidden, outputs in
                                for step in (0..<steps).reversed() {
                                    let recurrent = recurrent + step * 3 * state
                                    Scalar.gruCellDerivative(
                                        gates: gates + step * 3 * state, recurrent: recurrent,
                                        previousHidden: step == 0
                                            ? hidden : outputs + (step - 1) * state,
                                        g: dOutputs + (g[0] == nil ? 0 : step * state),
                                        dFinalHidden: dFinalHidden, lengths: lengths, step: step,
                                        steps: steps, dHidden: dHidden, dBias: dBias, rows: batch,
                                        width: width)
                                    product.derivative(
                                        before: step, gates: recurrent, into: dHidden,
                                        adding: true)
                                }
                            }
                        }
                    }
                }
                if recurrentWeight.isTracked {
                    product.derivativeByWeight(outputs, gates: kept.recurrent, into: &dWeight)
                }
                return [
                    x.isTracked
                        ? .matrixProduct(kept.gates, inputWeight.array, transposeB: true) : nil,
                    inputWeight.isTracked
                        ? .matrixProduct(x.array, kept.gates, transposeA: true) : nil,
                    dWeight, dBias.slice(axis: 0, 0..<3 * width),
                    dBias.slice(axis: 0, 3 * width..<4 * width),
                    sequence.initial(dHidden, final: g[1]),
                ]
            }
        }
        return (results[0], results[1])
    }
}
