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
