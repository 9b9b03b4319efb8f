import Arrays

/// Every operation that has a derivative of its own. All others are made of these.
///
/// The gradient checks walk `allCases`, so a primitive cannot be added without one.
public enum Primitive: String, CaseIterable, Sendable {
    // Products
    case matrixProduct, linear
    // Arithmetic
    case add, subtract, multiply, divide, affine
    // Functions of one variable
    case exp, log, squareRoot, tanh, sigmoid, relu, gelu, geluTanh, silu, softplus
    // Reductions
    case sum, mean, sumAlongAxis, cumulativeSum
    // Rearrangements
    case reshape, transpose, exchangeLeadingAxes, truncate, concatenate, slice, gather
    // Layers and losses
    case dropout, layerNorm, pinball
    // Sequences
    case lstm, gru, softmax
    // Members and numerical embeddings
    case groupedProduct, memberAffine, binEmbedding, waves
}

/// Puts an operation's value on the tape of its inputs, with its derivative beside it.
///
/// - Parameters:
///   - inputs: The operands. Where none of them is on a tape, nothing is recorded.
///   - value: The result.
///   - pullback: From the derivative of the loss by the result to its derivative by each input;
///     `nil` for an input that is not on the tape or has no derivative.
/// - Precondition: All inputs on a tape are on the same one.
func primitive<Scalar>(
    _ operation: Primitive, _ inputs: [Tensor<Scalar>], value: NDArray<Scalar>,
    pullback: @escaping @Sendable (_ g: NDArray<Scalar>) -> [NDArray<Scalar>?]
) -> Tensor<Scalar> {
    guard tape(of: inputs) != nil else { return Tensor(value) }
    return primitive(operation, inputs, values: [value]) { g in
        g[0].map { pullback($0) } ?? []
    }[0]
}

/// The same for an operation with several results; a result that nothing depends on has no
/// derivative.
func primitive<Scalar>(
    _ operation: Primitive, _ inputs: [Tensor<Scalar>], values: [NDArray<Scalar>],
    pullback: @escaping Tape<Scalar>.Pullback
) -> [Tensor<Scalar>] {
    guard let tape = tape(of: inputs) else { return values.map { Tensor($0) } }
    var indices: [Int?] = []
    for input in inputs {
        precondition(input.node.map { $0.tape === tape } ?? true, "\(operation): two tapes")
        indices.append(input.node?.index)
    }
    let first = tape.append(inputs: indices, resultCount: values.count, pullback: pullback)
    return values.enumerated().map { offset, value in
        Tensor(value, node: .init(tape: tape, index: first + offset))
    }
}

/// The tape that an input is on. A loop, because a key path in generic code is built anew by every
/// call and took a quarter of the time of pricing one row.
private func tape<Scalar>(of inputs: [Tensor<Scalar>]) -> Tape<Scalar>? {
    for input in inputs {
        if let node = input.node { return node.tape }
    }
    return nil
}
