import Arrays

/// What the recurrent layers share: the extents of a sequence of batches, and its ends.
struct SequenceExtents: Sendable {
    let steps: Int
    let batch: Int
    let width: Int
    let gates: Int
    let lengths: [Int]?

    /// - Precondition: The shapes fit; the message names those that do not.
    init<Scalar>(
        _ operation: String, _ x: NDArray<Scalar>, initial: [Tensor<Scalar>],
        inputWeight: Tensor<Scalar>, recurrentWeight: Tensor<Scalar>, gates: Int, lengths: [Int]?
    ) {
        precondition(
            x.rank == 3 && recurrentWeight.shape.count == 2,
            "\(operation): x \(x.shape), recurrent weight \(recurrentWeight.shape)")
        let (steps, batch, width) = (x.shape[0], x.shape[1], recurrentWeight.shape[0])
        precondition(
            inputWeight.shape == [x.shape[2], gates * width]
                && recurrentWeight.shape == [width, gates * width],
            "\(operation): x \(x.shape), weights \(inputWeight.shape) and "
                + "\(recurrentWeight.shape)")
        precondition(
            steps > 0 && initial.allSatisfy { $0.shape == [batch, width] },
            "\(operation): x \(x.shape), initial states \(initial.map(\.shape)), width \(width)")
        precondition(
            lengths.map { $0.count == batch && $0.allSatisfy { 0...steps ~= $0 } } ?? true,
            "\(operation): x \(x.shape) and lengths \(lengths ?? [])")
        (self.steps, self.batch, self.width) = (steps, batch, width)
        (self.gates, self.lengths) = (gates, lengths)
    }

    /// The states at each row's last step; the initial one for a row without steps.
    func final<Scalar>(_ states: NDArray<Scalar>, initial: NDArray<Scalar>) -> NDArray<Scalar> {
        guard let lengths else {
            return states.slice(axis: 0, steps - 1..<steps).reshaped(to: [batch, width])
        }
        return NDArray(shape: [batch, width]) { out in
            withPointers(states, initial) { states, initial in
                for (row, length) in lengths.enumerated() {
                    let state = length == 0 ? initial : states + (length - 1) * batch * width
                    (out + row * width).update(from: state + row * width, count: width)
                }
            }
        }
    }

    /// The derivative by the initial states, from what arrived at the first step: for a row
    /// without steps it is that by the final state.
    func initial<Scalar>(_ arrived: NDArray<Scalar>, final: NDArray<Scalar>?) -> NDArray<Scalar> {
        guard let lengths, let final, lengths.contains(0) else { return arrived }
        var result = arrived
        result.withUnsafeMutablePointer { out in
            final.withUnsafePointer { final in
                for (row, length) in lengths.enumerated() where length == 0 {
                    (out + row * width).update(from: final + row * width, count: width)
                }
            }
        }
        return result
    }
}

/// The product of the hidden state before each step and the recurrent weight.
///
/// Without an initial state the first step has none.
struct RecurrentProduct<Scalar: Arrays.Scalar>: Sendable {
    let initial: Tensor<Scalar>?
    let weight: Tensor<Scalar>
    let sequence: SequenceExtents

    private var columns: Int { sequence.gates * sequence.width }
    private var state: Int { sequence.batch * sequence.width }

    /// Adds the product to one step's sums.
    ///
    /// With a single row, reading the weight is all the work. Walking it to and fro, a part at a
    /// time, each step begins with what the step before has left in the cache.
    func add(
        of outputs: UnsafeMutablePointer<Scalar>, before step: Int,
        to sums: UnsafeMutablePointer<Scalar>
    ) {
        let width = sequence.width
        let part = sequence.batch == 1 ? 64 : width
        func add(_ hidden: UnsafePointer<Scalar>) {
            weight.array.withUnsafePointer { weight in
                let last = (width - 1) / part
                for position in 0...last {
                    let start = part * (step.isMultiple(of: 2) ? position : last - position)
                    Scalar.gemm(
                        transposeA: false, transposeB: false, m: sequence.batch, n: columns,
                        k: min(part, width - start), alpha: 1, a: hidden + start, lda: width,
                        b: weight + start * columns, ldb: columns, beta: 1, c: sums, ldc: columns)
                }
            }
        }
        if step > 0 {
            add(outputs + (step - 1) * state)
        } else if let initial {
            initial.array.withUnsafePointer(add)
        }
    }

    /// The derivative by the hidden state before a step, from that by the step's sums.
    func derivative(
        before step: Int, gates: UnsafePointer<Scalar>, into dHidden: UnsafeMutablePointer<Scalar>,
        adding: Bool
    ) {
        guard step > 0 || initial?.isTracked == true else { return }
        weight.array.withUnsafePointer { weight in
            Scalar.gemm(
                transposeA: false, transposeB: true, m: sequence.batch, n: sequence.width,
                k: columns, alpha: 1, a: gates, lda: columns, b: weight, ldb: columns,
                beta: adding ? 1 : 0, c: dHidden, ldc: sequence.width)
        }
    }

    /// Adds the derivative by the weight: one product over all steps but the first, which read the
    /// initial state.
    func derivativeByWeight(
        _ outputs: NDArray<Scalar>, gates: NDArray<Scalar>, into dWeight: inout NDArray<Scalar>
    ) {
        withPointers(outputs, gates) { outputs, gates in
            dWeight.withUnsafeMutablePointer { dWeight in
                func add(
                    _ hidden: UnsafePointer<Scalar>, _ gates: UnsafePointer<Scalar>, steps: Int
                ) {
                    Scalar.gemm(
                        transposeA: true, transposeB: false, m: sequence.width, n: columns,
                        k: steps * sequence.batch, alpha: 1, a: hidden, lda: sequence.width,
                        b: gates, ldb: columns, beta: 1, c: dWeight, ldc: columns)
                }
                if sequence.steps > 1 {
                    add(
                        outputs, gates + sequence.batch * columns, steps: sequence.steps - 1)
                }
                initial?.array.withUnsafePointer { add($0, gates, steps: 1) }
            }
        }
    }
}
