import Datasets
import Files
import QuantileModels

extension QuantileModel {
    /// Requires the features that the checkpoint was trained on.
    ///
    /// - Parameters:
    ///   - file: what has the features of the schema.
    ///   - problem: what it means that they are others.
    /// - Throws: `FileError` where they are; the first that differs is named, or its constant.
    public func require(
        _ schema: FeatureSchema, of file: String, _ problem: String, advice: String
    ) throws(FileError) {
        let trained = provenance["schema"] ?? "none"
        guard trained != schema.hash || features != schema.features.map(\.name) else { return }
        let difference = FeatureDifference(from: self, to: schema)
        throw FileError(
            .badData, file: file, problem, expected: difference?.expected ?? "schema \(trained)",
            found: difference?.found ?? "schema \(schema.hash)", advice: advice)
    }
}
