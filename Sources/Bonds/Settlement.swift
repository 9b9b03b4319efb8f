/// When a corporate trade is paid for.
public enum Settlement {
    /// Business days between a trade and its settlement: three to 2017-09-04, two to 2024-05-27,
    /// one since (SEC Rule 15c6-1 and its amendments).
    public static func businessDays(tradedOn date: CalendarDate) -> Int {
        if date < firstDayOfTwo { return 3 }
        return date < firstDayOfOne ? 2 : 1
    }

    /// The regular-way settlement date of a trade on a day of US/Eastern.
    public static func date(tradedOn date: CalendarDate) -> CalendarDate {
        BondMarketCalendar.adding(businessDays: businessDays(tradedOn: date), to: date)
    }

    private static let firstDayOfTwo = CalendarDate(valid: 2017, 9, 5)
    private static let firstDayOfOne = CalendarDate(valid: 2024, 5, 28)
}
