/// Values with the time from which each was known; finds what was known at a time.
public struct AsOfSeries<Time: Comparable & Sendable, Value: Sendable>: Sendable {
    /// Ascending.
    public private(set) var times: [Time] = []
    public private(set) var values: [Value] = []

    public init() {}

    /// Entries in any order; of those of one time the last one counts.
    public init(_ entries: [(time: Time, value: Value)]) {
        for entry in entries { append(entry.value, at: entry.time) }
    }

    /// Adds a value. Quick where the times come ascending, as in the files.
    public mutating func append(_ value: Value, at time: Time) {
        guard let last = times.last, time < last else {
            times.append(time)
            values.append(value)
            return
        }
        let index = count { $0 <= time }
        times.insert(time, at: index)
        values.insert(value, at: index)
    }

    /// The last value from strictly before a time, and its own time.
    public func last(before time: Time) -> (time: Time, value: Value)? {
        entry(count { $0 < time } - 1)
    }

    /// The last value from a time or before it, and its own time.
    public func last(upTo time: Time) -> (time: Time, value: Value)? {
        entry(count { $0 <= time } - 1)
    }

    private func entry(_ index: Int) -> (time: Time, value: Value)? {
        index < 0 ? nil : (times[index], values[index])
    }

    /// How many times satisfy a condition that holds up to some point: a binary search.
    private func count(_ isBefore: (Time) -> Bool) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(times[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension AsOfSeries {
    /// A series for each key of some rows.
    static func grouped<Row, Key: Hashable>(
        _ rows: [Row], key: (Row) -> Key, time: (Row) -> Time, value: (Row) -> Value
    ) -> [Key: AsOfSeries] {
        var series: [Key: AsOfSeries] = [:]
        for row in rows {
            series[key(row), default: AsOfSeries()].append(value(row), at: time(row))
        }
        return series
    }
}
