/// US/Eastern clock time with its daylight saving, computed: what files and features need of it.
///
/// Daylight saving from the second Sunday of March to the first Sunday of November since 2007 (Energy
/// Policy Act of 2005), before that from April to the last Sunday of October (Uniform Time Act and
/// its amendment of 1986); exact since 1976.
public enum EasternTime {
    static let nanosecondsPerSecond: Int64 = 1_000_000_000
    static let nanosecondsPerDay: Int64 = 86_400 * nanosecondsPerSecond

    /// The date and the nanoseconds since its midnight by the clock in New York.
    public static func clock(
        _ nanoseconds: Int64
    ) -> (date: CalendarDate, timeOfDay: Int64) {
        let local = nanoseconds + offset(atUTC: nanoseconds)
        let (day, time) = floorDivide(local)
        return (CalendarDate(dayNumber: Int(day)), time)
    }

    /// The date in New York at a UTC time in epoch nanoseconds.
    public static func date(_ nanoseconds: Int64) -> CalendarDate { clock(nanoseconds).date }

    /// UTC epoch nanoseconds of a clock time in New York.
    ///
    /// A time that the clock shows twice is the first of the two; one that it skips is read as
    /// if the clock had not been moved yet.
    public static func nanoseconds(_ date: CalendarDate, timeOfDay: Int64) -> Int64 {
        let local = date.nanoseconds + timeOfDay
        let saving = savingPeriod(date.year)
        let hour = 3_600 * nanosecondsPerSecond
        let isSaving =
            local >= saving.start.nanoseconds + 3 * hour
            && local < saving.end.nanoseconds + 2 * hour
        return local + (isSaving ? 4 : 5) * hour
    }

    /// What is added to UTC at a time, in nanoseconds.
    private static func offset(atUTC nanoseconds: Int64) -> Int64 {
        let hour = 3_600 * nanosecondsPerSecond
        let year = CalendarDate(dayNumber: Int(floorDivide(nanoseconds - 5 * hour).day)).year
        let saving = savingPeriod(year)
        // Two o'clock of standard time in spring, two o'clock of daylight time in autumn.
        let isSaving =
            nanoseconds >= saving.start.nanoseconds + 7 * hour
            && nanoseconds < saving.end.nanoseconds + 6 * hour
        return (isSaving ? -4 : -5) * hour
    }

    /// The Sundays on which the clock is moved.
    static func savingPeriod(_ year: Int) -> (start: CalendarDate, end: CalendarDate) {
        func sunday(onOrAfter day: Int, month: Int) -> CalendarDate {
            let date = CalendarDate(valid: year, month, day)
            return date + (7 - date.weekday) % 7
        }
        if year >= 2007 {
            return (sunday(onOrAfter: 8, month: 3), sunday(onOrAfter: 1, month: 11))
        }
        return (
            sunday(onOrAfter: year >= 1987 ? 1 : 24, month: 4), sunday(onOrAfter: 25, month: 10)
        )
    }

    private static func floorDivide(_ time: Int64) -> (day: Int64, time: Int64) {
        var (day, rest) = time.quotientAndRemainder(dividingBy: nanosecondsPerDay)
        if rest < 0 {
            day -= 1
            rest += nanosecondsPerDay
        }
        return (day, rest)
    }
}
