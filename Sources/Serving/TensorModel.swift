import Arrays
import QuantileModels
import Quantiles

/// What the Open Inference Protocol serves: tensors of 32-bit floats in, tensors out.
public protocol TensorModel: Sendable {
    var name: String { get }
    var version: String { get }
    /// What kind of model it is: `platform` of the protocol.
    var platform: String { get }
    /// The name of the input and the extent of its second axis. Shape: `[row, feature]`.
    var input: (name: String, columns: Int) { get }
    /// The name of the output and the extent of its second axis. Shape: `[row, level]`.
    var output: (name: String, columns: Int) { get }

    /// What the numbers of the output are, by name, for `parameters` of the metadata.
    var outputParameters: [(name: String, text: String)] { get }

    /// The output of each row. NaN is a missing value.
    func infer(rows: Int, _ values: [Float]) async -> [Float]
}

extension TensorModel {
    public var outputParameters: [(name: String, text: String)] { [] }

    /// Name and version.
    package var identity: String { "\(name)/\(version)" }
}

/// A checkpoint's quantile network behind the Open Inference Protocol.
///
/// A checkpoint that was trained on residuals answers with them: in units of each row's scale, from its
/// reference, which is what ``outputParameters`` say. Who has both, as a feature store has them beside
/// the features, gets prices as `reference + scale * output`.
public struct CheckpointModel: TensorModel {
    private let model: QuantileModel
    public let name: String
    public let version: String

    /// - Parameters:
    ///   - name: what clients call it.
    ///   - version: tells the checkpoint from others of the name, such as the file's digest.
    public init(_ model: QuantileModel, name: String, version: String) {
        self.model = model
        self.name = name
        self.version = version
    }

    public var platform: String { "tenor_quantile_network" }
    public var input: (name: String, columns: Int) { ("features", model.features.count) }
    public var output: (name: String, columns: Int) { ("quantiles", model.levels.count) }

    public var outputParameters: [(name: String, text: String)] {
        [
            ("levels", model.levels.names.joined(separator: " ")),
            ("target", model.target == .residual ? "residual" : "label"),
            (
                "unit",
                model.target == .residual
                    ? "(label - reference) / scale of each row: label = reference + scale * output"
                    : "that of the label"
            ),
        ]
    }

    public func infer(rows: Int, _ values: [Float]) async -> [Float] {
        // A residual from 0 in units of 1 is the residual itself.
        let references = ReferenceRows(
            references: Array(repeating: 0, count: rows), scales: Array(repeating: 1, count: rows))
        return model.forecast(
            FeatureMatrix(names: model.features, values: values), references: references
        ).elements
    }
}
