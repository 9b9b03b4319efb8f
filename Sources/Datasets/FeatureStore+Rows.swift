import Arrays
import Files
import Foundation

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
    ///   reference is not finite, whose scale is not above 0, whose weight is below 0, or whose
    ///   times are not of its day or before those of the row above.
    public func requireSound() throws(FileError) {
        let checks: [(column: FloatColumn, expected: String, isSound: (Float) -> Bool)] = [
            (.label, "a finite number", \.isFinite), (.reference, "a finite number", \.isFinite),
            (.scale, "a finite number above 0", { $0.isFinite && $0 > 0 }),
            (.weight, "a finite number, 0 or more", { $0.isFinite && $0 >= 0 }),
        ]
        var latest = Int64.min
        for shard in shards {
            for (column, expected, isSound) in checks {
                let values = values(column, rows: shard.rows)
                guard let row = values.firstIndex(where: { !isSound($0) }) else { continue }
                throw unsound(
                    shard, row: row, column.rawValue, expected: expected, found: "\(values[row])")
            }
            latest = try requireSoundTimes(shard, after: latest)
        }
    }

    /// Splits by time, and whatever is looked up by time, rely on these.
    ///
    /// - Returns: The time of the last row.
    private func requireSoundTimes(_ shard: Shard, after latest: Int64) throws(FileError) -> Int64 {
        guard let midnight = try? Date(shard.date, strategy: .iso8601.year().month().day()) else {
            throw FileError(
                .badData, file: shard.file.path, "the name of a shard is its day",
                expected: "YYYY-MM-DD" + Self.shardSuffix, advice: "Remove or rename the file")
        }
        let start = Int64(midnight.timeIntervalSince1970) * 1_000_000_000
        // A day in New York is over before this, in winter and in summer.
        let end = start + 36 * 3_600 * 1_000_000_000
        var earliest = max(start, latest)
        for (row, time) in values(.time, rows: shard.rows).enumerated() {
            guard time >= earliest, time < end else {
                throw unsound(
                    shard, row: row, TimeColumn.time.rawValue,
                    expected: "nanoseconds since 1970 on \(shard.date), none before the row above",
                    found: "\(time)")
            }
            earliest = time
        }
        let reported = values(.reportTime, rows: shard.rows)
        if let row = reported.firstIndex(where: { $0 < start }) {
            throw unsound(
                shard, row: row, TimeColumn.reportTime.rawValue,
                expected: "nanoseconds since 1970 on \(shard.date) or later",
                found: "\(reported[row])")
        }
        return earliest
    }

    private func unsound(
        _ shard: Shard, row: Int, _ column: String, expected: String, found: String
    ) -> FileError {
        FileError(
            .badData, file: shard.file.path, column: column,
            "row \(row) of the shard is unsound", expected: expected,
            found: found, advice: Self.repair(path, without: shard.file.path))
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
