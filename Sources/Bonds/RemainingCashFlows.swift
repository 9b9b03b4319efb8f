/// What a bond still pays after a settlement date, in the form that price and yield are computed
/// from: a few numbers, however many coupons there are.
///
/// Prices are per 100 of par, yields in percent, compounded as often as coupons are paid (the US
/// street convention). In the last coupon period interest is simple.
/// Source: SIA, Standard Securities Calculation Methods, volume 1 (1993), formulas 5 to 8.
public struct RemainingCashFlows: Sendable, Hashable {
    /// What the buyer owes the seller for the running period, per 100 of par.
    public let accruedInterest: Double
    /// Coupons a year.
    public let frequency: Int
    /// Periods from settlement to the first payment.
    let firstTime: Double
    let firstPayment: Double
    /// Regular coupons that follow the first payment, one period apart.
    let regularCount: Int
    let regularPayment: Double
    /// Periods from settlement to the last payment, which is not among the former.
    let lastTime: Double
    let lastPayment: Double
    /// Whether only the last payment is left, in its own coupon period.
    let isSimple: Bool
}

extension BondTerms {
    /// What the bond pays after a settlement date, held to maturity; nil where it has matured.
    public func cashFlows(settlement: CalendarDate) -> RemainingCashFlows? {
        guard settlement < maturity else { return nil }
        return cashFlows(
            settlement: settlement, end: maturity, lastCouponIndex: lastCoupon == nil ? nil : 0,
            redemption: 100)
    }

    /// What the bond pays after a settlement date where it is called; nil where the call is not
    /// after settlement or not before maturity.
    /// - Parameter price: the clean price paid on the call date, per 100 of par.
    public func cashFlows(
        settlement: CalendarDate, calledOn date: CalendarDate, at price: Double
    ) -> RemainingCashFlows? {
        guard settlement < date, date < maturity, datedDate.map({ $0 < date }) ?? true else {
            return nil
        }
        let before = grid.index(onOrBefore: date)
        let isCouponDate = before <= 0 && grid.date(before) == date
        return cashFlows(
            settlement: settlement, end: date,
            lastCouponIndex: isCouponDate ? nil : min(0, before), redemption: price)
    }

    /// - Parameter lastCouponIndex: the grid date before `end`, nil where `end` is a grid date.
    private func cashFlows(
        settlement: CalendarDate, end: CalendarDate, lastCouponIndex: Int?, redemption: Double
    ) -> RemainingCashFlows {
        let (index, fraction) = grid.locate(settlement)
        let now = Double(index) + fraction
        let endPosition = grid.position(end)
        let accrualStart = datedDate.map(grid.position) ?? -.infinity
        let lastRegular = lastCouponIndex ?? Int(endPosition.rounded())
        let regular = coupon / Double(frequency)
        // The first coupon date of the bond's life, where that is known.
        let firstIndex =
            firstCoupon.map { Int(grid.position($0).rounded()) }
            ?? datedDate.map { grid.index(onOrBefore: $0) + 1 } ?? .min
        let next = max(index + 1, firstIndex)
        // Interest accrues from the coupon before, or from the dated date in the first period.
        let accruesFrom =
            next == firstIndex && accrualStart.isFinite
            ? accrualStart : max(accrualStart, Double(min(next - 1, lastRegular)))
        let accrued = regular * max(0, now - accruesFrom)
        let isLastPeriod =
            coupon == 0
            ? endPosition - now <= 1
            : next > lastRegular || (next == lastRegular && lastCouponIndex == nil)
        guard coupon > 0, !isLastPeriod else {
            return RemainingCashFlows(
                accruedInterest: accrued, frequency: frequency, firstTime: 0, firstPayment: 0,
                regularCount: 0, regularPayment: 0, lastTime: endPosition - now,
                lastPayment: redemption + (coupon > 0 ? regular * (endPosition - accruesFrom) : 0),
                isSimple: isLastPeriod)
        }
        return RemainingCashFlows(
            accruedInterest: accrued, frequency: frequency, firstTime: Double(next) - now,
            firstPayment: regular * (Double(next) - accruesFrom),
            regularCount: lastRegular - next, regularPayment: regular,
            lastTime: endPosition - now,
            lastPayment: redemption + regular * (endPosition - Double(lastRegular)),
            isSimple: false)
    }
}
