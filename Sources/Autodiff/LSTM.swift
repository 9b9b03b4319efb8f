import Arrays
import Synchronization

extension Tensor {
    /// One LSTM layer over a sequence of batches.
    ///
    /// The gates i, f, g, o are blocks of columns: `[i f g o] = x inputWeight + h recurrentWeight +
    /// bias`, then `c = σ(f) c + σ(i) tanh(g)` and `h = σ(o) tanh(c)`. All steps' input products are
    /// one matrix product, and so is each weight's gradient.
    ///
    /// Shape: x `[time, batch, in]`, states `[batch, width]`, weights `[in, 4 width]` and
    /// `[width, 4 width]`, bias `[4 width]`; outputs `[time, batch, width]`.
    /// Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of
    /// Gers et al., 2000.
    ///
    /// - Parameters:
    ///   - initial: The hidden and the cell state before the first step; zeros where there is none.
    ///   - lengths: The number of steps of each row. Beyond them x must be finite and is not used;
    ///     outputs are zero, and the final states are those of a row's own last step.
    public static func lstm(
        _ x: Tensor, initial: (hidden: Tensor, cell: Tensor)? = nil, inputWeight: Tensor,
        recurrentWeight: Tensor, bias: Tensor, lengths: [Int]? = nil
    ) -> (outputs: Tensor, hidden: Tensor, cell: Tensor) {
        let sequence = SequenceExtents(
            "lstm", x.array, initial: initial.map { [$0.hidden, $0.cell] } ?? [],
            inputWeight: inputWeight, recurrentWeight: recurrentWeight, gates: 4, lengths: lengths)
        let (steps, batch, width) = (sequence.steps, sequence.batch, sequence.width)
        let state = batch * width
        let zeros = Tensor(NDArray(repeating: 0, shape: [batch, width]))
        let (hidden, cell) = initial ?? (zeros, zeros)
        let product = RecurrentProduct(
            initial: initial?.hidden, weight: recurrentWeight, sequence: sequence)

        var gates = NDArray.matrixProduct(x.array, inputWeight.array, bias: bias.array)
        var outputs = NDArray<Scalar>.uninitialized(shape: [steps, batch, width])
        var cells = outputs
        withMutablePointers(&gates, &outputs, &cells) { gates, outputs, cells in
            cell.array.withUnsafePointer { cell in
                for step in 0..<steps {
                    let gates = gates + step * 4 * state
                    product.add(of: outputs, before: step, to: gates)
                    Scalar.lstmCell(
                        gates: gates,
                        previousCell: step == 0 ? cell : UnsafePointer(cells + (step - 1) * state),
                        lengths: lengths, step: step, cell: cells + step * state,
                        hidden: outputs + step * state, rows: batch, width: width)
                }
            }
        }
        let values = [
            outputs, sequence.final(outputs, initial: hidden.array),
            sequence.final(cells, initial: cell.array),
        ]
        // The derivatives by the gates' sums take the gates' place: the largest buffer is there once.
        let kept = Mutex(gates)
        let results = primitive(
            .lstm, [x, inputWeight, recurrentWeight, bias, hidden, cell], values: values
        ) { [outputs, cells] g in
            let zeros = NDArray<Scalar>(repeating: 0, shape: [batch, width])
            var dHidden = zeros
            var dCell = zeros
            var dBias = NDArray<Scalar>(repeating: 0, shape: bias.shape)
            var dWeight = NDArray<Scalar>(repeating: 0, shape: recurrentWeight.shape)
            return kept.withLock { gates in
                gates.withUnsafeMutablePointer { gates in
                    withMutablePointers(&dHidden, &dCell, &dBias) { dHidden, dCell, dBias in
                        withPointers(g[0] ?? zeros, g[1] ?? zeros, g[2] ?? zeros) {
                            dOutputs, dFinalHidden, dFinalCell in
                            withPointers(cell.array, cells) { cell, cells in
                                for step in (0..<steps).reversed() {
                                    let gates = gates + step * 4 * state
                                    Scalar.lstmCellDerivative(
                                        gates: gates,
                                        previousCell: step == 0
                                            ? cell : cells + (step - 1) * state,
                                        cell: cells + step * state,
                                        g: dOutputs + (g[0] == nil ? 0 : step * state),
                                        dFinalHidden: dFinalHidden, dFinalCell: dFinalCell,
                                        lengths: lengths, step: step, steps: steps,
                                        dHidden: dHidden, dCell: dCell, dBias: dBias, rows: batch,
                                        width: width)
                                    product.derivative(
                                        before: step, gates: gates, into: dHidden, adding: false)
                                }
                            }
                        }
                    }
                }
                if recurrentWeight.isTracked {
                    product.derivativeByWeight(outputs, gates: gates, into: &dWeight)
                }
                return [
                    x.isTracked
                        ? .matrixProduct(gates, inputWeight.array, transposeB: true) : nil,
                    inputWeight.isTracked
                        ? .matrixProduct(x.array, gates, transposeA: true) : nil,
                    dWeight, dBias, sequence.initial(dHidden, final: g[1]),
                    sequence.initial(dCell, final: g[2]),
                ]
            }
        }
        return (results[0], results[1], results[2])
    }
}
