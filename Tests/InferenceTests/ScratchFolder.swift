import Files
import Foundation

/// A folder that lives as long as the test.
final class ScratchFolder {
    let path = NSTemporaryDirectory() + "tenor-inference-" + UUID().uuidString
    init() throws { try Folder.make(path) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path + "/" + name, encoding: .utf8)
    }
}
