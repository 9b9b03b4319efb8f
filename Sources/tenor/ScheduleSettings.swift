import Files
import Foundation

/// What the files of a schedule were made from; another run into the same folder must be the same.
struct ScheduleSettings: Codable, Equatable {
    /// Of files their SHA-256.
    let values: [String: String]

    /// Notes the settings of a new schedule, or checks that those of one that goes on are its own.
    /// - Throws: `FileError` that names what differs.
    func settle(in folder: String) throws {
        let path = folder + "/schedule.json"
        guard FileManager.default.fileExists(atPath: path) else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try AtomicFile.write(Array(try encoder.encode(self)), to: path)
        }
        let data = Data(try FileContents.bytes(of: path))
        guard let begun = try? JSONDecoder().decode(Self.self, from: data) else {
            throw FileError(
                .badData, file: path, "not the settings of a schedule of this version of tenor",
                advice: "Choose another --out")
        }
        let keys = Set(values.keys).union(begun.values.keys).sorted()
            .filter { values[$0] != begun.values[$0] }
        guard !keys.isEmpty else { return }
        func text(_ values: [String: String]) -> String {
            keys.map { "\($0) \(values[$0] ?? "unknown")" }.joined(separator: ", ")
        }
        throw FileError(
            .badData, file: path, "the schedule was begun with other settings",
            expected: text(begun.values), found: text(values),
            advice: "Use the same ones, or choose another --out")
    }
}
