import Random

/// Which rows a step trains on: a pure function of the seed and the step.
///
/// Every epoch is a fresh permutation of the rows; its incomplete last batch is left out.
package struct BatchOrder: Sendable {
    private let rowCount: Int
    private let batch: Int
    private let stream: RandomStream
    /// The last epoch asked for, kept because the steps of one follow each other.
    private var current: (epoch: Int, permutation: [Int]) = (-1, [])

    package init(rowCount: Int, batch: Int, stream: RandomStream) {
        self.rowCount = rowCount
        self.batch = min(batch, rowCount)
        self.stream = stream
    }

    package mutating func rows(at step: Int) -> [Int] {
        let stepsPerEpoch = rowCount / batch
        let (epoch, position) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        if epoch != current.epoch {
            var stream = stream.stream(epoch)
            current = (epoch, stream.permutation(rowCount))
        }
        return Array(current.permutation[position * batch..<(position + 1) * batch])
    }
}
