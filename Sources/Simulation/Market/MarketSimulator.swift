import Bonds
import Tape

/// Makes a market, one business day after the other, in memory that does not grow with the days.
public final class MarketSimulator {
    public let settings: MarketSettings
    /// All bonds, those that are issued in the course of the market last.
    public let bonds: [BondRow]
    /// The rows of `calls.csv`.
    public let calls: [CallRow]
    /// The rows of `entities.csv`.
    public let entities: [EntityRow]
    /// The rows of `ratings.csv`.
    public let ratings: [RatingRow]
    /// The business days.
    public let dates: [CalendarDate]

    /// Draws the bonds and issuers of a market.
    ///
    /// - Parameter threads: how many work at a time; the market does not depend on it.
    /// - Throws: ``SimulationError`` for settings out of range.
    public init(_ settings: MarketSettings, threads: Int = 2) throws(SimulationError) {
        self.settings = settings
        (bonds, calls, entities, ratings, dates) = ([], [], [], [], [])
    }

    /// The rating of a bond's issuer on a day, which decides on the cap of sizes.
    public func rating(bond: Int, day: Int) -> CreditRating { CreditRating(notch: 8) }

    /// Makes the next day; nil after the last.
    public func nextDay() throws -> SimulatedDay? { nil }
}
