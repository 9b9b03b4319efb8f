import Arrays
import Files

extension FeatureStore {
    /// Asks the system to read the features of some rows in the background, before they are copied.
    public func willRead(rows: Range<Int>) {
        forEachShard(rows) { shard, local in
            for (entry, width) in [
                (shard.state, schema.state.count), (shard.condition, schema.condition.count),
            ] {
                let rowBytes = width * (entry.dtype == .f16 ? 2 : 4)
                shard.file.willRead(
                    entry, bytes: local.lowerBound * rowBytes..<local.upperBound * rowBytes)
            }
        }
    }

    /// Checks the numbers that every use of rows relies on.
    ///
    /// - Throws: ``Files/FileError`` naming the shard and the first of its rows whose label or
    ///   reference is not finite, whose scale is not above 0, or whose weight is below 0.
    public func requireSound(_ rows: Range<Int>) throws(FileError) {
        let checks: [(column: FloatColumn, expected: String, isSound: (Float) -> Bool)] = [
            (.label, "a finite number", \.isFinite), (.reference, "a finite number", \.isFinite),
            (.scale, "a finite number above 0", { $0.isFinite && $0 > 0 }),
            (.weight, "a finite number, 0 or more", { $0.isFinite && $0 >= 0 }),
        ]
        for shard in shards {
            let own = shard.rows.clamped(to: rows)
            for (column, expected, isSound) in checks {
                let values = values(column, rows: own)
                guard let place = values.firstIndex(where: { !isSound($0) }) else { continue }
                throw FileError(
                    .badData, file: shard.file.path, column: column.rawValue,
                    "row \(own.lowerBound + place - shard.rows.lowerBound) of the shard is unsound",
                    expected: expected, found: "\(values[place])",
                    advice: Self.repair(path, without: shard.file.path))
            }
        }
    }

    /// The features of some rows, those of the state and then those of the condition.
    ///
    /// Shape: n rows to `[n, state features + condition features]`.
    public func features(of rows: some Collection<Int>) -> [Float] {
        let (state, condition) = (schema.state.count, schema.condition.count)
        let width = state + condition
        return [Float](unsafeUninitializedCapacity: rows.count * width) { out, count in
            guard let start = out.baseAddress else { return }
            for (place, row) in rows.enumerated() {
                let target = start + place * width
                copy(rows: CollectionOfOne(row), state: target, condition: target + state)
            }
            count = rows.count * width
        }
    }
}
