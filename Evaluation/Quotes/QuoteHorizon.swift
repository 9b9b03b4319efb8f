import Bonds

/// Since when quotes count for a trade.
///
/// The age of a quote is counted by the clock in New York, and days on which the bond market is
/// closed take no time: at a limit of a day the quotes of a Friday evening count until Monday evening.
struct QuoteHorizon {
    private static let day: Int64 = 86_400_000_000_000

    /// The limit: whole trading days, and nanoseconds.
    private let days: Int
    private let rest: Int64
    /// By the day of a trade, the day so many whole trading days before.
    private var starts: [CalendarDate: CalendarDate] = [:]

    init(_ rules: QuoteRules) {
        let (days, rest) = Int64(rules.maximumAge * 1e9).quotientAndRemainder(dividingBy: Self.day)
        (self.days, self.rest) = (Int(days), rest)
    }

    /// The earliest time of a quote that is not too old, both times in UTC epoch nanoseconds.
    mutating func start(forTradeAt time: Int64) -> Int64 {
        let (date, clock) = EasternTime.clock(time)
        // Until the market opens again it is the first moment of the next trading day.
        let timeOfDay = BondMarketCalendar.isBusinessDay(date) ? clock : 0
        let start = startingDay(of: date)
        guard timeOfDay < rest else {
            return EasternTime.nanoseconds(start, timeOfDay: timeOfDay - rest)
        }
        return EasternTime.nanoseconds(
            BondMarketCalendar.adding(businessDays: -1, to: start),
            timeOfDay: timeOfDay + Self.day - rest)
    }

    private mutating func startingDay(of date: CalendarDate) -> CalendarDate {
        if let start = starts[date] { return start }
        let open = BondMarketCalendar.adding(businessDays: 0, to: date)
        let start = BondMarketCalendar.adding(businessDays: -days, to: open)
        starts[date] = start
        return start
    }
}
