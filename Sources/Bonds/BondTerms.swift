/// What a bond promises to pay, per 100 of par, and when.
///
/// Coupon dates are counted in whole months from an anchor: the last coupon date where one is
/// given (an odd last period), else the maturity. A bond whose anchor is the last day of a month
/// pays at month ends, unless its first coupon says otherwise.
public struct BondTerms: Sendable, Hashable {
    /// Percent of par a year; 0 for a zero-coupon bond.
    public let coupon: Double
    /// Coupons a year, which is also how often the yield compounds: 1, 2, 4 or 12.
    public let frequency: Int
    public let dayCount: DayCount
    /// From when interest accrues; nil where it is not known, and then no first period is odd.
    public let datedDate: CalendarDate?
    /// The end of an odd first period; where nil, a dated date off the grid makes it a short one.
    public let firstCoupon: CalendarDate?
    /// The start of an odd last period.
    public let lastCoupon: CalendarDate?
    public let maturity: CalendarDate
    /// The grid of coupon dates, counted back from its last.
    let grid: CouponGrid

    /// - Throws: ``BondTermsError`` where the frequency is none of 1, 2, 4 and 12, a number is not
    ///   finite, or dates are not in the order dated, first coupon, last coupon, maturity.
    public init(
        coupon: Double, frequency: Int = 2, dayCount: DayCount = .thirty360US,
        datedDate: CalendarDate? = nil, firstCoupon: CalendarDate? = nil,
        lastCoupon: CalendarDate? = nil, maturity: CalendarDate
    ) throws(BondTermsError) {
        guard coupon.isFinite, coupon >= 0, coupon <= 100 else {
            throw BondTermsError("a coupon of \(coupon) %: expected 0 to 100")
        }
        guard [1, 2, 4, 12].contains(frequency) else {
            throw BondTermsError("\(frequency) coupons a year: expected 1, 2, 4 or 12")
        }
        let order = [
            ("dated date", datedDate), ("first coupon", firstCoupon), ("last coupon", lastCoupon),
            ("maturity", maturity),
        ].compactMap { name, date in date.map { (name: name, date: $0) } }
        for (earlier, later) in zip(order, order.dropFirst()) {
            // A bond of one coupon may have its first and its last coupon on one day.
            let mayBeEqual = earlier.name == "first coupon"
            guard earlier.date < later.date || (mayBeEqual && earlier.date == later.date) else {
                throw BondTermsError(
                    "the \(earlier.name) \(earlier.date) is not before the \(later.name) "
                        + "\(later.date)")
            }
        }
        self.coupon = coupon
        self.frequency = frequency
        self.dayCount = dayCount
        self.datedDate = datedDate
        self.firstCoupon = firstCoupon
        // A last coupon at maturity makes no odd period.
        self.lastCoupon = lastCoupon == maturity ? nil : lastCoupon
        self.maturity = maturity
        grid = CouponGrid(
            anchor: self.lastCoupon ?? maturity, firstCoupon: firstCoupon,
            monthsPerPeriod: 12 / frequency, dayCount: dayCount)
    }

    /// Interest accrued since the last coupon date, per 100 of par; 0 before the dated date and
    /// from the maturity on.
    public func accruedInterest(settlement: CalendarDate) -> Double {
        cashFlows(settlement: settlement)?.accruedInterest ?? 0
    }

    /// The coupon dates after a settlement date, the maturity last.
    public func paymentDates(after settlement: CalendarDate) -> [CalendarDate] {
        var dates: [CalendarDate] = []
        var index = grid.index(onOrBefore: max(settlement, datedDate ?? settlement)) + 1
        while index <= 0, coupon > 0 {
            let date = grid.date(index)
            if date > settlement, firstCoupon.map({ date >= $0 }) ?? true { dates.append(date) }
            index += 1
        }
        if dates.last != maturity, maturity > settlement { dates.append(maturity) }
        return dates
    }
}

/// Says in one line why numbers and dates are no bond.
public struct BondTermsError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Regular coupon dates without end in either direction: number 0 is the anchor.
struct CouponGrid: Sendable, Hashable {
    let anchor: CalendarDate
    let monthsPerPeriod: Int
    let dayCount: DayCount
    private let anchorMonth: Int
    /// The day of the month on which coupons fall, 31 for the last one.
    private let day: Int

    init(
        anchor: CalendarDate, firstCoupon: CalendarDate?, monthsPerPeriod: Int, dayCount: DayCount
    ) {
        self.anchor = anchor
        self.monthsPerPeriod = monthsPerPeriod
        self.dayCount = dayCount
        let (year, month, anchorDay) = anchor.components
        anchorMonth = year * 12 + month - 1
        if anchor.endsMonth, firstCoupon?.endsMonth ?? true {
            day = 31
        } else {
            // A bond that pays on the 30th may mature in February.
            day = month == 2 && anchor.endsMonth ? max(anchorDay, firstCoupon?.day ?? 0) : anchorDay
        }
    }

    func date(_ index: Int) -> CalendarDate {
        index == 0
            ? anchor
            : CalendarDate.date(monthIndex: anchorMonth + index * monthsPerPeriod, day: day)
    }

    /// The last grid date that is not after a date.
    func index(onOrBefore date: CalendarDate) -> Int {
        let (year, month, _) = date.components
        let months = year * 12 + month - 1 - anchorMonth
        var index =
            months >= 0
            ? months / monthsPerPeriod : -((-months + monthsPerPeriod - 1) / monthsPerPeriod)
        if self.date(index) > date { index -= 1 }
        return index
    }

    /// The last grid date that is not after a date, and the share of the period from there that has
    /// passed: at most 1, which 30/360 already reaches on the 30th of a month of 31 days.
    func locate(_ date: CalendarDate) -> (index: Int, fraction: Double) {
        let index = index(onOrBefore: date)
        let start = self.date(index)
        if start == date { return (index, 0) }
        switch dayCount {
        case .actualActualICMA:
            let days = self.date(index + 1) - start
            return (index, Double(date - start) / Double(days))
        case .thirty360US:
            let days = DayCount.days360(from: start, to: date, nominalDay: day)
            return (index, min(1, Double(days) / Double(30 * monthsPerPeriod)))
        }
    }

    /// Where a date lies on the grid, in coupon periods: 0 at the anchor, -1.5 in the middle of
    /// the second period before it.
    func position(_ date: CalendarDate) -> Double {
        let (index, fraction) = locate(date)
        return Double(index) + fraction
    }
}
