import Bonds
import Foundation

/// Prices and yields of one bond on one day.
struct BondPricing {
    private let flows: RemainingCashFlows
    /// What it pays where it is called, a call date each.
    private let calledFlows: [RemainingCashFlows]
    private let callPrice: Double?
    private let curve: CurveLoadings

    /// How softly the call holds the price back, in points, and how much of what lies above it.
    private static let callWidth = 0.8
    private static let callShare = 0.65

    /// - Returns: nil where the bond has matured.
    init?(_ bond: SimulatedBond, years: Double, settlement: CalendarDate) {
        guard let flows = bond.terms.cashFlows(settlement: settlement) else { return nil }
        self.flows = flows
        callPrice = bond.callPrice
        calledFlows = bond.calls.compactMap {
            bond.terms.cashFlows(settlement: settlement, calledOn: $0.date, at: $0.price)
        }
        curve = CurveLoadings(years: years)
    }

    /// The mid price per 100 of par at a spread in basis points, and its fall in points for one more.
    ///
    /// A callable bond's price is held back as it comes near the call price.
    func mid(
        spread: Double, _ market: MarketDay, _ step: Int, _ share: Double
    ) -> (price: Double, dv01: Double) {
        let yield = curve.yield(market, step, share) + 0.01 * spread
        let price = flows.cleanPrice(yield: yield)
        let dv01 = flows.risk(yield: yield).dv01
        guard let callPrice else { return (price, dv01) }
        let above = exp(min((price - callPrice) / Self.callWidth, 500))
        return (
            price - Self.callShare * Self.callWidth * log1p(above),
            dv01 * (1 - Self.callShare * above / (1 + above))
        )
    }

    /// The yield in percent, to worst for a callable bond; NaN where there is none in range.
    func yield(price: Double) -> Double {
        var worst = flows.yield(cleanPrice: price)
        for flows in calledFlows {
            let called = flows.yield(cleanPrice: price)
            if called < worst || worst.isNaN { worst = called }
        }
        return worst
    }
}
