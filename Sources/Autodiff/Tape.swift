import Arrays
import Synchronization

/// The record of a computation: a flat list that is only appended to, so that its order is
/// topological, the way back is a loop, and gradients add up in the same order every time.
public final class Tape<Scalar: Arrays.Scalar>: Sendable {
    /// From the derivatives by an operation's results to those by its inputs; `nil` is zero. It is
    /// called once at most.
    typealias Pullback = @Sendable (_ g: [NDArray<Scalar>?]) -> [NDArray<Scalar>?]

    /// An operation with its first result; each further result has an empty entry after it.
    private struct Entry: Sendable {
        var inputs: [Int?] = []
        var resultCount = 1
        var pullback: Pullback?
    }

    private let entries = Mutex<[Entry]>([])

    public init() {}

    /// Puts a tensor on the tape, so that gradients by it can be asked for.
    public func watch(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
        let index = append(inputs: [], resultCount: 1, pullback: nil)
        return Tensor(tensor.array, node: .init(tape: self, index: index))
    }

    /// Records an operation and returns the index of its first result; the others follow it.
    func append(inputs: [Int?], resultCount: Int, pullback: Pullback?) -> Int {
        entries.withLock { entries in
            let index = entries.count
            entries.append(Entry(inputs: inputs, resultCount: resultCount, pullback: pullback))
            for _ in 1..<resultCount { entries.append(Entry()) }
            return index
        }
    }

    /// The gradients of a number by tensors that were put on this tape.
    ///
    /// The tape is used up: its records, and the intermediate arrays that they hold, are released
    /// on the way.
    ///
    /// - Returns: One array a source, of its shape; zeros where the loss does not depend on it.
    /// - Precondition: `loss` is a single number and on this tape, as are all sources.
    public func gradients(of loss: Tensor<Scalar>, by sources: [Tensor<Scalar>])
        -> [NDArray<Scalar>]
    {
        precondition(
            loss.array.count == 1, "gradients: a loss of shape \(loss.shape) is not a number")
        guard let last = loss.node, last.tape === self else {
            preconditionFailure("gradients: the loss is not on this tape")
        }
        var entries = self.entries.withLock { entries in
            defer { entries.removeAll() }
            return entries
        }
        precondition(
            last.index < entries.count, "gradients: this tape was used up by an earlier call")
        var gradients = [NDArray<Scalar>?](repeating: nil, count: entries.count)
        var isSource = [Bool](repeating: false, count: entries.count)
        for source in sources {
            guard let node = source.node, node.tape === self else {
                preconditionFailure("gradients: a source of shape \(source.shape) is not watched")
            }
            isSource[node.index] = true
        }
        gradients[last.index] = NDArray(repeating: 1, shape: loss.shape)
        for index in stride(from: last.index, through: 0, by: -1) {
            // Taking the entry out releases what its derivative held as soon as it is done.
            let entry = exchange(&entries[index], with: Entry())
            let results = index..<index + entry.resultCount
            guard let pullback = entry.pullback, gradients[results].contains(where: { $0 != nil })
            else { continue }
            let received = Array(gradients[results])
            for result in results where !isSource[result] { gradients[result] = nil }
            let contributions = pullback(received)
            for (input, contribution) in zip(entry.inputs, contributions) {
                guard let input, let contribution else { continue }
                if gradients[input] == nil {
                    gradients[input] = contribution
                } else {
                    gradients[input]?.add(contribution)
                }
            }
        }
        return sources.map { source in
            source.node.flatMap { gradients[$0.index] }
                ?? NDArray(repeating: 0, shape: source.shape)
        }
    }
}

private func exchange<Value>(_ place: inout Value, with value: Value) -> Value {
    let old = place
    place = value
    return old
}
