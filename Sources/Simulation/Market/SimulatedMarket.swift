import Bonds

/// A market that is made day by day, with the reference tables that are known from the start.
public protocol SimulatedMarket: AnyObject {
    var settings: MarketSettings { get }
    /// All bonds, those that are issued in the course of the market last.
    var bonds: [BondRow] { get }
    var calls: [CallRow] { get }
    var entities: [EntityRow] { get }
    var ratings: [RatingRow] { get }
    /// The business days.
    var dates: [CalendarDate] { get }
    /// The rating of a bond's issuer on a day, which decides on the cap of disseminated sizes.
    func rating(bond: Int, day: Int) -> CreditRating
    /// Makes the next day; nil after the last.
    func nextDay() -> SimulatedDay?
}

extension MarketSettings {
    /// Draws the market that the settings ask for.
    ///
    /// - Parameter threads: how many work at a time; the market does not depend on it.
    /// - Throws: ``SimulationError`` for settings out of range.
    public func makeMarket(threads: Int = 2) throws(SimulationError) -> any SimulatedMarket {
        if linearGaussian { return try LinearGaussianMarket(self) }
        return try MarketSimulator(self, threads: threads)
    }
}
