import Bonds

/// When TRACE takes reports: on business days from 8:00 to 18:30 by the clock in New York.
package enum ReportingHours {
    private static let second: Int64 = 1_000_000_000
    private static let opening = 8 * 3_600 * second
    private static let closing = 18 * 3_600 * second + 1_800 * second

    /// The time itself where TRACE is open, else one in the first half hour after it opens.
    ///
    /// - Parameter time: UTC epoch nanoseconds.
    package static func next(_ time: Int64) -> Int64 {
        let (date, timeOfDay) = EasternTime.clock(time)
        let isBusinessDay = BondMarketCalendar.isBusinessDay(date)
        if isBusinessDay, timeOfDay >= opening, timeOfDay <= closing { return time }
        let day =
            isBusinessDay && timeOfDay < opening
            ? date : BondMarketCalendar.adding(businessDays: 1, to: date)
        return EasternTime.nanoseconds(day, timeOfDay: opening + timeOfDay % (1_800 * second))
    }

    /// The last moment at which a day's reports come; UTC epoch nanoseconds.
    static func end(of date: CalendarDate) -> Int64 {
        EasternTime.nanoseconds(date, timeOfDay: closing)
    }
}
