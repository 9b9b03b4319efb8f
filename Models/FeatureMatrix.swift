import Arrays

/// Rows of features as they come from a file: row-major, missing cells NaN.
public struct FeatureMatrix: Sendable {
    public let names: [String]
    public var values: [Float]

    /// - Precondition: The values fill whole rows.
    public init(names: [String], values: [Float]) {
        precondition(
            names.isEmpty ? values.isEmpty : values.count % names.count == 0,
            "FeatureMatrix: \(values.count) values for \(names.count) features")
        self.names = names
        self.values = values
    }

    public var rowCount: Int { names.isEmpty ? 0 : values.count / names.count }
}
