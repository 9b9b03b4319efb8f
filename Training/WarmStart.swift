import Arrays
import Autodiff
import Files
import Layers
import QuantileModels
import Quantiles

/// A trained model that a training goes on from.
public struct WarmStart: Sendable {
    public let model: QuantileModel
    /// Its checkpoint, as errors tell it.
    public let file: String

    public init(_ model: QuantileModel, file: String) {
        self.model = model
        self.file = file
    }
}

extension QuantileModel {
    /// Tells whether two models have the same weights.
    var fingerprint: String {
        var hash = XXHash64()
        for (_, parameter) in nets.flatMap(\.network.parameters) {
            parameter.tensor.array.elements.withUnsafeBytes { hash.update($0) }
        }
        return hash.hexadecimalDigest
    }
}

extension WarmStart {
    /// Whether the model may have seen the validation rows of a table, which, unlike days, cannot be
    /// told from what a checkpoint keeps.
    public func mayHaveSeen(_ source: TrainingSource) -> Bool {
        !source.isStreamed && model.provenance["data.fingerprint"] != source.fingerprint
    }

    /// Checks that a training by a recipe can go on from this model, and that the model has not
    /// seen the days that would judge it.
    ///
    /// - Throws: ``Files/FileError`` naming what differs.
    func check(_ recipe: Recipe, on source: TrainingSource) throws(FileError) {
        func refused(_ problem: String, _ expected: String, _ found: String) -> FileError {
            FileError(
                .badData, file: file, "cannot start from it: \(problem)", expected: expected,
                found: found,
                advice: "Start from a checkpoint of the same recipe, or without --start")
        }
        guard recipe.keptMembers == nil else {
            throw FileError(
                .badData, file: file,
                "cannot start from it: a net that forecasts by some of its members only could end "
                    + "worse than the start", expected: "kept_members=null",
                found: "kept_members=\(recipe.keptMembers ?? 0)",
                advice: "Train both with --set kept_members=null --set validation.folds=1")
        }
        guard recipe.folds == 1, model.nets.count == 1 else {
            throw refused(
                "only one net can go on, since folds are dealt anew", "one net",
                "\(model.nets.count) nets, and \(recipe.folds) folds in the recipe")
        }
        guard model.spec == recipe.model else {
            let differing = zip(recipe.model.values, model.spec.values)
                .filter { $0.text != $1.text }
            throw refused(
                "the network is another",
                differing.map { "model.\($0.0.key)=\($0.0.text)" }.joined(separator: " "),
                differing.map { "model.\($0.1.key)=\($0.1.text)" }.joined(separator: " "))
        }
        guard model.levels == recipe.levels else {
            throw refused(
                "the levels differ", "\(recipe.levels.values)", "\(model.levels.values)")
        }
        guard model.target == recipe.target else {
            throw refused("the target differs", recipe.target.rawValue, model.target.rawValue)
        }
        let transform = model.nets[0].inputs.kind
        guard transform == recipe.transform else {
            throw refused(
                "its inputs are transformed otherwise",
                "inputs.transform=\(recipe.transform.rawValue)",
                "inputs.transform=\(transform.rawValue)")
        }
        let schemas = (model.provenance["schema"], source.provenance["schema"])
        guard model.features == source.features, schemas.0 == schemas.1 else {
            func text(_ features: [String], _ schema: String?) -> String {
                "\(features.count) of " + (schema.map { "schema \($0)" } ?? "a table")
            }
            throw refused(
                "the features differ", text(source.features, schemas.1),
                text(model.features, schemas.0))
        }
        try checkSawNothingLater(than: source)
    }

    /// The last days that the model and all that it went on from were trained and checked on, for the
    /// checkpoint of what goes on from it.
    var lastDaysSeen: [String: String] {
        var last: [String: String] = [:]
        for part in ["train", "validation"] { last[Self.key(part)] = lastDay(part) }
        return last
    }

    private static func key(_ part: String) -> String { "start.\(part).last" }

    private func lastDay(_ part: String) -> String? {
        let own = model.provenance["split.\(part)"]?.split(separator: ".").last.map(String.init)
        return [own, model.provenance[Self.key(part)]].compactMap(\.self).max()
    }

    private func checkSawNothingLater(than source: TrainingSource) throws(FileError) {
        for (seen, judge) in [("train", "validation"), ("validation", "test")] {
            guard let last = lastDay(seen),
                let first = source.provenance["split.\(judge)"]?.split(separator: ".").first
                    .map(String.init),
                last >= first
            else { continue }
            throw FileError(
                .badData, file: file,
                "cannot start from it: its \(seen) days reach into the \(judge) days of this training",
                expected: "\(seen) days before \(first)", found: "days to \(last)",
                advice:
                    "Start from an earlier checkpoint: a network is judged on days it has not seen")
        }
    }
}
