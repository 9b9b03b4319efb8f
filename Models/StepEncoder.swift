import Arrays
import Autodiff
import Layers
import Random

/// Turns each sequence of steps into a row of numbers, and joins them with all features.
///
/// The first number of a step says whether there is one; steps are the newest first, those that
/// there are before those that there are not.
///
/// Attention: each step's numbers and the whole row give an embedding, whose scores under each head
/// weigh the steps; each head pools its own part of the embedding. LSTM: the steps are read from the
/// oldest to the newest, and the last output is taken. Both end in a normalisation.
///
/// Shape: `[batch, input]`, constants, to `[batch, input + sequences x width]`.
struct StepEncoder<Scalar: Arrays.Scalar>: Module {
    private enum Reader: Sendable {
        case attention(StepAttention<Scalar>)
        case lstm(LSTM<Scalar>)
    }

    private let structure: FeatureStructure
    private var reader: Reader
    private var norms: [LayerNorm<Scalar>]

    init(
        _ spec: StepEncoderSpec, structure: FeatureStructure, inputs: Int, stream: RandomStream
    ) {
        self.structure = structure
        switch spec.kind {
        case .attention:
            reader = .attention(
                StepAttention(
                    channels: structure.channels, context: inputs, width: spec.width,
                    heads: spec.heads, stream: stream.stream("attention")))
        case .lstm:
            reader = .lstm(
                LSTM(
                    inputs: structure.channels, width: spec.width, stream: stream.stream("lstm")))
        }
        norms = structure.sequences.map { _ in LayerNorm(features: spec.width) }
    }

    func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        var parts = [x]
        let context: Tensor<Scalar>? =
            if case .attention(let attention) = reader { attention.context(of: x) } else { nil }
        for (sequence, norm) in zip(structure.sequences, norms) {
            let steps = Steps(x.array, sequence, channels: structure.channels)
            let pooled =
                switch reader {
                case .attention(let attention): attention(steps, context: context)
                case .lstm(let lstm):
                    lstm.run(
                        Tensor(steps.oldestFirst()), lengths: steps.lengths,
                        mode: mode.child("lstm")
                    ).last
                }
            parts.append(norm(pooled, mode: mode))
        }
        return .concatenate(parts, axis: 1)
    }

    mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        switch reader {
        case .attention(var attention):
            try attention.forEachParameter(at: path.appending("attention"), body)
            reader = .attention(attention)
        case .lstm(var lstm):
            try lstm.forEachParameter(at: path.appending("lstm"), body)
            reader = .lstm(lstm)
        }
        for index in norms.indices {
            try norms[index].forEachParameter(at: path.appending("norms.\(index)"), body)
        }
    }
}

/// The steps of one sequence. Shape: `[batch, step, channel]`.
private struct Steps<Scalar: Arrays.Scalar> {
    let values: NDArray<Scalar>
    /// 1 where there is a step. Shape: `[batch, step]`.
    let mask: NDArray<Scalar>

    init(_ x: NDArray<Scalar>, _ sequence: FeatureStructure.Sequence, channels: Int) {
        let (rows, count) = (x.rows, sequence.steps)
        let first = sequence.start * channels
        let values = x.slice(axis: 1, first..<first + count * channels)
            .reshaped(to: [rows, count, channels])
        self.values = values
        mask = NDArray(shape: [rows, count]) { mask in
            values.withUnsafePointer { values in
                for step in 0..<rows * count {
                    mask[step] = values[step * channels] > Scalar(0.5) ? 1 : 0
                }
            }
        }
    }

    /// How many steps there are in each row.
    var lengths: [Int] {
        let (rows, steps) = (mask.rows, mask.columns)
        return mask.withUnsafePointer { mask in
            (0..<rows).map { row in
                (0..<steps).reduce(0) { $0 + (mask[row * steps + $1] > 0 ? 1 : 0) }
            }
        }
    }

    /// The steps that there are in the order of time, zeros after them.
    func oldestFirst() -> NDArray<Scalar> {
        let (steps, channels) = (values.shape[1], values.shape[2])
        let lengths = lengths
        return NDArray(shape: values.shape) { out in
            out.initialize(repeating: 0, count: values.count)
            values.withUnsafePointer { values in
                for (row, length) in lengths.enumerated() {
                    for step in 0..<length {
                        (out + (row * steps + step) * channels).update(
                            from: values + (row * steps + length - 1 - step) * channels,
                            count: channels)
                    }
                }
            }
        }
    }
}

/// Softmax pooling of embedded steps, with several heads that pool a part of the embedding each.
private struct StepAttention<Scalar: Arrays.Scalar>: Module {
    private let heads: Int
    private var step: Dense<Scalar>
    /// Shape: `[input, width]`.
    private var contextWeight: Parameter<Scalar>
    /// Shape: `[width, head]`.
    private var query: Parameter<Scalar>

    init(channels: Int, context: Int, width: Int, heads: Int, stream: RandomStream) {
        self.heads = heads
        step = Dense(inputs: channels, outputs: width, stream: stream.stream("step"))
        contextWeight = Parameter(
            Initializer.uniformFanIn([context, width], stream: stream.stream("context")),
            decays: true)
        query = Parameter(
            Initializer.uniformFanIn([width, heads], stream: stream.stream("query")),
            decays: true)
    }

    /// What all steps of a row add to their embedding.
    func context(of x: Tensor<Scalar>) -> Tensor<Scalar> {
        .matrixProduct(x, contextWeight.tensor)
    }

    func callAsFunction(_ steps: Steps<Scalar>, context: Tensor<Scalar>?) -> Tensor<Scalar> {
        let (rows, count) = (steps.mask.rows, steps.mask.columns)
        let width = step.bias.shape[0]
        let ones = Tensor(NDArray<Scalar>(repeating: 1, shape: [rows, width]))
        let embedded = step(Tensor(steps.values), mode: .inference)
            .memberAffine(scale: ones, bias: context).gelu()
        let scores = Tensor.matrixProduct(embedded, query.tensor)
        let weights = (0..<heads).map { head in
            scores.slice(axis: 2, head..<head + 1).reshaped(to: [rows, count])
                .softmax(mask: steps.mask).reshaped(to: [rows, 1, count])
        }
        let pooled = Tensor.groupedProduct(.concatenate(weights, axis: 1), weight: embedded)
        // Each head keeps its own part of the width.
        let part = width / heads
        let own = NDArray<Scalar>(shape: [heads * width]) { own in
            for head in 0..<heads {
                for column in 0..<width {
                    own[head * width + column] = column / part == head ? 1 : 0
                }
            }
        }
        return (pooled.reshaped(to: [rows, heads * width]) * Tensor(own))
            .reshaped(to: [rows, heads, width]).sum(axis: 1)
    }

    mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try step.forEachParameter(at: path.appending("step"), body)
        try body(path.appending("contextWeight"), &contextWeight)
        try body(path.appending("query"), &query)
    }
}
