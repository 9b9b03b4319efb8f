/// How days are counted towards accrued interest.
public enum DayCount: String, Sendable, CaseIterable {
    /// Twelve months of 30 days, the US rule: corporate bonds.
    case thirty360US = "30/360"
    /// Actual days over the actual days of the coupon period (ICMA): Treasuries.
    case actualActualICMA = "actual/actual"

    /// The convention that a cell of `bonds.csv` names, in any case and common spelling.
    public init?(named name: String) {
        switch name.lowercased().filter({ !$0.isWhitespace }) {
        case "30/360", "30/360us", "30u/360": self = .thirty360US
        case "actual/actual", "act/act", "actual/actualicma", "act/acticma":
            self = .actualActualICMA
        default: return nil
        }
    }

    /// Days of 30/360 from one date to a later one.
    ///
    /// `nominalDay` is the day of the month on which the bond's coupons fall. It stands in for the
    /// last of February where that month is too short for it: the 28th then counts as the 30th of
    /// a bond that pays at month ends. Source: MSRB Rule G-33 and SIA, Standard Securities
    /// Calculation Methods, volume 1.
    static func days360(
        from first: CalendarDate, to second: CalendarDate, nominalDay: Int
    ) -> Int {
        let (year1, month1, actualDay1) = first.components
        let (year2, month2, actualDay2) = second.components
        var day1 = actualDay1
        var day2 = actualDay2
        if month1 == 2, first.endsMonth, nominalDay > day1 {
            day1 = min(nominalDay, 30)
            if month2 == 2, second.endsMonth { day2 = day1 }
        }
        if day1 == 31 { day1 = 30 }
        if day2 == 31, day1 == 30 { day2 = 30 }
        return (year2 - year1) * 360 + (month2 - month1) * 30 + day2 - day1
    }
}
