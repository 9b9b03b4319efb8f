import Datasets
import Files
import Foundation
import Random

/// A folder that lives as long as the test that made it.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "tenor-training-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// A table of two features, a label with noise that depends on them, and a split.
    func table(rows: Int = 120, seed: UInt64 = 1) throws -> TabularData {
        var random = RandomStream(seed: seed)
        var text = "a,b,label,split\n"
        for row in 0..<rows {
            let (a, b) = (random.normal(), random.normal())
            let label = a - 0.5 * b + (0.3 + 0.2 * abs(b)) * random.normal()
            text += "\(a),\(b),\(label),\(row % 4 == 0 ? "validation" : "train")\n"
        }
        return try TabularData(path: write(text, to: "table-\(rows)-\(seed).csv"))
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

func bytes(of path: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(filePath: path)))
}
