import Files
import Foundation
import QuantileTraining

/// What a run was begun with, beside the settings that its recipe.yaml holds: so that it goes on
/// with nothing but its folder named.
struct TrainingCommand: Codable {
    static let fileName = "command.json"

    /// The name of the recipe, which the checkpoint tells.
    var recipe: String
    var data: [String]
    var label: String
    var start: String?

    init(recipe: String, data: [String], label: String, start: String?) {
        self.recipe = recipe
        self.data = data
        self.label = label
        self.start = start
    }

    /// Of a run that goes on; nil where the folder does not tell.
    init?(run path: String) throws(FileError) {
        let file = "\(path)/\(Self.fileName)"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let bytes = try FileContents.bytes(of: file)
        guard let command = try? JSONDecoder().decode(Self.self, from: Data(bytes)),
            !command.data.isEmpty
        else {
            throw FileError(
                .badData, file: file, "not what tenor train writes into a run",
                advice: "Remove it, and name the recipe and --data beside --resume")
        }
        self = command
    }

    /// The recipe that a run holds, resolved.
    /// - Parameter overrides: `key.path=value`.
    func recipe(run path: String, overrides: [String]) throws(FileError) -> Recipe {
        let file = "\(path)/recipe.yaml"
        let settings: Settings?
        do {
            settings = try Settings(path: file)
        } catch {
            guard error.kind == .missing else { throw error }
            settings = nil
        }
        guard let settings, !settings.keys.isEmpty else {
            throw FileError(
                .badData, file: file, "the recipe of the run is gone",
                expected: "every setting, as tenor train wrote them",
                advice: "Name the recipe, --data and --set as at the start, beside --resume")
        }
        return try Recipe(name: recipe, settings: settings, overrides: overrides)
    }

    /// Writes it with paths from the root, since a run may go on from another folder.
    func write(run path: String) throws {
        func whole(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
        var command = self
        command.data = data.map(whole)
        command.start = start.map(whole)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(
            Array(try encoder.encode(command)), to: "\(path)/\(Self.fileName)")
    }
}
