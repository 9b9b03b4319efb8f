import Arrays
import Files

/// Rows on their way into a shard of a feature store.
///
/// The features are written in place through ``withFeatures``, all of every row; the other columns
/// are arrays of one entry a row.
public struct FeatureRows: Sendable {
    public private(set) var count: Int

    /// The price's distance from the reference in units of the scale.
    public var label: [Float] = []
    /// What the label is the distance from, per 100 of par.
    public var reference: [Float] = []
    /// Points of price in a unit of the label.
    public var scale: [Float] = []
    public var weight: [Float] = []
    /// Execution, in UTC epoch nanoseconds.
    public var time: [Int64] = []
    public var reportTime: [Int64] = []
    /// Dollars of par.
    public var quantity: [Double] = []
    /// Per 100 of par.
    public var price: [Double] = []
    /// 0 where the dealer buys from a client, 1 where it sells to one, 2 between dealers.
    public var side: [UInt8] = []
    public var isATS: [UInt8] = []
    public var cusip: [String] = []
    public var figi: [String] = []
    public var tradeID: [String] = []

    private var state: FeatureBlock
    private var condition: FeatureBlock

    /// - Parameter isHalf: whether features are stored as 16-bit numbers.
    public init(count: Int, stateWidth: Int, conditionWidth: Int, isHalf: Bool) {
        self.count = count
        state = FeatureBlock(rows: count, width: stateWidth, isHalf: isHalf)
        condition = FeatureBlock(rows: count, width: conditionWidth, isHalf: isHalf)
    }

    /// Drops the features of all rows but the first ones.
    public mutating func keepFirst(_ count: Int) {
        precondition(count <= self.count, "FeatureRows: \(count) of \(self.count) rows")
        guard count < self.count else { return }
        state.keepFirst(count)
        condition.keepFirst(count)
        self.count = count
    }

    /// Where features are written. Rows may be written from several threads.
    public struct Features {
        fileprivate let state: FeatureBlock.Room
        fileprivate let condition: FeatureBlock.Room

        /// The place of a row's state, to be written as it is stored; nil where it is stored as
        /// 16-bit numbers.
        public func state(row: Int) -> UnsafeMutablePointer<Float>? { state.place(of: row) }

        /// Stores the features of a row.
        public func store(
            row: Int, state values: UnsafePointer<Float>, condition: UnsafePointer<Float>
        ) {
            state.store(values, row: row)
            store(row: row, condition: condition)
        }

        /// Stores the condition of a row whose state was written in its place.
        public func store(row: Int, condition values: UnsafePointer<Float>) {
            condition.store(values, row: row)
        }
    }

    /// Runs a body that writes features.
    public mutating func withFeatures<Result>(
        _ body: (Features) throws -> Result
    ) rethrows -> Result {
        try state.withRoom { state in
            try condition.withRoom { condition in
                try body(Features(state: state, condition: condition))
            }
        }
    }

    /// Writes the shard; it appears when it is complete.
    /// - Precondition: every column has `count` entries.
    public func write(to path: String, schemaHash: String) throws(FileError) {
        let counts = [
            label.count, reference.count, scale.count, weight.count, time.count, reportTime.count,
            quantity.count, price.count, side.count, isATS.count, cusip.count, figi.count,
            tradeID.count,
        ]
        precondition(
            counts.allSatisfy { $0 == count }, "FeatureRows: columns of \(counts), \(count) rows")
        func floats(_ values: [Float]) -> NDArray<Float> {
            NDArray(shape: [values.count]) { pointer in
                for (index, value) in values.enumerated() { pointer[index] = value }
            }
        }
        func doubles(_ values: [Double]) -> NDArray<Double> {
            NDArray(shape: [values.count]) { pointer in
                for (index, value) in values.enumerated() { pointer[index] = value }
            }
        }
        // Wide types first, so that every column is aligned.
        var tensors: [SafetensorsFile.Tensor] = []
        tensors.append(.init("time", time))
        tensors.append(.init("report_time", reportTime))
        tensors.append(.init("quantity", doubles(quantity)))
        tensors.append(.init("price", doubles(price)))
        tensors.append(.init("label", floats(label)))
        tensors.append(.init("reference", floats(reference)))
        tensors.append(.init("scale", floats(scale)))
        tensors.append(.init("weight", floats(weight)))
        tensors.append(state.tensor("state"))
        tensors.append(condition.tensor("condition"))
        tensors.append(.init("side", dtype: .u8, shape: [count], bytes: side))
        tensors.append(.init("ats", dtype: .u8, shape: [count], bytes: isATS))
        tensors.append(Self.texts("cusip", cusip))
        tensors.append(Self.texts("figi", figi))
        tensors.append(Self.texts("trade_id", tradeID))
        try SafetensorsFile.write(
            tensors, metadata: ["schema": schemaHash, "rows": String(count)], to: path)
    }

    /// Texts of one width, filled up with zeros.
    private static func texts(_ name: String, _ texts: [String]) -> SafetensorsFile.Tensor {
        let width = max(1, texts.lazy.map(\.utf8.count).max() ?? 1)
        var bytes = [UInt8](repeating: 0, count: texts.count * width)
        for (row, text) in texts.enumerated() {
            for (index, byte) in text.utf8.enumerated() { bytes[row * width + index] = byte }
        }
        return .init(name, dtype: .u8, shape: [texts.count, width], bytes: bytes)
    }
}
