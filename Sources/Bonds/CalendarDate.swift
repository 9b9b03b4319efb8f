/// A day of the proleptic Gregorian calendar, without a time of day or a zone.
public struct CalendarDate: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01.
    public let dayNumber: Int32

    public init(dayNumber: Int) {
        self.dayNumber = Int32(dayNumber)
    }

    /// - Returns: nil where the calendar has no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.dayCount(year: year, month: month)
        else { return nil }
        self.init(valid: year, month, day)
    }

    /// The date that `YYYY-MM-DD` or `YYYYMMDD` names; nil for any other text.
    public init?(_ text: some Collection<UInt8>) {
        var digits = 0
        var value = 0
        for (offset, byte) in text.enumerated() {
            if text.count == 10, offset == 4 || offset == 7 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int(byte) - 48
                digits += 1
                // No more can be a date, and the value must not overflow.
                if digits > 8 { return nil }
            }
        }
        guard digits == 8 else { return nil }
        self.init(year: value / 10_000, month: value / 100 % 100, day: value % 100)
    }

    /// The date that `YYYY-MM-DD` or `YYYYMMDD` names; nil for any other text.
    public init?(_ text: String) {
        self.init(text.utf8)
    }

    /// Days counted from March, so that the leap day ends the year (Howard Hinnant,
    /// "chrono-Compatible Low-Level Date Algorithms").
    init(valid year: Int, _ month: Int, _ day: Int) {
        let shifted = year - (month <= 2 ? 1 : 0)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.init(dayNumber: era * 146_097 + dayOfEra - 719_468)
    }

    /// Year, month (1 to 12) and day of the month.
    public var components: (year: Int, month: Int, day: Int) {
        let shifted = Int(dayNumber) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    public var year: Int { components.year }
    public var month: Int { components.month }
    public var day: Int { components.day }

    /// 0 for Sunday to 6 for Saturday.
    public var weekday: Int {
        let remainder = (Int(dayNumber) + 4) % 7
        return remainder < 0 ? remainder + 7 : remainder
    }

    /// Whether this is the last day of its month.
    public var endsMonth: Bool {
        let (year, month, day) = components
        return day == Self.dayCount(year: year, month: month)
    }

    /// The same day of another month; its last day where it is shorter.
    public func adding(months: Int) -> CalendarDate {
        let (year, month, day) = components
        return Self.date(monthIndex: year * 12 + month - 1 + months, day: day)
    }

    public static func + (date: CalendarDate, days: Int) -> CalendarDate {
        CalendarDate(dayNumber: Int(date.dayNumber) + days)
    }

    /// The number of days between two dates.
    public static func - (later: CalendarDate, earlier: CalendarDate) -> Int {
        Int(later.dayNumber) - Int(earlier.dayNumber)
    }

    public static func < (first: CalendarDate, second: CalendarDate) -> Bool {
        first.dayNumber < second.dayNumber
    }

    /// Midnight UTC in epoch nanoseconds: how a forecast table writes a maturity.
    public var nanoseconds: Int64 { Int64(dayNumber) * 86_400_000_000_000 }

    static func dayCount(year: Int, month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// A day of a month counted from January of the year 0, cut to the month's length.
    static func date(monthIndex: Int, day: Int) -> CalendarDate {
        let year = monthIndex >= 0 ? monthIndex / 12 : (monthIndex - 11) / 12
        let month = monthIndex - year * 12 + 1
        return CalendarDate(valid: year, month, min(day, dayCount(year: year, month: month)))
    }
}

extension CalendarDate: CustomStringConvertible {
    /// `YYYY-MM-DD`.
    public var description: String {
        let (year, month, day) = components
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
    }
}
