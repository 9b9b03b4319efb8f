import Datasets
import Files
import QuantileModels

extension QuantileModel {
    /// Requires the features that the checkpoint was trained on.
    ///
    /// - Parameters:
    ///   - file: what has the features of the schema.
    ///   - problem: what it means that they are others.
    /// - Throws: `FileError` where they are; the first that differs is named.
    public func require(
        _ schema: FeatureSchema, of file: String, _ problem: String, advice: String
    ) throws(FileError) {
        let trained = provenance["schema"] ?? "none"
        let names = schema.features.map(\.name)
        guard trained != schema.hash || features != names else { return }
        let place =
            zip(features, names).enumerated().first { $1.0 != $1.1 }?.offset
            ?? min(features.count, names.count)
        throw FileError(
            .badData, file: file, problem, expected: Self.text(features, place, trained),
            found: Self.text(names, place, schema.hash), advice: advice)
    }

    /// The same names under another hash are computed otherwise.
    private static func text(_ names: [String], _ place: Int, _ hash: String) -> String {
        let first = place < names.count ? "'\(names[place])' as feature \(place + 1) of " : ""
        return first + "\(names.count) features, schema \(hash)"
    }
}
