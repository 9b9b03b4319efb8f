import Arrays
import Autodiff
import Random

/// Gated recurrent units in one or more layers.
///
/// Shape: `[batch, time, in]` to `[batch, time, width]`.
/// Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
public typealias GRU<Scalar: Arrays.Scalar> = Recurrent<GRUCell<Scalar>>

/// One layer of a ``GRU``.
///
/// The gates r, z, n are blocks of columns, in PyTorch's order, and the reset gate acts on the
/// recurrent product with its bias, as there. Of PyTorch's two biases only n's stay apart:
/// `bias = bias_ih + [bias_hh's r and z, 0]`, and `recurrentBias` is n's part of `bias_hh`.
public struct GRUCell<Scalar: Arrays.Scalar>: RecurrentCell {
    /// Shape: `[in, 3 width]`.
    public var inputWeight: Parameter<Scalar>
    /// Shape: `[width, 3 width]`.
    public var recurrentWeight: Parameter<Scalar>
    /// Shape: `[3 width]`.
    public var bias: Parameter<Scalar>
    /// Shape: `[width]`.
    public var recurrentBias: Parameter<Scalar>

    /// Weights start uniform within 1 / sqrt(width), biases at 0.
    public init(inputs: Int, width: Int, stream: RandomStream) {
        inputWeight = Parameter(
            Initializer.uniformFanIn(
                [inputs, 3 * width], fanIn: width, stream: stream.stream("inputWeight")),
            decays: true)
        recurrentWeight = Parameter(
            Initializer.uniformFanIn(
                [width, 3 * width], fanIn: width, stream: stream.stream("recurrentWeight")),
            decays: true)
        bias = Parameter(NDArray(repeating: 0, shape: [3 * width]), decays: false)
        recurrentBias = Parameter(NDArray(repeating: 0, shape: [width]), decays: false)
    }

    public struct State: RecurrentState {
        /// Shape: `[batch, width]`.
        public var hidden: Tensor<Scalar>

        public init(hidden: Tensor<Scalar>) { self.hidden = hidden }
    }

    public func callAsFunction(_ x: Tensor<Scalar>, initial: State?, lengths: [Int]?)
        -> (outputs: Tensor<Scalar>, final: State)
    {
        let (outputs, hidden) = Tensor.gru(
            x, initial: initial?.hidden, inputWeight: inputWeight.tensor,
            recurrentWeight: recurrentWeight.tensor, bias: bias.tensor,
            recurrentBias: recurrentBias.tensor, lengths: lengths)
        return (outputs, State(hidden: hidden))
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("inputWeight"), &inputWeight)
        try body(path.appending("recurrentWeight"), &recurrentWeight)
        try body(path.appending("bias"), &bias)
        try body(path.appending("recurrentBias"), &recurrentBias)
    }
}
