import Bonds

/// What the clock and the calendar say.
struct CalendarFeatures {
    private var midnight: Int64 = 0
    private var weekday = 0
    private var monthEnd: Float = 0
    private var monthStart: Float = 0
    private var holiday: Float = 0

    /// Begins a day of New York.
    mutating func turn(to date: CalendarDate) {
        midnight = EasternTime.nanoseconds(date, timeOfDay: 0)
        weekday = date.weekday
        let first = date + (1 - date.day)
        let last = first.adding(months: 1) + -1
        monthEnd = e(-Float(BondMarketCalendar.businessDays(after: date, through: last)) / 2)
        monthStart = e(
            -Float(BondMarketCalendar.businessDays(after: first + -1, through: date)) / 2)
        var day = date + 1
        var days = 0
        while days < 60 {
            let isWeekend = day.weekday == 0 || day.weekday == 6
            if !isWeekend, BondMarketCalendar.holiday(on: day) != nil { break }
            if !isWeekend { days += 1 }
            day = day + 1
        }
        holiday = e(-Float(days) / 10)
    }

    /// Writes the sixteen features of a time of that day.
    func write(_ time: Int64, into row: UnsafeMutablePointer<Float>) {
        let hour = Double(time - midnight) / 3.6e12
        let share = min(max((hour - 8) / 10, 0), 1)
        let angle = 2 * Double.pi * share
        row[0] = Float(share)
        row[1] = Float(sine(angle))
        row[2] = Float(cosine(angle))
        row[3] = Float(sine(2 * angle))
        row[4] = Float(cosine(2 * angle))
        row[5] = e(-Float(max(0, hour - 8.5)) * 2)
        row[6] = e(-Float(abs(hour - 16)) * 2)
        for day in 0..<5 { row[7 + day] = weekday == day + 1 ? 1 : 0 }
        row[12] = monthEnd
        row[13] = monthStart
        row[14] = holiday
        row[15] = hour >= 16 ? 1 : 0
    }
}
