import Datasets
import Files
import Foundation
import QuantileTraining
import Random
import SwiftProtobuf
import Testing

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

/// What one event of an event file says.
struct ScalarEvent {
    var step: Int
    var time: Double
    var version: String
    var isStart: Bool
    var values: [String: Double]
}

/// The events of the only event file in a folder.
func scalarEvents(in folder: String) throws -> [ScalarEvent] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasPrefix("events.out.tfevents.") }
    let name = try #require(names.first)
    #expect(names.count == 1)
    return try RecordFraming.records(in: bytes(of: "\(folder)/\(name)")).map { record in
        let event = try Tensorboard_Event(serializedBytes: record)
        return ScalarEvent(
            step: Int(event.step), time: event.wallTime, version: event.fileVersion,
            isStart: event.sessionLog.status == .start,
            values: Dictionary(
                uniqueKeysWithValues: event.summary.value.map {
                    ($0.tag, Double($0.simpleValue))
                }))
    }
}
