import Arrays
import Datasets
import Files
import QuantileModels

extension TrainingSource {
    /// The training and validation days of a feature store, whose labels are residuals already.
    ///
    /// A training row is left out (purged) where its trade was reported only after validation
    /// began, and so is a validation row where test had begun.
    public init(_ store: FeatureStore, days: ChronologicalSplit.Days) throws(FileError) {
        let split = try ChronologicalSplit(
            days, of: store.shards.map(\.date), file: store.path)
        func rows(_ dates: ClosedRange<String>) -> Range<Int> {
            store.rows(from: dates.lowerBound, through: dates.upperBound)
        }
        let (train, validation) = (rows(split.train), rows(split.validation))
        let test = split.test.map(rows)
        func start(_ rows: Range<Int>?) -> Int64 {
            guard let rows, !rows.isEmpty else { return .max }
            return store.values(.time, rows: rows.lowerBound..<rows.lowerBound + 1)[0]
        }
        let training = Self.rows(store, train, reportedBefore: start(validation))
        let checking = Self.rows(store, validation, reportedBefore: start(test))
        for (part, name) in [(training, "training"), (checking, "validation")] {
            guard part.labels.contains(where: { $0 != part.labels[0] }),
                part.weights?.contains(where: { $0 > 0 }) ?? true
            else {
                throw FileError(
                    .badData, file: store.path, "no \(name) rows whose labels differ",
                    expected:
                        "trades on the days \(name == "training" ? split.train : split.validation)",
                    found: "\(part.labels.count) rows")
            }
        }
        var hash = XXHash64()
        Array(store.schema.hash.utf8).withUnsafeBytes { hash.update($0) }
        for part in [training, checking] {
            part.labels.withUnsafeBytes { hash.update($0) }
            part.weights?.withUnsafeBytes { hash.update($0) }
        }
        var provenance = [
            "schema": store.schema.hash, "split.train": Self.text(split.train),
            "split.validation": Self.text(split.validation),
        ]
        provenance["split.test"] = split.test.map(Self.text)
        // A scorer of a market builds the features itself, with the same constants.
        provenance["schema.constants"] = store.schema.constantsText
        let schema = store.schema
        self.init(
            file: store.path, labelName: "price", features: schema.features.map(\.name),
            structure: FeatureStructure(
                channels: schema.sequences.isEmpty ? 0 : schema.channels,
                sequences: schema.sequences.map { .init(start: $0.start, steps: $0.steps) },
                conditions: schema.condition.count),
            fingerprint: hash.hexadecimalDigest, training: training, validation: checking,
            isStreamed: true, provenance: provenance)
    }

    private static func text(_ dates: ClosedRange<String>) -> String {
        "\(dates.lowerBound)..\(dates.upperBound)"
    }

    private static func rows(
        _ store: FeatureStore, _ range: Range<Int>, reportedBefore end: Int64
    ) -> Rows {
        let reported = store.values(.reportTime, rows: range)
        let chosen = range.filter { reported[$0 - range.lowerBound] < end }
        let (labels, weights) = (
            store.values(.label, rows: range), store.values(.weight, rows: range)
        )
        return Rows(
            labels: chosen.map { ForecastTarget.clipped(labels[$0 - range.lowerBound]) },
            weights: chosen.map { weights[$0 - range.lowerBound] }
        ) { rows in store.features(of: rows.map { chosen[$0] }) }
    }
}
