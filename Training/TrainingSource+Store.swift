import Arrays
import Datasets
import Files
import QuantileModels

extension TrainingSource {
    /// The training and validation days of feature stores, whose labels are residuals already.
    ///
    /// The days are those of the first store. The other stores, such as other simulated markets or
    /// earlier years, only add training rows: those from the end of their own warm-up to the last
    /// training day of the first store. A training row is left out (purged) where its trade was
    /// reported only after validation began, and so is a validation row where test had begun.
    ///
    /// - Precondition: There is a store.
    public init(
        _ stores: [FeatureStore], days: ChronologicalSplit.Days
    ) throws(FileError) {
        let (store, schema) = (stores[0], stores[0].schema)
        for store in stores { try store.requireSound() }
        let split = try ChronologicalSplit(days, of: store.shards.map(\.date), file: store.path)
        let validation = StoreRows(
            store, split.validation, reportedBefore: store.start(split.test))
        let end = store.start(split.validation)
        var parts = [StoreRows(store, split.train, reportedBefore: end)]
        // The hashes of the shards stand for every byte of them, features too.
        var checksums = [split.train, split.validation].flatMap {
            store.checksums(from: $0.lowerBound, through: $0.upperBound)
        }
        for other in stores.dropFirst() {
            guard other.schema.hash == schema.hash else {
                throw FileError(
                    .badData, file: other.path, "the stores have different schemas",
                    expected: schema.hash, found: other.schema.hash,
                    advice: "Build them with the same version and options of tenor features")
            }
            let dates = other.shards.map(\.date).dropFirst(days.warmUp)
                .prefix { $0 <= split.train.upperBound }
            guard let first = dates.first, let last = dates.last else {
                throw FileError(
                    .badData, file: other.path, "no days to train on",
                    expected: "days after its \(days.warmUp) of warm-up and up to "
                        + split.train.upperBound,
                    found: "\(other.shards.count) days")
            }
            checksums += other.checksums(from: first, through: last)
            let part = StoreRows(other, first...last, reportedBefore: end)
            for earlier in parts { try part.requireOthers(than: earlier) }
            parts.append(part)
        }
        let training = StoreRows.joined(parts)
        let checking = StoreRows.joined([validation])
        for (part, name, days) in [
            (training, "training", split.train), (checking, "validation", split.validation),
        ] {
            guard part.labels.contains(where: { $0 != part.labels[0] }) else {
                throw FileError(
                    .badData, file: store.path, "no \(name) rows whose labels differ",
                    expected: "trades on the days \(Self.text(days))",
                    found: "\(part.labels.count) rows")
            }
            guard part.weights?.contains(where: { $0 > 0 }) ?? true else {
                throw FileError(
                    .badData, file: store.path, column: "weight",
                    "every \(name) row has weight 0",
                    expected: "a weight above 0 on the days \(Self.text(days))",
                    advice: "Build the store anew with tenor features")
            }
        }
        var hash = XXHash64()
        Array((checksums + [schema.hash]).joined(separator: "\n").utf8)
            .withUnsafeBytes { hash.update($0) }
        for part in [training, checking] {
            part.labels.withUnsafeBytes { hash.update($0) }
            part.weights?.withUnsafeBytes { hash.update($0) }
        }
        var provenance = [
            "schema": schema.hash, "split.train": Self.text(split.train),
            "split.validation": Self.text(split.validation),
        ]
        provenance["split.test"] = split.test.map(Self.text)
        // A scorer of a market builds the features itself, with the same constants.
        provenance["schema.constants"] = schema.constantsText
        if let origin = try StoreOrigin(stores) {
            provenance.merge(origin.provenance) { known, _ in known }
        }
        self.init(
            file: stores.map(\.path).joined(separator: ", "), labelName: "price",
            features: schema.features.map(\.name),
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
}

extension FeatureStore {
    /// When the first trade of some days was executed; never where there is none.
    fileprivate func start(_ dates: ClosedRange<String>?) -> Int64 {
        guard let dates else { return .max }
        let rows = rows(from: dates.lowerBound, through: dates.upperBound)
        return rows.isEmpty ? .max : values(.time, rows: rows.lowerBound..<rows.lowerBound + 1)[0]
    }
}

/// Rows of a store that a training uses.
private struct StoreRows: Sendable {
    let store: FeatureStore
    /// Their numbers in the store, ascending.
    let numbers: [Int]
    let labels: [Float]
    let weights: [Float]

    init(_ store: FeatureStore, _ dates: ClosedRange<String>, reportedBefore end: Int64) {
        let range = store.rows(from: dates.lowerBound, through: dates.upperBound)
        let first = range.lowerBound
        let reported = store.values(.reportTime, rows: range)
        let numbers = range.filter { reported[$0 - first] < end }
        let (labels, weights) = (
            store.values(.label, rows: range), store.values(.weight, rows: range)
        )
        self.store = store
        self.numbers = numbers
        self.labels = numbers.map { ForecastTarget.clipped(labels[$0 - first]) }
        self.weights = numbers.map { weights[$0 - first] }
    }

    /// - Throws: `FileError` where trades of another store are among these.
    func requireOthers(than other: StoreRows) throws(FileError) {
        let known = other.trades()
        let common = trades().intersection(known).count
        guard common > 0 else { return }
        throw FileError(
            .badData, file: store.path, "trades of another store, which would count twice",
            expected: "other markets, or other days",
            found: "\(common) trades of \(other.store.path)",
            advice: "Give each trade once, by one store")
    }

    /// Hashes of what tells each trade from all others.
    private func trades() -> Set<Int> {
        guard let first = numbers.first, let last = numbers.last else { return [] }
        let rows = first..<last + 1
        let times = store.values(.time, rows: rows)
        let bonds = store.values(.cusip, rows: rows)
        let names = store.values(.tradeID, rows: rows)
        let prices = store.values(.price, rows: rows)
        return Set(
            numbers.map { row in
                var hasher = Hasher()
                hasher.combine(times[row - first])
                hasher.combine(bonds[row - first])
                hasher.combine(names[row - first])
                // Simulated markets may share all names.
                hasher.combine(prices[row - first])
                return hasher.finalize()
            })
    }

    /// The rows of several stores as one, those of the first store first.
    static func joined(_ parts: [StoreRows]) -> TrainingSource.Rows {
        var ends: [Int] = []
        for part in parts { ends.append((ends.last ?? 0) + part.numbers.count) }
        let bounds = ends
        let place = { @Sendable (row: Int) -> (part: Int, row: Int) in
            let part = bounds.firstIndex { row < $0 } ?? 0
            return (part, row - (part == 0 ? 0 : bounds[part - 1]))
        }
        let willRead = { @Sendable (ranges: [Range<Int>]) in
            for range in ranges {
                for (index, part) in parts.enumerated() {
                    let start = index == 0 ? 0 : bounds[index - 1]
                    let own = range.clamped(to: start..<bounds[index])
                    if own.isEmpty { continue }
                    part.store.willRead(
                        rows: part.numbers[own.lowerBound - start]..<part.numbers[
                            own.upperBound - start - 1] + 1)
                }
            }
        }
        return TrainingSource.Rows(
            labels: parts.flatMap(\.labels), weights: parts.flatMap(\.weights),
            willRead: willRead
        ) { rows in
            guard parts.count > 1 else {
                return parts[0].store.features(of: rows.lazy.map { parts[0].numbers[$0] })
            }
            let width = parts[0].store.schema.features.count
            let states = parts[0].store.schema.state.count
            return [Float](unsafeUninitializedCapacity: rows.count * width) { out, count in
                guard let start = out.baseAddress else { return }
                for (index, row) in rows.enumerated() {
                    let (part, own) = place(row)
                    let target = start + index * width
                    parts[part].store.copy(
                        rows: CollectionOfOne(parts[part].numbers[own]), state: target,
                        condition: target + states)
                }
                count = rows.count * width
            }
        }
    }
}
