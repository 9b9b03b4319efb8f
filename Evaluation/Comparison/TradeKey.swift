/// What makes two rows the same trade: bond, execution time, buy/sell with side, and venue.
struct TradeKey: Comparable, Sendable {
    let bond: Int32
    /// 0 where side and venue do not take part.
    let kind: UInt8
    let time: Int64

    static func < (first: TradeKey, second: TradeKey) -> Bool {
        if first.time != second.time { return first.time < second.time }
        if first.bond != second.bond { return first.bond < second.bond }
        return first.kind < second.kind
    }

    /// The key of every row.
    /// - Parameters:
    ///   - usesSide, usesATS: whether all tables of a join have the column.
    ///   - number: the number of a bond's name, the same for all tables; nil where only rows of
    ///     this table are compared with each other.
    static func keys(
        _ trades: TradeColumns, usesSide: Bool = true, usesATS: Bool = true,
        number: ((String) -> Int32)? = nil
    ) -> [TradeKey] {
        let numbers = number.map { number in trades.bonds.map(number) }
        return trades.bond.indices.map { row in
            let side = usesSide ? trades.side.map { $0[row].rawValue + 1 } ?? 0 : 0
            let venue: UInt8 = usesATS ? trades.isATS.map { $0[row] ? 2 : 1 } ?? 0 : 0
            let bond = trades.bond[row]
            return TradeKey(
                bond: numbers?[Int(bond)] ?? bond, kind: side * 3 + venue, time: trades.time[row])
        }
    }
}

/// Rows in ascending order of their keys, equal keys in the order of the rows.
struct SortedKeys: Sendable {
    private let entries: [(key: TradeKey, row: Int32)]

    init(_ keys: [TradeKey]) {
        var entries = keys.indices.map { (key: keys[$0], row: Int32($0)) }
        entries.sort { $0.key < $1.key || ($0.key == $1.key && $0.row < $1.row) }
        self.entries = entries
    }

    /// The rows that share their key with another row: a list a key, in the order of their first
    /// rows.
    var repeated: [[Int]] {
        var lists: [[Int]] = []
        forEachRun { run in
            if run.count > 1 { lists.append(entries[run].map { Int($0.row) }) }
        }
        return lists.sorted { $0[0] < $1[0] }
    }

    /// For each row of these its row in another table; -1 where that lacks the key. Of rows that
    /// share a key the first belongs to the other table's first, and so on.
    ///
    /// - Parameter onlyUnique: whether keys that come twice on either side are passed over.
    func partners(in other: SortedKeys, onlyUnique: Bool) -> [Int32] {
        var partners = [Int32](repeating: -1, count: entries.count)
        var start = 0
        forEachRun { run in
            let key = entries[run.lowerBound].key
            while start < other.entries.count, other.entries[start].key < key { start += 1 }
            var end = start
            while end < other.entries.count, other.entries[end].key == key { end += 1 }
            if !onlyUnique || (run.count == 1 && end - start == 1) {
                for (ours, theirs) in zip(run, start..<end) {
                    partners[Int(entries[ours].row)] = other.entries[theirs].row
                }
            }
            start = end
        }
        return partners
    }

    private func forEachRun(_ body: (Range<Int>) -> Void) {
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].key == entries[start].key { end += 1 }
            body(start..<end)
            start = end
        }
    }
}
