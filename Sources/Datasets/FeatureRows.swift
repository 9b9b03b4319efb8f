import Arrays
import Files

/// Rows on their way into a shard of a feature store.
///
/// The features are in blocks, one behind the other; the other columns are arrays of one entry a row.
public struct FeatureRows: Sendable {
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

    private var blocks: [(block: FeatureBlock, rows: Int)] = []

    public init() {}

    /// The rows whose features are there.
    public var count: Int { blocks.reduce(0) { $0 + $1.rows } }

    /// Appends the features of a block's first rows.
    /// - Precondition: all blocks are of the same widths and of the same kind of numbers.
    public mutating func append(_ block: FeatureBlock, rows: Int) {
        precondition(
            rows <= block.capacity, "FeatureRows: \(rows) rows of a block of \(block.capacity)")
        if let first = blocks.first?.block {
            precondition(
                first.stateWidth == block.stateWidth
                    && first.conditionWidth == block.conditionWidth
                    && first.isHalf == block.isHalf, "FeatureRows: blocks of different kinds")
        }
        blocks.append((block, rows))
    }

    /// Writes the shard; it appears when it is complete.
    /// - Precondition: there are rows, and every column has `count` entries.
    public func write(to path: String, schemaHash: String) throws(FileError) {
        let counts = [
            label.count, reference.count, scale.count, weight.count, time.count, reportTime.count,
            quantity.count, price.count, side.count, isATS.count, cusip.count, figi.count,
            tradeID.count,
        ]
        precondition(
            count > 0 && counts.allSatisfy { $0 == count },
            "FeatureRows: columns of \(counts), \(count) rows")
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
        tensors += FeatureBlock.tensors(blocks)
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
