import Arrays

/// An array, and where it stands on a tape if it is on one.
///
/// A value: copying is cheap, and a copy never changes with the original. Operations on tensors
/// that are on no tape are plain arithmetic and record nothing.
public struct Tensor<Scalar: Arrays.Scalar>: Sendable {
    struct Node: Sendable {
        let tape: Tape<Scalar>
        let index: Int
    }

    public private(set) var array: NDArray<Scalar>
    let node: Node?

    init(_ array: NDArray<Scalar>, node: Node?) {
        self.array = array
        self.node = node
    }

    /// A constant: nothing is recorded until it meets a tensor on a tape.
    public init(_ array: NDArray<Scalar>) {
        self.init(array, node: nil)
    }

    /// The extent of each axis, outermost first.
    public var shape: [Int] { array.shape }

    /// Whether derivatives by this tensor are being recorded.
    public var isTracked: Bool { node != nil }

    /// The same values on no tape.
    public var detached: Tensor { Tensor(array) }

    /// Changes the values in place; copies them first where they are shared.
    ///
    /// - Precondition: The tensor is on no tape.
    public mutating func update(_ body: (inout NDArray<Scalar>) throws -> Void) rethrows {
        precondition(node == nil, "update: a tensor on a tape cannot change")
        try body(&array)
    }
}
