import Arrays
import Autodiff
import Files
import Layers
import QuantileModels
import Quantiles

extension QuantileModel {
    /// Tells whether two models have the same weights.
    var fingerprint: String {
        var hash = XXHash64()
        for (_, parameter) in nets.flatMap(\.network.parameters) {
            parameter.tensor.array.elements.withUnsafeBytes { hash.update($0) }
        }
        return hash.hexadecimalDigest
    }

    /// Checks that a training by a recipe can go on from this model, and that the model has not
    /// seen the days that would judge it.
    ///
    /// - Throws: ``Files/FileError`` naming what differs.
    func checkCanStart(_ recipe: Recipe, on source: TrainingSource) throws(FileError) {
        let advice = "Start from a checkpoint of the same recipe, or without one"
        func refused(_ problem: String, _ expected: String, _ found: String) -> FileError {
            FileError(
                .badData, file: "the checkpoint to start from", problem, expected: expected,
                found: found, advice: advice)
        }
        guard recipe.folds == 1, nets.count == 1 else {
            throw refused(
                "only one net can go on, since folds are dealt anew", "one net",
                "\(nets.count) nets, and \(recipe.folds) folds in the recipe")
        }
        guard spec == recipe.model else {
            let differing = zip(recipe.model.values, spec.values).filter { $0.text != $1.text }
            throw refused(
                "the network is another",
                differing.map { "model.\($0.0.key)=\($0.0.text)" }.joined(separator: " "),
                differing.map { "model.\($0.1.key)=\($0.1.text)" }.joined(separator: " "))
        }
        guard levels == recipe.levels else {
            throw refused("the levels differ", "\(recipe.levels.values)", "\(levels.values)")
        }
        guard target == recipe.target else {
            throw refused("the target differs", recipe.target.rawValue, target.rawValue)
        }
        guard features == source.features, provenance["schema"] == source.provenance["schema"]
        else {
            throw refused(
                "the features differ",
                "\(source.features.count) of schema \(source.provenance["schema"] ?? "none")",
                "\(features.count) of schema \(provenance["schema"] ?? "none")")
        }
        try checkSawNothingLater(than: source)
    }

    private func checkSawNothingLater(than source: TrainingSource) throws(FileError) {
        func days(_ provenance: [String: String], _ part: String) -> (
            first: Substring, last: Substring
        )? {
            guard let text = provenance["split.\(part)"],
                let first = text.split(separator: ".").first,
                let last = text.split(separator: ".").last
            else { return nil }
            return (first, last)
        }
        for (seen, judge) in [("train", "validation"), ("validation", "test")] {
            guard let last = days(provenance, seen)?.last,
                let first = days(source.provenance, judge)?.first, last >= first
            else { continue }
            throw FileError(
                .badData, file: "the checkpoint to start from",
                "its \(seen) days reach into the \(judge) days of this training",
                expected: "\(seen) days before \(first)", found: "days to \(last)",
                advice:
                    "Start from an earlier checkpoint: a network is judged on days it has not seen")
        }
    }
}
