/// The live subscriptions of a connection, each refreshed once in every interval.
///
/// A bond has its own place in the interval, which depends on nothing else: refreshes are spread
/// over it evenly, and all that is subscribed to of a bond comes together, whoever subscribed,
/// from one state of the market.
package struct RefreshSchedule: Sendable {
    package private(set) var keys: Set<SubscriptionKey> = []
    /// ``keys`` in the order of their places; nil after a change.
    private var ordered: [SubscriptionKey]?

    package init() {}

    /// - Parameter all: those that were there already among them.
    package mutating func subscribe(to all: Set<SubscriptionKey>) {
        guard all.count != keys.count else { return }
        keys = all
        ordered = nil
    }

    /// - Returns: whether it was subscribed to.
    package mutating func unsubscribe(from key: SubscriptionKey) -> Bool {
        guard keys.remove(key) != nil else { return false }
        ordered = nil
        return true
    }

    /// What is to be sent again in a part of the interval.
    package mutating func due(in part: RefreshPart) -> [SubscriptionKey] {
        let ordered = ordered ?? keys.sorted { ($0.place, $0) < ($1.place, $1) }
        self.ordered = ordered
        return part.ranges.flatMap { range in
            let first = Self.firstIndex(in: ordered) { $0.place >= range.lowerBound }
            let end = Self.firstIndex(in: ordered) { $0.place > range.upperBound }
            return ordered[first..<end]
        }
    }

    /// Where the keys begin for which something holds, which it does from there on.
    private static func firstIndex(
        in keys: [SubscriptionKey], where holds: (SubscriptionKey) -> Bool
    ) -> Int {
        var range = 0..<keys.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = holds(keys[middle]) ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return range.lowerBound
    }
}

/// The part of the refresh interval between two moments; parts that follow each other have no
/// place in common and leave none out.
package struct RefreshPart: Sendable {
    /// Of places, which the interval has 2^32 of.
    fileprivate let ranges: [ClosedRange<UInt32>]

    /// After a moment, up to and with a later one; all of the interval where they are that far apart.
    package init(after start: Int64, through end: Int64, interval: Int64) {
        guard end > start else {
            ranges = []
            return
        }
        guard end - start < interval else {
            ranges = [0...UInt32.max]
            return
        }
        let (first, last) = (Self.place(start, interval), Self.place(end, interval))
        if first == last {
            ranges = []
        } else if first < last {
            ranges = [first + 1...last]
        } else {
            ranges = (first < .max ? [first + 1...UInt32.max] : []) + [0...last]
        }
    }

    private static func place(_ time: Int64, _ interval: Int64) -> UInt32 {
        UInt32(Double(time % interval) / Double(interval) * 0x1p32)
    }
}

extension SubscriptionKey {
    /// The place of its bond in the refresh interval: multiples of the golden ratio are spread
    /// evenly whatever bonds there are (Knuth, The Art of Computer Programming, 6.4).
    fileprivate var place: UInt32 { UInt32(truncatingIfNeeded: bond) &* 2_654_435_769 }
}
