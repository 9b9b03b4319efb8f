/// What the rows of tables say up to a day: two tables agree about the past where their digests do,
/// whatever stands behind it.
public struct DailyDigest: Sendable {
    /// Ascending. Rows come nearly in the order of their days, so a day is looked for from the end.
    private var days: [(day: CalendarDate, digest: UInt64)] = []
    /// Of what belongs to no day.
    private var timeless: UInt64 = 0

    public init() {}

    /// Takes in a row; the order of the rows of a day counts.
    /// - Parameters:
    ///   - hash: of what it says.
    ///   - day: on which it became known; nil where it holds for all days.
    public mutating func add(_ hash: UInt64, on day: CalendarDate?) {
        guard let day else {
            timeless = Self.joined(timeless, hash)
            return
        }
        let place = days.lastIndex { $0.day <= day }
        if let place, days[place].day == day {
            days[place].digest = Self.joined(days[place].digest, hash)
        } else {
            days.insert((day, Self.joined(0, hash)), at: place.map { $0 + 1 } ?? 0)
        }
    }

    /// The digest of what became known on a day and before it.
    public func value(through day: CalendarDate) -> UInt64 {
        days.prefix { $0.day <= day }.reduce(timeless) { digest, entry in
            Self.joined(
                Self.joined(digest, UInt64(bitPattern: entry.day.nanoseconds)), entry.digest)
        }
    }

    /// A hash of two, which depends on their order.
    public static func joined(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let product = (first << 7 | first >> 57) ^ second
        let mixed = product &* 0x9E37_79B9_7F4A_7C15
        return mixed ^ mixed >> 32
    }
}
