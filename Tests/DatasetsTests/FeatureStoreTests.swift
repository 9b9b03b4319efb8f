import Arrays
import Datasets
import Files
import Foundation
import Testing

@Suite struct FeatureStoreTests {
    private static func feature(_ name: String) -> FeatureDefinition {
        FeatureDefinition(
            name: name, family: "f", unit: "u", window: "w", missing: "0")
    }

    private let schema = FeatureSchema(
        state: (0..<5).map { Self.feature("s\($0)") },
        condition: (0..<2).map { Self.feature("c\($0)") },
        sequences: [.init(name: "own", start: 0, steps: 2)], channels: 2, sectors: ["A"],
        options: [])

    /// A store of two days; the state of row r is 10 r, 10 r + 1, …
    private func store(_ scratch: Scratch, isHalf: Bool = false) throws -> FeatureStore {
        try AtomicFile.write(
            schema.json(), to: scratch.path + "/" + FeatureSchema.fileName)
        var row = 0
        for (day, count) in [("2025-01-02", 3), ("2025-01-03", 2)] {
            var rows = FeatureRows()
            for start in stride(from: 0, to: count, by: 2) {
                // Room for more rows than there are.
                let block = FeatureBlock(capacity: 3, stateWidth: 5, conditionWidth: 2)
                let size = min(2, count - start)
                for index in 0..<size {
                    let number = row + start + index
                    for column in 0..<5 {
                        block.state(row: index)[column] = Float(10 * number + column)
                    }
                    block.condition(row: index)[0] = Float(number)
                    block.condition(row: index)[1] = -1
                }
                rows.append(isHalf ? block.halves(rows: size) : block, rows: size)
            }
            for index in 0..<count {
                let number = row + index
                rows.label.append(Float(number) / 4)
                rows.reference.append(100)
                rows.scale.append(0.5)
                rows.weight.append(1)
                rows.time.append(Int64(1_000 * number))
                rows.reportTime.append(Int64(1_000 * number + 1))
                rows.quantity.append(250_000)
                rows.price.append(100 + Double(number) / 8)
                rows.side.append(UInt8(number % 3))
                rows.isATS.append(0)
                rows.cusip.append("CUSIP000\(number)")
                rows.figi.append("")
                rows.tradeID.append(String(repeating: "x", count: number + 1))
            }
            try rows.write(
                to: scratch.path + "/" + day + FeatureStore.shardSuffix, schemaHash: schema.hash)
            row += count
        }
        return try FeatureStore(path: scratch.path, checksums: true)
    }

    @Test("Rows come back, in any order, from 32 and from 16 bits", arguments: [false, true])
    func roundTrip(isHalf: Bool) throws {
        let scratch = try Scratch()
        let store = try store(scratch, isHalf: isHalf)
        #expect(store.rowCount == 5 && store.isHalf == isHalf)
        let ranges = store.shards.map { $0.rows }
        #expect(ranges == [0..<3, 3..<5])
        var state = [Float](repeating: .nan, count: 15)
        var condition = [Float](repeating: .nan, count: 6)
        state.withUnsafeMutableBufferPointer { state in
            condition.withUnsafeMutableBufferPointer { condition in
                store.copy(
                    rows: [4, 0, 3], state: state.baseAddress, condition: condition.baseAddress)
            }
        }
        #expect(state == [40, 41, 42, 43, 44, 0, 1, 2, 3, 4, 30, 31, 32, 33, 34])
        #expect(condition == [4, -1, 0, -1, 3, -1])
        #expect(store.values(.label, rows: 2..<4) == [0.5, 0.75])
        #expect(store.values(.price, rows: 0..<2) == [100, 100.125])
        #expect(store.values(.side, rows: 1..<5) == [1, 2, 0, 1])
        #expect(store.values(.cusip, rows: 2..<4) == ["CUSIP0002", "CUSIP0003"])
        #expect(store.values(.tradeID, rows: 2..<5) == ["xxx", "xxxx", "xxxxx"])
        #expect(store.values(.figi, rows: 0..<1) == [""])
    }

    @Test("Rows are found by time and by day")
    func ranges() throws {
        let store = try store(try Scratch())
        #expect(store.rows(from: 1_000, before: 3_001) == 1..<4)
        #expect(store.rows(from: 9_000).isEmpty)
        #expect(store.rows(from: "2025-01-03", through: nil) == 3..<5)
        #expect(store.rows(from: nil, through: "2025-01-02") == 0..<3)
        #expect(store.rows(from: "2026-01-01", through: nil).isEmpty)
    }

    @Test("A lost shard, one of other rows and one of other numbers are refused by name")
    func lost() throws {
        let (scratch, other) = (try Scratch(), try Scratch())
        try store(scratch).writeShardList()
        _ = try store(other, isHalf: true)
        let name = "/2025-01-02.safetensors"
        let bytes = try FileContents.bytes(of: scratch.path + name)
        func opening() -> FileError? { fileError { _ = try FeatureStore(path: scratch.path) } }
        #expect(opening() == nil)
        try FileManager.default.removeItem(atPath: scratch.path + name)
        #expect(opening()?.problem == "a shard of the store is missing")
        #expect(opening()?.file == scratch.path + name)
        let shorter = try FileContents.bytes(of: scratch.path + "/2025-01-03.safetensors")
        try AtomicFile.write(shorter, to: scratch.path + name)
        #expect(opening()?.expected == "3 rows of 2025-01-02" && opening()?.found == "2")
        try AtomicFile.write(FileContents.bytes(of: other.path + name), to: scratch.path + name)
        #expect(opening()?.problem.contains("of another type") == true)
        try AtomicFile.write(bytes, to: scratch.path + name)
        // A build that goes on adds days before it comes to its end.
        try AtomicFile.write(
            Array("{\"rows\": {\"2025-01-02\": 3}}".utf8), to: scratch.path + "/shards.json")
        #expect(opening() == nil)
        try AtomicFile.write(Array("[]".utf8), to: scratch.path + "/shards.json")
        #expect(opening()?.problem == "not a list of shards")
    }

    @Test("A shard of other features, a damaged one and a changed schema are refused by name")
    func bad() throws {
        let scratch = try Scratch()
        _ = try store(scratch)
        let shard = scratch.path + "/2025-01-03.safetensors"
        let bytes = try FileContents.bytes(of: shard)
        func opening() -> FileError? {
            fileError { _ = try FeatureStore(path: scratch.path, checksums: true) }
        }
        try AtomicFile.write(Array(bytes.dropLast(3)), to: shard)
        #expect(opening()?.file == shard)
        var flipped = bytes
        flipped[bytes.count - 1] ^= 1
        try AtomicFile.write(flipped, to: shard)
        #expect(opening()?.problem.contains("checksum") == true)
        try SafetensorsFile.write(
            [.init("time", [1])], metadata: ["schema": schema.hash], to: shard)
        #expect(opening()?.problem.contains("not a shard") == true)
        try SafetensorsFile.write([.init("time", [1])], metadata: ["schema": "other"], to: shard)
        #expect(opening()?.problem.contains("another schema") == true)
        let (time, numbers) = (SafetensorsFile.Tensor("time", [1]), NDArray<Double>([1]))
        try SafetensorsFile.write(
            [time, .init("state", numbers), .init("condition", numbers)],
            metadata: ["schema": schema.hash], to: shard)
        #expect(opening()?.problem == "the tensor 'state' is of another type")
        #expect(opening()?.found == "F64" && opening()?.advice?.contains("rm -r") == true)
        try AtomicFile.write(bytes, to: shard)
        #expect(opening() == nil)
        let file = scratch.path + "/" + FeatureSchema.fileName
        let text = try FileContents.text(of: file).replacing("\"s3\"", with: "\"s9\"")
        try AtomicFile.write(Array(text.utf8), to: file)
        #expect(opening()?.problem.contains("changed") == true)
        try AtomicFile.write(Array("{}".utf8), to: file)
        #expect(opening()?.problem.contains("not the schema of a feature store") == true)
    }

    @Test("All halves come back to the bit, and floats become the nearest half")
    func halves() {
        let all = (0..<UInt16(0x7C00)).map { $0 } + (0..<UInt16(0x7C00)).map { $0 | 0x8000 }
        var floats = [Float](repeating: 0, count: all.count)
        HalfPrecision.decode(all, count: all.count, into: &floats)
        var again = [UInt16](repeating: 0, count: all.count)
        HalfPrecision.encode(floats, count: all.count, into: &again)
        #expect(again == all)
        #expect(floats[1] == 0x1p-24 && floats[0x3C00] == 1 && floats[0x7BFF] == 65_504)
        let values: [Float] = [1 + 0x1p-11, 1 + 0x3p-11, 1e9, -1e9, 1e-9, 0x1.8p-25]
        var halves = [UInt16](repeating: 0, count: values.count)
        HalfPrecision.encode(values, count: values.count, into: &halves)
        // Ties to even; what is too large becomes the largest.
        #expect(halves == [0x3C00, 0x3C02, 0x7BFF, 0xFBFF, 0, 1])
    }

    @Test("The summary finds what is constant and what is twice there")
    func summary() throws {
        let scratch = try Scratch()
        let summary = FeatureStoreSummary(try store(scratch))
        #expect(summary.constant == ["c1"])
        #expect(summary.identical == [])
        let features = summary.families.map { $0.features }
        #expect(features == [7])
        #expect(summary.reference?.rows == 5)
        #expect(summary.reference?.median == 0.25)
    }
}
