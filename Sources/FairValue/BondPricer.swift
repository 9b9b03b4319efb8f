import Bonds

/// Prices and spreads of the bonds of a market; what a bond still pays is worked out once a day.
public struct BondPricer: Sendable {
    private let terms: [BondTerms]
    private var cached: [(settlement: CalendarDate, flows: RemainingCashFlows?)]

    public init(_ terms: [BondTerms]) {
        self.terms = terms
        cached = Array(
            repeating: (CalendarDate(dayNumber: Int(Int32.min)), nil), count: terms.count)
    }

    /// What a bond pays after a settlement date, held to maturity; nil where it has matured.
    public mutating func cashFlows(
        bond: Int, settlement: CalendarDate
    ) -> RemainingCashFlows? {
        if cached[bond].settlement != settlement {
            cached[bond] = (settlement, terms[bond].cashFlows(settlement: settlement))
        }
        return cached[bond].flows
    }
}

/// A price seen from the curve.
public struct SpreadQuote: Sendable, Hashable {
    /// Over the curve, in basis points.
    public let spread: Double
    /// To maturity, in percent.
    public let yield: Double
    /// In points, positive.
    public let dv01: Double
}

extension RemainingCashFlows {
    /// The spread of a clean price over a curve's yield in percent; nil where the price has no
    /// yield or the curve has none.
    public func quote(cleanPrice: Double, curveYield: Double) -> SpreadQuote? {
        let yield = yield(cleanPrice: cleanPrice)
        guard !yield.isNaN, !curveYield.isNaN else { return nil }
        return SpreadQuote(
            spread: 100 * (yield - curveYield), yield: yield, dv01: risk(yield: yield).dv01)
    }

    /// The clean price and the DV01 at a log spread over a curve's yield in percent.
    public func value(logSpread: Double, curveYield: Double) -> (price: Double, dv01: Double) {
        let yield = curveYield + logSpread.exponential / 100
        return (cleanPrice(yield: yield), risk(yield: yield).dv01)
    }
}
