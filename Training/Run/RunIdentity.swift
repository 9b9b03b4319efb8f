import Arrays
import Files
import Foundation
import QuantileModels

/// What a training is of: its recipe, its data, and the model that it goes on from. A run goes on
/// with these only.
public struct RunIdentity: Sendable {
    /// The resolved recipe, and below it the fingerprints of the data and of the start.
    var text: String { Self.text(recipe, data: data, start: start) }
    private let recipe: String
    let data: String
    let start: String?
    /// Where the data are, as errors tell it.
    private let file: String

    private static let dataKey = "data"
    private static let startKey = "start"

    public init(recipe: Recipe, source: TrainingSource, start: QuantileModel?) {
        file = source.file
        self.recipe = recipe.resolved
        data = source.fingerprint
        self.start = start?.fingerprint
    }

    private static func text(_ recipe: String, data: String, start: String?) -> String {
        recipe + "\(dataKey): \(data)\n" + (start.map { "\(startKey): \($0)\n" } ?? "")
    }

    /// Checks that a run directory holds this training.
    ///
    /// - Throws: ``Files/FileError`` naming what differs.
    public func requireHeld(by run: String) throws(FileError) {
        let state = try SafetensorsFile(path: RunDirectory.state(of: run), checksum: .unchecked)
        if let objection = objection(to: TrainingState.identity(in: state), of: run) {
            throw objection
        }
    }

    /// Checks that a run that was killed before its first state, if there is one, is this one.
    ///
    /// - Throws: ``Files/FileError`` naming what differs.
    func requireBegun(in run: RunDirectory) throws(FileError) {
        guard FileManager.default.fileExists(atPath: run.recipe) else { return }
        let summary = RunSummary(path: run.summary)
        let begun = summary?.dataFingerprint.map { (data: $0, start: summary?.startFingerprint) }
        let saved = Self.text(
            try FileContents.text(of: run.recipe), data: begun?.data ?? data,
            start: begun.map(\.start) ?? start)
        if let objection = objection(to: saved, of: run.path) {
            throw objection
        }
    }

    /// What differs from the identity of a saved run; nil where nothing does.
    func objection(to saved: String, of run: String) -> FileError? {
        guard saved != text else { return nil }
        let (before, now) = (Self.values(saved), Self.values(text))
        var keys = before.map(\.key)
        keys += now.map(\.key).filter { !keys.contains($0) }
        let differing = keys.filter { Self.value($0, before) != Self.value($0, now) }
        let recipe = differing.filter { $0 != Self.dataKey && $0 != Self.startKey }
        let (problem, expected, found, advice): (String, String, String, String)
        if !recipe.isEmpty {
            problem = "the run was started with another recipe"
            advice =
                "Give the settings of the run, or none where one goes on by itself and its recipe.yaml is "
                + "as it was"
            (expected, found) = (Self.text(of: recipe, before), Self.text(of: recipe, now))
        } else if differing.contains(Self.dataKey) {
            problem = "the run was started with other data"
            advice = "Give the data as they were"
            (expected, found) = (
                "the rows and the label that it was begun with", "others in \(file)"
            )
        } else {
            problem = "the run was started from another checkpoint"
            advice = "Give its own --start"
            func start(_ values: [(key: String, value: String)]) -> String {
                Self.value(Self.startKey, values).map { "one with weights of hash \($0)" }
                    ?? "none"
            }
            (expected, found) = (start(before), start(now))
        }
        return FileError(
            .badData, file: run, problem, expected: expected, found: found,
            advice: advice + "; or choose another --out")
    }

    private static func values(_ text: String) -> [(key: String, value: String)] {
        (try? Settings(yaml: text, file: ""))?.leaves ?? []
    }

    private static func value(
        _ key: String, _ values: [(key: String, value: String)]
    ) -> String? {
        values.first { $0.key == key }?.value
    }

    /// The values of some keys, as `--set` takes them.
    private static func text(
        of keys: [String], _ values: [(key: String, value: String)]
    ) -> String {
        let shown = 8
        let texts = keys.prefix(shown).map { key in
            value(key, values).map { "\(key)=\($0)" } ?? "no \(key)"
        }
        let more = keys.count > shown ? " and \(keys.count - shown) more" : ""
        return texts.joined(separator: ", ") + more
    }
}
