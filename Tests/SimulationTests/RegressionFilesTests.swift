import Files
import Foundation
import Quantiles
import Simulation
import Testing

/// Protects the files: their bytes, and that the oracle belongs to what is printed.
@Suite struct RegressionFilesTests {
    /// A folder that goes away with the test.
    final class Folder {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("tenor-\(UUID().uuidString)").path
        init() throws {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func write(
        _ rows: Int, columns: Int = 6, seed: UInt64 = 1, threads: Int = 1, in folder: Folder
    ) throws -> (data: Data, oracle: Data) {
        let path = folder.path + "/data.csv"
        try RegressionGenerator(columns: columns, seed: seed)
            .write(rows: rows, to: path, threads: threads)
        return (
            try Data(contentsOf: URL(filePath: path)),
            try Data(contentsOf: URL(filePath: folder.path + "/data.oracle.csv"))
        )
    }

    /// Fixes the bytes: a change makes every regret that was ever published incomparable.
    @Test func bytesStayWhatTheyWere() throws {
        let files = try write(200, in: Folder())
        #expect(fingerprint(files.data) == 4_451_221_998_309_107_371)
        #expect(fingerprint(files.oracle) == 12_994_900_383_946_125_156)
    }

    @Test func bytesDoNotDependOnThreads() throws {
        let folder = try Folder()
        let one = try write(9000, in: folder)
        for threads in [2, 3] {
            let many = try write(9000, threads: threads, in: folder)
            #expect(one == many, "\(threads) threads")
        }
    }

    @Test func longerFilesBeginWithShorterOnes() throws {
        let folder = try Folder()
        let short = try write(100, in: folder)
        let long = try write(5000, threads: 2, in: folder)
        #expect(long.data.starts(with: short.data))
        #expect(long.oracle.starts(with: short.oracle))
    }

    /// The label's distribution must be that of the values as they are printed, digit for digit.
    @Test func oracleBelongsToThePrintedColumns() throws {
        let folder = try Folder()
        let generator = try RegressionGenerator(columns: 13, seed: 9)
        let path = folder.path + "/data.csv.gz"
        try generator.write(rows: 500, to: path)
        let data = try CSVReader(path: path)
        let oracle = try CSVReader(path: RegressionGenerator.oraclePath(for: path))
        #expect(data.header == (0..<13).map { "x\($0)" } + ["label", "split"])
        #expect(oracle.header == ["row", "label"] + QuantileLevels.standard.names + ["split"])
        let rows = try #require(try data.nextChunk(rows: 1000))
        let truths = try #require(try oracle.nextChunk(rows: 1000))
        #expect(rows.rowCount == 500 && truths.rowCount == 500)
        for row in 0..<500 {
            let values = try (0..<13).map { Float(try #require(rows.number(row: row, column: $0))) }
            let truth = generator.distribution(given: values)
            for (index, level) in QuantileLevels.standard.values.enumerated() {
                let tile = try #require(truths.number(row: row, column: 2 + index))
                #expect(Float(tile) == Float(truth.quantile(level)))
            }
            #expect(truths.integer(row: row, column: 0) == Int64(row))
            #expect(truths.text(row: row, column: 1) == rows.text(row: row, column: 13))
            #expect(truths.text(row: row, column: 21) == rows.text(row: row, column: 14))
        }
    }

    @Test func progressCountsAllRows() throws {
        let folder = try Folder()
        var counts: [Int] = []
        try RegressionGenerator(columns: 4, seed: 1)
            .write(rows: 10_000, to: folder.path + "/data.csv", threads: 1) { counts.append($0) }
        #expect(counts.last == 10_000 && counts == counts.sorted() && counts.count > 1)
    }

    @Test(arguments: [0, -5])
    func rowsMustBePositive(rows: Int) throws {
        let folder = try Folder()
        let error = #expect(throws: SimulationError.self) { try write(rows, in: folder) }
        #expect(error?.description == "rows: expected at least 1, found \(rows)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    /// Neither file may be left where one of them cannot be written.
    @Test func nothingIsLeftWhereOneFileCannotBeWritten() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/data.oracle.csv", withIntermediateDirectories: false)
        #expect(throws: FileError.self) { try write(10, in: folder) }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["data.oracle.csv"])
    }

    @Test(arguments: [
        ("a.csv", "a.oracle.csv"), ("b/a.csv.gz", "b/a.oracle.csv.gz"), ("a", "a.oracle.csv"),
    ])
    func oracleLiesBesideTheData(path: String, expected: String) {
        #expect(RegressionGenerator.oraclePath(for: path) == expected)
    }

    /// FNV-1a.
    private func fingerprint(_ data: Data) -> UInt64 {
        data.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}
