import Files
import Foundation

/// A folder that lives as long as the test that made it.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "tenor-files-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// Writes bytes under a name, without any of the code under test.
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}

/// The error that a piece of code throws, nil where it throws none.
func fileError(_ body: () throws -> Void) -> FileError? {
    do {
        try body()
        return nil
    } catch {
        return error as? FileError
    }
}

/// All cells of a CSV file as text.
func table(_ path: String, rowsPerChunk: Int = 3) throws -> (header: [String], rows: [[String]]) {
    let reader = try CSVReader(path: path)
    var rows: [[String]] = []
    while let chunk = try reader.nextChunk(rows: rowsPerChunk) {
        for row in 0..<chunk.rowCount {
            rows.append((0..<chunk.columnCount).map { chunk.text(row: row, column: $0) })
        }
    }
    return (reader.header, rows)
}
