import Bonds

/// Turns local days and times into UTC, remembering the last day: rows of one day come together.
struct EasternClock {
    private static let dayLength: Int64 = 86_400_000_000_000
    private var day = Int.min
    private var midnight: Int64 = 0
    /// Whether the clock is moved on this day.
    private var isMoved = false

    /// UTC epoch nanoseconds of a time of day in New York.
    ///
    /// - Parameters:
    ///   - day: Days since 1970-01-01 by the local calendar.
    ///   - time: Nanoseconds since local midnight.
    @inline(__always)
    mutating func utc(day: Int, time: Int64) -> Int64 {
        if day != self.day {
            self.day = day
            midnight = Self.utc(day, 0)
            isMoved = Self.utc(day + 1, 0) - midnight != Self.dayLength
        }
        return isMoved ? Self.utc(day, time) : midnight + time
    }

    private static func utc(_ day: Int, _ time: Int64) -> Int64 {
        EasternTime.nanoseconds(CalendarDate(dayNumber: day), timeOfDay: time)
    }
}

extension CalendarDate {
    /// The day of a `20250307`, nil where the calendar has none or no trade can be that old or late:
    /// its nanoseconds must fit into 64 bits.
    init?(compact value: Int) {
        guard (1900_01_01...2199_12_31).contains(value) else { return nil }
        self.init(year: value / 10_000, month: value / 100 % 100, day: value % 100)
    }

    /// `20250307` as a number.
    var compact: Int {
        let (year, month, day) = components
        return year * 10_000 + month * 100 + day
    }
}
