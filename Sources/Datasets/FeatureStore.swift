import Arrays
import Files
import Foundation

/// The rows that `tenor features` made: shards of a trading day each, mapped into memory.
///
/// Rows are numbered through all shards, in the order of execution.
public struct FeatureStore: Sendable {
    /// The rows of a day.
    public struct Shard: Sendable {
        /// The day of execution in New York, `YYYY-MM-DD`.
        public let date: String
        /// Where its rows stand in the store.
        public let rows: Range<Int>
        let file: SafetensorsFile
        let state: SafetensorsFile.Entry
        let condition: SafetensorsFile.Entry
    }

    /// Columns of `Float`.
    public enum FloatColumn: String, Sendable, CaseIterable {
        case label, reference, scale, weight
    }

    /// Columns of `Int64`, in UTC epoch nanoseconds.
    public enum TimeColumn: String, Sendable, CaseIterable {
        case time
        case reportTime = "report_time"
    }

    /// Columns of `Double`.
    public enum NumberColumn: String, Sendable, CaseIterable {
        case quantity, price
    }

    /// Columns of bytes.
    public enum CodeColumn: String, Sendable, CaseIterable {
        /// 0 where the dealer buys from a client, 1 where it sells to one, 2 between dealers.
        case side
        case ats
    }

    /// Columns of texts.
    public enum TextColumn: String, Sendable, CaseIterable {
        case cusip, figi
        case tradeID = "trade_id"
    }

    public let path: String
    public let schema: FeatureSchema
    public let shards: [Shard]
    public let rowCount: Int
    /// Whether the features are stored as 16-bit numbers.
    public let isHalf: Bool
    /// The days that the list of shards does not name: all before the build has come to its end, and
    /// those that a later build has added so far. One of them that is lost is not noticed.
    public let unlistedDates: [String]

    /// Whether a folder is a feature store.
    public static func isStore(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + FeatureSchema.fileName)
    }

    /// Opens a store.
    /// - Parameters:
    ///   - checksums: whether every byte is read and checked.
    ///   - onShard: called after every shard with how many are open.
    /// - Throws: `FileError` where the schema or a shard is missing, damaged, of other features or of
    ///   another type of numbers.
    public init(
        path: String, checksums: Bool = false, onShard: (Int) -> Void = { _ in }
    ) throws(FileError) {
        self.path = path
        schema = try FeatureSchema(store: path)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.hasSuffix(Self.shardSuffix) && !$0.hasPrefix(".") }.sorted()
        } catch {
            throw FileError(.missing, file: path, "cannot list the folder: \(error)")
        }
        var shards: [Shard] = []
        var row = 0
        for name in names {
            let file: SafetensorsFile
            do {
                file = try SafetensorsFile(
                    path: path + "/" + name, checksum: checksums ? .required : .unchecked)
            } catch {
                guard error.kind == .badData else { throw error }
                var error = error
                error.advice = Self.repair(path, without: error.file)
                throw error
            }
            let shard = try Self.shard(
                file, date: String(name.dropLast(Self.shardSuffix.count)), start: row,
                schema: schema, store: path)
            guard shard.state.dtype == shards.first?.state.dtype ?? shard.state.dtype else {
                throw FileError(
                    .badData, file: file.path, "its numbers are of another type than the others'",
                    expected: shards[0].state.dtype.rawValue, found: shard.state.dtype.rawValue,
                    advice: "Build the store anew with tenor features")
            }
            row = shard.rows.upperBound
            shards.append(shard)
            onShard(shards.count)
        }
        let list = try ShardList(store: path)
        try list?.check(shards, store: path)
        unlistedDates = shards.map(\.date).filter { list?.rows[$0] == nil }
        self.shards = shards
        rowCount = row
        isHalf = shards.first?.state.dtype == .f16
    }

    /// The hashes of the bytes of each shard of some days, as the shards state them; a day and later,
    /// up to and with another.
    public func checksums(from first: String, through last: String) -> [String] {
        shards.filter { $0.date >= first && $0.date <= last }
            .map { $0.file.statedChecksum ?? "none" }
    }

    /// Notes which shards there are, so that one that is lost later is noticed.
    public func writeShardList() throws { try ShardList(shards).write(store: path) }

    /// What to do about a shard that is lost or damaged.
    /// - Parameter file: the damaged one; nil where it is not there.
    static func repair(_ store: String, without file: String?) -> String {
        "Run 'rm -r \(store)/state\(file.map { " \($0)" } ?? "")' and the command that made the "
            + "store once more, 'tenor features --market MARKET --out \(store)' with its options: it "
            + "makes the days that are not there"
    }

    /// What the name of a shard ends in, after its date.
    public static let shardSuffix = ".safetensors"

    private static func shard(
        _ file: SafetensorsFile, date: String, start: Int, schema: FeatureSchema,
        store: String
    ) throws(FileError) -> Shard {
        guard let found = file.metadata["schema"], found == schema.hash else {
            throw FileError(
                .badData, file: file.path, "the shard has another schema than its store",
                expected: schema.hash, found: file.metadata["schema"] ?? "none",
                advice: "Build the store anew with tenor features")
        }
        guard let count = file.entry("time")?.shape.first, let state = file.entry("state"),
            let condition = file.entry("condition")
        else {
            throw FileError(
                .badData, file: file.path, "not a shard of a feature store",
                expected: "the tensors time, state and condition",
                advice: repair(store, without: file.path))
        }
        guard state.dtype == .f32 || state.dtype == .f16 else {
            throw FileError(
                .badData, file: file.path, "the tensor 'state' is of another type",
                expected: "F32 or F16", found: state.dtype.rawValue,
                advice: repair(store, without: file.path))
        }
        var expected: [(name: String, dtype: SafetensorsFile.DType, shape: [Int])] = []
        for column in FloatColumn.allCases { expected.append((column.rawValue, .f32, [count])) }
        for column in TimeColumn.allCases { expected.append((column.rawValue, .i64, [count])) }
        for column in NumberColumn.allCases { expected.append((column.rawValue, .f64, [count])) }
        for column in CodeColumn.allCases { expected.append((column.rawValue, .u8, [count])) }
        for column in TextColumn.allCases {
            let width = file.entry(column.rawValue)?.shape.last ?? 0
            expected.append((column.rawValue, .u8, [count, width]))
        }
        expected.append(("state", state.dtype, [count, schema.state.count]))
        expected.append(("condition", state.dtype, [count, schema.condition.count]))
        do {
            try file.requireExactly(expected)
        } catch {
            var error = error
            error.advice = repair(store, without: file.path)
            throw error
        }
        return Shard(
            date: date, rows: start..<start + count, file: file, state: state,
            condition: condition)
    }
}

extension FeatureStore {
    /// The rows that were executed at a time or later and before another, in UTC epoch
    /// nanoseconds.
    public func rows(from first: Int64 = .min, before end: Int64 = .max) -> Range<Int> {
        let lower = row(at: first)
        return lower..<max(lower, row(at: end))
    }

    /// The rows of a day and later, up to and with another; dates as `YYYY-MM-DD`.
    public func rows(from first: String?, through last: String?) -> Range<Int> {
        let days = shards.filter { $0.date >= first ?? "" && $0.date <= last ?? "~" }
        guard let begin = days.first, let end = days.last else { return 0..<0 }
        return begin.rows.lowerBound..<end.rows.upperBound
    }

    /// Copies rows of features, wherever they stand, one after the other.
    ///
    /// Shape: `state` is `[rows, state features]`, `condition` is `[rows, condition features]`; either
    /// may be nil.
    public func copy(
        rows: some Sequence<Int>, state: UnsafeMutablePointer<Float>?,
        condition: UnsafeMutablePointer<Float>?
    ) {
        var place = 0
        var shard = 0
        for row in rows {
            if shards.isEmpty || !shards[shard].rows.contains(row) { shard = self.shard(of: row) }
            let here = shards[shard]
            let local = row - here.rows.lowerBound
            for (entry, width, target) in [
                (here.state, schema.state.count, state),
                (here.condition, schema.condition.count, condition),
            ] {
                guard let target else { continue }
                here.file.withBytes(of: entry) { bytes in
                    guard let start = bytes.baseAddress else { return }
                    if entry.dtype == .f16 {
                        HalfPrecision.decode(
                            (start + 2 * local * width).assumingMemoryBound(to: UInt16.self),
                            count: width, into: target + place * width)
                    } else {
                        UnsafeMutableRawPointer(target + place * width).copyMemory(
                            from: start + 4 * local * width, byteCount: 4 * width)
                    }
                }
            }
            place += 1
        }
    }

    /// The values of a column in some rows.
    public func values(_ column: FloatColumn, rows: Range<Int>) -> [Float] {
        gather(column.rawValue, rows, Float.self)
    }

    /// The values of a column in some rows.
    public func values(_ column: TimeColumn, rows: Range<Int>) -> [Int64] {
        gather(column.rawValue, rows, Int64.self)
    }

    /// The values of a column in some rows.
    public func values(_ column: NumberColumn, rows: Range<Int>) -> [Double] {
        gather(column.rawValue, rows, Double.self)
    }

    /// The values of a column in some rows.
    public func values(_ column: CodeColumn, rows: Range<Int>) -> [UInt8] {
        gather(column.rawValue, rows, UInt8.self)
    }

    /// The texts of a column in some rows.
    public func values(_ column: TextColumn, rows: Range<Int>) -> [String] {
        var texts: [String] = []
        texts.reserveCapacity(rows.count)
        forEachShard(rows) { shard, local in
            guard let entry = shard.file.entry(column.rawValue) else { return }
            let width = entry.shape[1]
            shard.file.withBytes(of: entry) { bytes in
                for row in local {
                    let cell = bytes[row * width..<(row + 1) * width]
                    texts.append(String(decoding: cell.prefix { $0 != 0 }, as: UTF8.self))
                }
            }
        }
        return texts
    }

    private func gather<Value: BitwiseCopyable>(
        _ name: String, _ rows: Range<Int>, _ type: Value.Type
    ) -> [Value] {
        let size = MemoryLayout<Value>.stride
        var values: [Value] = []
        values.reserveCapacity(rows.count)
        forEachShard(rows) { shard, local in
            guard let entry = shard.file.entry(name) else { return }
            shard.file.withBytes(of: entry) { bytes in
                for row in local {
                    values.append(
                        bytes.loadUnaligned(fromByteOffset: row * size, as: Value.self))
                }
            }
        }
        return values
    }

    /// The parts of a range of rows in each shard, numbered within it.
    func forEachShard(_ rows: Range<Int>, _ body: (Shard, Range<Int>) -> Void) {
        precondition(
            rows.isEmpty || (rows.lowerBound >= 0 && rows.upperBound <= rowCount),
            "FeatureStore: rows \(rows) of \(rowCount)")
        for shard in shards {
            let part = rows.clamped(to: shard.rows)
            if part.isEmpty { continue }
            let start = shard.rows.lowerBound
            body(shard, part.lowerBound - start..<part.upperBound - start)
        }
    }

    private func shard(of row: Int) -> Int {
        precondition(row >= 0 && row < rowCount, "FeatureStore: row \(row) of \(rowCount)")
        var low = 0
        var high = shards.count - 1
        while low < high {
            let middle = (low + high) / 2
            if shards[middle].rows.upperBound <= row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first row that was executed at a time or later.
    private func row(at time: Int64) -> Int {
        var low = 0
        var high = rowCount
        while low < high {
            let middle = (low + high) / 2
            if values(.time, rows: middle..<middle + 1)[0] < time {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
