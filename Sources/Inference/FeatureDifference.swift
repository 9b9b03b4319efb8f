import Datasets
import QuantileModels
import Quantiles

/// The first thing in which features differ from those that a checkpoint was trained on.
public struct FeatureDifference: Sendable, Equatable {
    public let expected: String
    public let found: String

    private init(expected: String, found: String) {
        self.expected = expected
        self.found = found
    }

    /// Nil where features, their constants and levels are the same.
    public init?(from old: QuantileModel, to new: QuantileModel) {
        if let difference = FeatureDifference(from: old.features, to: new.features) {
            self = difference
        } else if old.levels != new.levels {
            self.init(
                expected: "the levels \(old.levels.names.joined(separator: " "))",
                found: new.levels.names.joined(separator: " "))
        } else {
            self.init(from: Self.toldConstants(old) ?? [:], to: Self.toldConstants(new) ?? [:])
        }
    }

    /// Nil where the names and the constants are the same: formulas may differ still, which only the
    /// schema's hash tells.
    init?(from old: QuantileModel, to new: FeatureSchema) {
        if let difference = FeatureDifference(from: old.features, to: new.features.map(\.name)) {
            self = difference
        } else {
            guard let constants = Self.toldConstants(old) else { return nil }
            self.init(from: constants, to: new.constants)
        }
    }

    private init?(from old: [String: Double], to new: [String: Double]) {
        let names = Set(old.keys).union(new.keys).sorted()
        guard let name = names.first(where: { old[$0] != new[$0] }) else { return nil }
        self.init(
            expected: "the constant \(name) as \(Self.text(old[name]))", found: Self.text(new[name])
        )
    }

    /// Nil where the names are the same, in the same order.
    package init?(from old: [String], to new: [String]) {
        if let place = zip(old, new).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            self.init(
                expected: "'\(old[place])' as feature \(place + 1) of \(old.count)",
                found: "'\(new[place])' of \(new.count)")
        } else if old.count != new.count {
            let longer = old.count > new.count ? old : new
            self.init(
                expected: "\(old.count) features",
                found: "\(new.count), other from '\(longer[min(old.count, new.count)])' on")
        } else {
            return nil
        }
    }

    /// The numbers that the features' formulas use, where the checkpoint says.
    private static func toldConstants(_ model: QuantileModel) -> [String: Double]? {
        model.provenance["schema.constants"].flatMap(FeatureSchema.constants(text:))
    }

    private static func text(_ constant: Double?) -> String { constant.map { "\($0)" } ?? "none" }
}
