/// The dates on which an issuer may buy a bond back, and at what price.
public struct CallSchedule: Sendable, Hashable {
    /// One date and the clean price paid on it, per 100 of par.
    public struct Call: Sendable, Hashable {
        public let date: CalendarDate
        public let price: Double

        public init(date: CalendarDate, price: Double) {
            self.date = date
            self.price = price
        }
    }

    /// In order of their dates.
    public let calls: [Call]

    public init(_ calls: [Call]) {
        self.calls = calls.sorted { $0.date < $1.date }
    }
}

/// The lowest yield at which the issuer can leave the holder.
public struct YieldToWorst: Sendable, Hashable {
    /// In percent.
    public let yield: Double
    /// When the bond ends at this yield: a call date, or the maturity.
    public let workout: CalendarDate
    /// The clean price paid then, per 100 of par.
    public let redemption: Double
}

extension BondTerms {
    /// The least of the yields to maturity and to each later call date of the schedule; the
    /// latest end of those that are equal. Nil where no end has a yield in range.
    ///
    /// Calls count on the dates of the schedule and not between them.
    public func yieldToWorst(
        cleanPrice: Double, settlement: CalendarDate, calls: CallSchedule
    ) -> YieldToWorst? {
        var worst: YieldToWorst?
        func consider(_ flows: RemainingCashFlows?, _ date: CalendarDate, _ redemption: Double) {
            guard let yield = flows?.yield(cleanPrice: cleanPrice), !yield.isNaN,
                yield < worst?.yield ?? .infinity
            else { return }
            worst = YieldToWorst(yield: yield, workout: date, redemption: redemption)
        }
        consider(cashFlows(settlement: settlement), maturity, 100)
        for call in calls.calls.reversed() {
            consider(
                cashFlows(settlement: settlement, calledOn: call.date, at: call.price), call.date,
                call.price)
        }
        return worst
    }
}
