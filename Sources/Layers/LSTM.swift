import Arrays
import Autodiff
import Random

/// A long short-term memory of one or more layers.
///
/// Shape: `[batch, time, in]` to `[batch, time, width]`.
/// Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997.
public typealias LSTM<Scalar: Arrays.Scalar> = Recurrent<LSTMCell<Scalar>>

/// One layer of an ``LSTM``.
///
/// The gates i, f, g, o are blocks of columns, in PyTorch's order. PyTorch keeps the weights
/// transposed and two biases, of which only the sum matters: `bias = bias_ih + bias_hh`.
public struct LSTMCell<Scalar: Arrays.Scalar>: RecurrentCell {
    /// Shape: `[in, 4 width]`.
    public var inputWeight: Parameter<Scalar>
    /// Shape: `[width, 4 width]`.
    public var recurrentWeight: Parameter<Scalar>
    /// Shape: `[4 width]`.
    public var bias: Parameter<Scalar>

    /// Weights start uniform within 1 / sqrt(width), biases at 0, the forget gate's at 1, so that
    /// a cell remembers until it learns to forget (Jozefowicz et al., 2015).
    public init(inputs: Int, width: Int, stream: RandomStream) {
        inputWeight = Parameter(
            Initializer.uniformFanIn(
                [inputs, 4 * width], fanIn: width, stream: stream.stream("inputWeight")),
            decays: true)
        recurrentWeight = Parameter(
            Initializer.uniformFanIn(
                [width, 4 * width], fanIn: width, stream: stream.stream("recurrentWeight")),
            decays: true)
        let gates: [Scalar] = [0, 1, 0, 0]
        bias = Parameter(
            NDArray(gates.flatMap { Array(repeating: $0, count: width) }), decays: false)
    }

    public struct State: RecurrentState {
        /// Shape: `[batch, width]`, as is the cell's.
        public var hidden: Tensor<Scalar>
        public var cell: Tensor<Scalar>

        public init(hidden: Tensor<Scalar>, cell: Tensor<Scalar>) {
            self.hidden = hidden
            self.cell = cell
        }
    }

    public func callAsFunction(_ x: Tensor<Scalar>, initial: State?, lengths: [Int]?)
        -> (outputs: Tensor<Scalar>, final: State)
    {
        let (outputs, hidden, cell) = Tensor.lstm(
            x, initial: initial.map { ($0.hidden, $0.cell) }, inputWeight: inputWeight.tensor,
            recurrentWeight: recurrentWeight.tensor, bias: bias.tensor, lengths: lengths)
        return (outputs, State(hidden: hidden, cell: cell))
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try body(path.appending("inputWeight"), &inputWeight)
        try body(path.appending("recurrentWeight"), &recurrentWeight)
        try body(path.appending("bias"), &bias)
    }
}
