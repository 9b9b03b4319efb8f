import Arrays

/// The features of some rows as a shard stores them: numbers of 32 bits or of 16.
///
/// The memory comes from the pool of Arrays and goes back to it, so that a block is made where an
/// earlier one was. Different threads may write different rows.
public struct FeatureBlock: Sendable {
    /// Rows that there is room for.
    public let capacity: Int
    let stateWidth: Int
    let conditionWidth: Int
    let isHalf: Bool
    private let state: PooledBytes
    private let condition: PooledBytes

    /// Room for rows of 32-bit numbers, its content undefined.
    public init(capacity: Int, stateWidth: Int, conditionWidth: Int) {
        self.init(
            capacity: capacity, stateWidth: stateWidth, conditionWidth: conditionWidth,
            isHalf: false)
    }

    private init(capacity: Int, stateWidth: Int, conditionWidth: Int, isHalf: Bool) {
        self.capacity = capacity
        self.stateWidth = stateWidth
        self.conditionWidth = conditionWidth
        self.isHalf = isHalf
        let size = isHalf ? 2 : 4
        state = PooledBytes(count: size * capacity * stateWidth)
        condition = PooledBytes(count: size * capacity * conditionWidth)
    }

    /// Where the state of a row is written.
    public func state(row: Int) -> UnsafeMutablePointer<Float> {
        place(row, in: state, width: stateWidth)
    }

    /// Where the condition of a row is written.
    public func condition(row: Int) -> UnsafeMutablePointer<Float> {
        place(row, in: condition, width: conditionWidth)
    }

    private func place(
        _ row: Int, in memory: PooledBytes, width: Int
    ) -> UnsafeMutablePointer<Float> {
        precondition(
            !isHalf && (0..<capacity).contains(row), "FeatureBlock: row \(row) of \(capacity)")
        return memory.start.assumingMemoryBound(to: Float.self) + row * width
    }

    /// The first rows as 16-bit numbers.
    public func halves(rows: Int) -> FeatureBlock {
        let block = FeatureBlock(
            capacity: rows, stateWidth: stateWidth, conditionWidth: conditionWidth, isHalf: true)
        for (source, target, width) in [
            (state, block.state, stateWidth), (condition, block.condition, conditionWidth),
        ] {
            HalfPrecision.encode(
                source.start.assumingMemoryBound(to: Float.self), count: rows * width,
                into: target.start.assumingMemoryBound(to: UInt16.self))
        }
        return block
    }

    /// The blocks' first rows, so many of each, as the two tensors of a shard.
    static func tensors(_ blocks: [(block: FeatureBlock, rows: Int)]) -> [SafetensorsFile.Tensor] {
        guard let first = blocks.first?.block else { return [] }
        let size = first.isHalf ? 2 : 4
        func tensor(
            _ name: String, _ width: Int, _ memory: (FeatureBlock) -> PooledBytes
        ) -> SafetensorsFile.Tensor {
            SafetensorsFile.Tensor(
                name, dtype: first.isHalf ? .f16 : .f32,
                shape: [blocks.reduce(0) { $0 + $1.rows }, width],
                pieces: blocks.map { (memory($0.block), size * $0.rows * width) })
        }
        return [
            tensor("state", first.stateWidth) { $0.state },
            tensor("condition", first.conditionWidth) { $0.condition },
        ]
    }
}
