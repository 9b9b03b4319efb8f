import Arrays
import Autodiff
import Random

/// What one layer of a recurrent network does: it reads a sequence and carries a state along.
///
/// Cells see sequences time first, so that the rows of one step lie together; ``Recurrent``
/// exchanges the axes once on the way in and once on the way out.
public protocol RecurrentCell<Scalar>: Module {
    /// What is carried from step to step.
    associatedtype State: RecurrentState<Scalar>

    init(inputs: Int, width: Int, stream: RandomStream)

    /// Shape: x `[time, batch, in]`, states `[batch, width]`, outputs `[time, batch, width]`.
    ///
    /// - Parameters:
    ///   - initial: The state before the first step; zeros where there is none.
    ///   - lengths: The number of steps of each row; all where there are none. Outputs beyond are
    ///     zero, the final state is that at a row's last step.
    func callAsFunction(_ x: Tensor<Scalar>, initial: State?, lengths: [Int]?)
        -> (outputs: Tensor<Scalar>, final: State)
}

/// The state of a recurrent layer; the hidden state is what leaves it.
public protocol RecurrentState<Scalar>: Sendable {
    associatedtype Scalar: Arrays.Scalar

    /// Shape: `[batch, width]`.
    var hidden: Tensor<Scalar> { get }
}

/// Recurrent layers on top of each other, batch first, with dropout between them in training.
///
/// Shape: `[batch, time, in]` to `[batch, time, width]`.
public struct Recurrent<Cell: RecurrentCell>: Layer {
    public typealias Scalar = Cell.Scalar

    public var cells: [Cell]
    /// Of the dropout between layers.
    public let rate: Double

    /// - Parameter dropout: The rate between layers, in `0..<1`; none applies after the last.
    public init(
        inputs: Int, width: Int, layers: Int = 1, dropout: Double = 0, stream: RandomStream
    ) {
        precondition(layers > 0, "Recurrent: \(layers) layers; at least one is needed")
        precondition(dropout >= 0 && dropout < 1, "Recurrent: a rate of \(dropout) is not in 0..<1")
        cells = (0..<layers).map {
            Cell(
                inputs: $0 == 0 ? inputs : width, width: width,
                stream: stream.stream("cells").stream($0))
        }
        rate = dropout
    }

    /// What a pass over a sequence leaves.
    public struct Result: Sendable {
        /// Time first, as the last layer made it.
        let sequence: Tensor<Scalar>
        /// Of each layer, the first one first, at each row's last step.
        public let finalStates: [Cell.State]

        /// The last layer's output at every step; zero beyond a row's length.
        ///
        /// Shape: `[batch, time, width]`. Made when asked for.
        public var outputs: Tensor<Scalar> { sequence.exchangingLeadingAxes() }

        /// The last layer's output at each row's last step.
        ///
        /// Shape: `[batch, width]`.
        public var last: Tensor<Scalar> { finalStates[finalStates.count - 1].hidden }
    }

    /// The outputs and the final states of a batch of sequences.
    ///
    /// - Parameters:
    ///   - initial: A state for each layer; zeros where there are none.
    ///   - lengths: The number of steps of each row, 0 or more; all where there are none. What lies
    ///     beyond has no influence on anything, whatever it is.
    public func run(
        _ x: Tensor<Scalar>, initial: [Cell.State]? = nil, lengths: [Int]? = nil, mode: Mode
    ) -> Result {
        precondition(
            initial.map { $0.count == cells.count } ?? true,
            "Recurrent: \(initial?.count ?? 0) initial states for \(cells.count) layers")
        var sequence = (lengths.map { x.truncated(to: $0) } ?? x).exchangingLeadingAxes()
        var finalStates: [Cell.State] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 {
                sequence = Dropout(rate: rate)(sequence, mode: mode.child("dropout.\(index)"))
            }
            let result = cell(sequence, initial: initial?[index], lengths: lengths)
            sequence = result.outputs
            finalStates.append(result.final)
        }
        return Result(sequence: sequence, finalStates: finalStates)
    }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        run(x, mode: mode).outputs
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        for index in cells.indices {
            try cells[index].forEachParameter(at: path.appending("cells.\(index)"), body)
        }
    }
}

/// A recurrent network of which only the last output is wanted: a sequence to one row.
///
/// Shape: `[batch, time, in]` to `[batch, width]`.
public struct LastOutput<Cell: RecurrentCell>: Layer {
    public typealias Scalar = Cell.Scalar

    public var network: Recurrent<Cell>

    public init(of network: Recurrent<Cell>) { self.network = network }

    public func callAsFunction(_ x: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
        network.run(x, mode: mode.child("network")).last
    }

    public mutating func forEachParameter(
        at path: ParameterPath,
        _ body: (ParameterPath, inout Parameter<Scalar>) throws -> Void
    ) rethrows {
        try network.forEachParameter(at: path.appending("network"), body)
    }
}
