/// The days on which the US bond market is open, by the rules that SIFMA recommends.
///
/// Early closes are business days. Of the days on which it was closed out of turn, those since 2001
/// are known.
public enum BondMarketCalendar {
    /// Whether the market is open on a day.
    public static func isBusinessDay(_ date: CalendarDate) -> Bool {
        let weekday = date.weekday
        return weekday != 0 && weekday != 6 && holiday(on: date) == nil
    }

    /// The name of the holiday that closes the market on a weekday; nil where there is none.
    public static func holiday(on date: CalendarDate) -> String? {
        let (year, month, day) = date.components
        let weekday = date.weekday
        /// The n-th given weekday of a month.
        func isWeek(_ number: Int, _ wanted: Int) -> Bool {
            weekday == wanted && (day - 1) / 7 + 1 == number
        }
        /// A fixed date, moved to the Monday after a Sunday and the Friday before a Saturday.
        func isObserved(_ wanted: Int, saturday: Bool = true) -> Bool {
            day == wanted || (day == wanted + 1 && weekday == 1)
                || (saturday && day == wanted - 1 && weekday == 5)
        }
        switch month {
        // A Saturday's New Year is not observed on the last day of the old year.
        case 1 where isObserved(1, saturday: false): return "New Year's Day"
        case 1 where year >= 1986 && isWeek(3, 1): return "Martin Luther King Day"
        case 2 where isWeek(3, 1): return "Presidents' Day"
        case 3, 4:
            // The market only closes early where the employment report comes out: on the first
            // Friday of April.
            return date + 2 == easterSunday(year) && !(month == 4 && day <= 7)
                ? "Good Friday" : nil
        case 5 where weekday == 1 && day > 24: return "Memorial Day"
        case 6 where year == 2004 && day == 11: return "Mourning of President Reagan"
        case 6 where year >= 2022 && isObserved(19): return "Juneteenth"
        case 7 where isObserved(4): return "Independence Day"
        case 9 where isWeek(1, 1): return "Labor Day"
        case 9 where year == 2001 && (11...12).contains(day): return "Attack of 2001-09-11"
        case 10 where isWeek(2, 1): return "Columbus Day"
        case 10 where year == 2012 && day == 30: return "Hurricane Sandy"
        // A Saturday's Veterans Day is not observed on the Friday.
        case 11 where isObserved(11, saturday: false): return "Veterans Day"
        case 11 where isWeek(4, 4): return "Thanksgiving Day"
        case 12 where isObserved(25): return "Christmas Day"
        default: return nil
        }
    }

    /// The day so many business days later; earlier for a negative count. For 0 the day itself,
    /// or the next business day where the market is closed on it.
    public static func adding(businessDays: Int, to date: CalendarDate) -> CalendarDate {
        var date = date
        if businessDays == 0 {
            while !isBusinessDay(date) { date = date + 1 }
            return date
        }
        let step = businessDays < 0 ? -1 : 1
        for _ in 0..<abs(businessDays) {
            repeat { date = date + step } while !isBusinessDay(date)
        }
        return date
    }

    /// The number of business days after `first`, up to and including `last`.
    public static func businessDays(after first: CalendarDate, through last: CalendarDate) -> Int {
        guard first < last else { return 0 }
        return (1...(last - first)).reduce(0) { $0 + (isBusinessDay(first + $1) ? 1 : 0) }
    }

    /// The anonymous Gregorian computus (Nature, 20 April 1876).
    static func easterSunday(_ year: Int) -> CalendarDate {
        let a = year % 19
        let (b, c) = (year / 100, year % 100)
        let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30
        let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7
        let m = (a + 11 * h + 22 * l) / 451
        let sum = h + l - 7 * m + 114
        return CalendarDate(valid: year, sum / 31, sum % 31 + 1)
    }
}
