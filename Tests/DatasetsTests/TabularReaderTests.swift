import Datasets
import Files
import Foundation
import Testing

@Suite struct TabularReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func reader(
        _ text: String, features: [String],
        _ change: (inout TabularReader.Options) -> Void = { _ in }
    ) throws -> TabularReader {
        var options = TabularReader.Options()
        change(&options)
        return try TabularReader(
            path: scratch.write(text, to: "t.csv"), features: features, options: options)
    }

    private static let text = """
        id,b,label,a,split,note
        p,1,10,2,train,x
        q,3,,4,test,"y,z"
        r,,12,6,test,
        """

    @Test("Features come in the checkpoint's order, kept columns as they are, rows by number")
    func blocks() throws {
        let reader = try reader(Self.text, features: ["a", "b"]) { $0.kept = ["note", "id"] }
        #expect(reader.hasLabel)
        #expect(reader.ignoredColumnCount == 1)
        #expect(reader.keptNames == ["note", "id"])
        let first = try #require(try reader.nextBlock(rows: 2)).parsed()
        #expect(first.features == [2, 1, 4, 3])
        #expect(first.labels?[0] == 10)
        #expect(first.labels?[1].isNaN == true)
        #expect(first.chunk.text(row: first.chunkRow(1), column: first.keptColumns[0]) == "y,z")
        #expect(first.chunk.text(row: first.chunkRow(1), column: first.keptColumns[1]) == "q")
        let second = try #require(try reader.nextBlock(rows: 2)).parsed()
        #expect(second.rowCount == 1)
        #expect(second.fileRow(0) == 2)
        #expect(second.missingCellCount == 1)
        #expect(second.features[1].isNaN)
        #expect(try reader.nextBlock(rows: 2) == nil)
    }

    @Test("A part of the split keeps the numbers of its rows in the file")
    func part() throws {
        let rows = try #require(
            try reader(Self.text, features: ["a"]) { $0.part = .test }.nextBlock(rows: 10)
        ).parsed()
        #expect(rows.features == [4, 6])
        #expect((0..<rows.rowCount).map(rows.fileRow) == [1, 2])
    }

    @Test("A file without a split column is split as training split it, given the seed")
    func hashedPart() throws {
        let text = "x,label\n" + (0..<500).map { "\($0),\($0)\n" }.joined()
        var options = TabularData.Options()
        options.splitSeed = 9
        let data = try TabularData(path: scratch.write(text, to: "d.csv"), options: options)
        let reader = try reader(text, features: ["x"]) {
            $0.part = .test
            $0.splitSeed = 9
        }
        var found: [Int] = []
        while let rows = try reader.nextBlock(rows: 64)?.parsed() {
            found += (0..<rows.rowCount).map(rows.fileRow)
        }
        #expect(found == data.test.rows)
        let error = fileError {
            _ = try self.reader(text, features: ["x"]) { $0.part = .test }
        }
        #expect(error?.problem == "no column 'split'")
    }

    @Test("Neither a label nor a split is needed to score")
    func bare() throws {
        let reader = try reader("x\n1\n", features: ["x"])
        #expect(!reader.hasLabel)
        let rows = try #require(try reader.nextBlock(rows: 5)).parsed()
        #expect(rows.labels == nil)
        #expect(rows.features == [1])
    }

    @Test("Blocks parse on several threads to what one thread gives")
    func threads() throws {
        let text =
            "a,b\n" + (0..<8_000).map { "\(Double($0) / 3),\($0 % 5 == 0 ? "" : "7")\n" }.joined()
        func read(parallel: Bool) throws -> [UInt32] {
            let reader = try reader(text, features: ["b", "a"])
            var blocks: [TabularBlock] = []
            while let block = try reader.nextBlock(rows: 1_000) { blocks.append(block) }
            let results = Results(count: blocks.count)
            let finished = blocks
            DispatchQueue.concurrentPerform(iterations: parallel ? blocks.count : 1) { index in
                for block in parallel ? index..<index + 1 : 0..<finished.count {
                    results.set(block, try? finished[block].parsed().features)
                }
            }
            return results.all.map(\.bitPattern)
        }
        let serial = try read(parallel: false)
        #expect(serial.count == 16_000)
        #expect(try read(parallel: true) == serial)
    }

    private final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var parts: [[Float]]
        init(count: Int) { parts = Array(repeating: [], count: count) }
        func set(_ index: Int, _ values: [Float]?) {
            lock.withLock { parts[index] = values ?? [] }
        }
        var all: [Float] { parts.flatMap { $0 } }
    }

    @Test("Missing features are listed all at once, with the names that may be meant")
    func missingFeatures() {
        let error = fileError {
            _ = try reader("incme,age,z\n1,2,3\n", features: ["income", "age", "rooms"])
        }
        #expect(error?.problem == "no column for 2 of 3 features of the checkpoint")
        #expect(error?.expected == "'income', 'rooms'")
        #expect(error?.advice == "'incme' may be 'income'")
        #expect(error?.kind.exitCode == 65)
        #expect(
            fileError {
                _ = try reader("x\n1\n", features: ["x"]) { $0.kept = ["id"] }
            }?.problem == "no column for 1 of 1 columns to keep")
    }

    @Test("Bad cells name line and column when a block is parsed")
    func badCells() throws {
        func error(_ text: String) throws -> FileError? {
            let block = try #require(try reader(text, features: ["x"]).nextBlock(rows: 9))
            return fileError { _ = try block.parsed() }
        }
        #expect(try error("x\n1\nword\n")?.line == 3)
        #expect(try error("x\n1\nword\n")?.advice?.contains("--keep") == true)
        #expect(try error("x\ninf\n")?.problem == "infinite")
        #expect(try error("x\n1e39\n")?.problem == "too large for single precision")
        #expect(try error("x,label\n1,high\n")?.column == "label")
        #expect(try error("x,label\n,nan\n") == nil)
    }

    @Test("A look at a file tells kinds, ranges, gaps and parts")
    func summary() throws {
        let summary = try TabularSummary(path: scratch.write(Self.text, to: "t.csv"))
        #expect(summary.rowCount == 3)
        #expect(summary.splitCounts == [.train: 1, .test: 2])
        let b = summary.columns[1]
        #expect(b.name == "b" && b.isNumeric && b.missing == 1)
        #expect(b.minimum == 1 && b.maximum == 3 && b.mean == 2)
        let id = summary.columns[0]
        #expect(!id.isNumeric && id.texts == 3)
        #expect(id.firstText?.text == "p" && id.firstText?.line == 2)
    }
}
