import Bonds
import Files
import Foundation

/// The folder of the fixtures.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/"

/// A date that a test writes down.
func day(_ text: String) throws -> CalendarDate {
    guard let date = CalendarDate(text) else {
        throw FileError(.badData, file: "test", "no date", found: text)
    }
    return date
}

/// A folder that lives as long as the test that made it.
final class Scratch {
    let path = NSTemporaryDirectory() + "tenor-bonds-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }
}
