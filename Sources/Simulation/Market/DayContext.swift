import Bonds
import Foundation

/// What all issuers share on a day.
struct DayContext: Sendable {
    let settings: MarketSettings
    let index: Int
    let date: CalendarDate
    let market: MarketDay
    /// UTC epoch nanoseconds of this day's opening, and of the next business day's.
    let opening: Int64
    let nextOpening: Int64
    let settlement: CalendarDate
    /// Each issuer's lines of today's portfolio trades.
    let basketLines: [Int: [BasketLine]]
    /// The bonds that funds hold, whose prices at the close are wanted.
    let isHeld: [Bool]

    /// The date that a bond's age and remaining years are counted from.
    let agingDate: CalendarDate

    func years(_ bond: SimulatedBond) -> Double {
        YieldCurve.years(from: agingDate, to: bond.terms.maturity)
    }

    func age(_ bond: SimulatedBond) -> Double {
        max(0, YieldCurve.years(from: bond.datedDate, to: agingDate))
    }
}
