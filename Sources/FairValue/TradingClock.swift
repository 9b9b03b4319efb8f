import Bonds

/// A time as a bond desk counts it.
public struct TradingMoment: Sendable, Hashable {
    /// The date in New York.
    public let date: CalendarDate
    /// When a trade of that day settles.
    public let settlement: CalendarDate
    /// Trading days since 1990: the market is open from 8:00 to 18:00 US/Eastern, and what happens
    /// at night takes the clock's share of a day.
    public let days: Double
}

/// Turns UTC times into trading time.
///
/// Remembers the day of the last question, so times that come nearly in order cost little.
public struct TradingClock: Sendable {
    /// The share of a day's news that comes while the market is closed.
    public let overnightShare: Double
    private var date = CalendarDate(dayNumber: 0)
    private var settlement = CalendarDate(dayNumber: 0)
    /// When the day begins and ends, in UTC nanoseconds; empty before the first question.
    private var start = Int64.max
    private var end = Int64.min
    private var opening: Int64 = 0
    private var daysBefore = 0.0
    private var isOpen = false

    /// - Parameter overnightShare: from 0 to 1; at 0 a night takes no time.
    public init(overnightShare: Double = 0) {
        precondition(
            (0...1).contains(overnightShare), "overnightShare: \(overnightShare) is not a share")
        self.overnightShare = overnightShare
    }

    /// The moment of a UTC time in epoch nanoseconds.
    public mutating func moment(_ time: Int64) -> TradingMoment {
        if time < start || time >= end { turn(to: time) }
        var days = daysBefore
        if isOpen, time >= opening {
            let share = min(Double(time - opening) / Self.session, 1)
            days += overnightShare + (1 - overnightShare) * share
        }
        return TradingMoment(date: date, settlement: settlement, days: days)
    }

    private mutating func turn(to time: Int64) {
        date = EasternTime.date(time)
        settlement = Settlement.date(tradedOn: date)
        start = EasternTime.nanoseconds(date, timeOfDay: 0)
        end = EasternTime.nanoseconds(date + 1, timeOfDay: 0)
        opening = EasternTime.nanoseconds(date, timeOfDay: 8 * Self.hour)
        daysBefore = Self.businessDays(before: date)
        isOpen = BondMarketCalendar.isBusinessDay(date)
    }

    private static let hour: Int64 = 3_600_000_000_000
    /// Ten hours, in nanoseconds.
    private static let session = 36_000e9

    /// Business days from 1990 to the day before a date; outside of the table five of seven days.
    private static func businessDays(before date: CalendarDate) -> Double {
        let index = Int(date.dayNumber) - firstDay
        let inside = min(max(index, 0), table.count - 1)
        return Double(table[inside]) + Double(index - inside) * 5 / 7
    }

    /// 1990-01-01.
    private static let firstDay = 7_305
    /// Business days before each day up to the end of 2099.
    private static let table: [Int32] = {
        var counts: [Int32] = []
        var count: Int32 = 0
        for day in firstDay..<47_482 {
            counts.append(count)
            if BondMarketCalendar.isBusinessDay(CalendarDate(dayNumber: day)) { count += 1 }
        }
        return counts
    }()
}
