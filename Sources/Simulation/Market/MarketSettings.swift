import Bonds

/// What a simulated market is made of. Equal settings give equal markets, to the byte; a market of
/// more days begins with that of fewer.
public struct MarketSettings: Sendable, Codable, Equatable {
    /// How many bonds there are on the first day; new issues come on top.
    public var bonds = 660
    /// How many business days.
    public var days = 30
    /// The first day; the next business day where the market is closed on it.
    public var start = CalendarDate(dayNumber: 20_090)
    /// Fixes everything that is random.
    public var seed: UInt64 = 1
    /// The share of an issuer's credit news that its equity follows with a delay of three days: what
    /// bond prices can foretell of it. 0 is the null world, where they foretell nothing.
    public var equityLag = 0.20
    /// A world of its own, in which the Kalman filter with the true parameters is optimal.
    public var linearGaussian = false

    /// Whether Treasury yields are printed with a noise of a tenth of a basis point.
    public var treasuryNoise = true
    /// Whether bonds come closer to their maturity.
    public var aging = true
    /// Whether a report that comes after hours is told on the next day; else at the day's end.
    public var asOfReports = true
    /// Whether some large trades are printed in pieces.
    public var splits = true
    /// Whether portfolios of bonds are traded at once.
    public var portfolioTrades = true
    /// Whether ratings change.
    public var ratingMigrations = true
    /// Whether issuers issue new bonds.
    public var newIssues = true
    /// Whether the tape has errors.
    public var injectedErrors = true
    /// Whether the raw files of TRACE are written too, errors included.
    public var rawFiles = false
    /// Whether dealers quote.
    public var quotes = false

    public init() {}

    /// The numbers that the options may have.
    public static let bondRange = 20...200_000
    public static let dayRange = 1...2_600
    public static let equityLagRange = 0.0...1.0
}

extension MarketSettings {
    /// - Throws: ``SimulationError`` for a number out of range.
    func check() throws(SimulationError) {
        guard Self.bondRange.contains(bonds) else {
            throw SimulationError(
                "bonds: expected \(Self.bondRange.lowerBound) to \(Self.bondRange.upperBound), "
                    + "found \(bonds)")
        }
        guard Self.dayRange.contains(days) else {
            throw SimulationError(
                "days: expected \(Self.dayRange.lowerBound) to \(Self.dayRange.upperBound), "
                    + "found \(days)")
        }
        guard Self.equityLagRange.contains(equityLag) else {
            throw SimulationError("equity lag: expected 0 to 1, found \(equityLag)")
        }
        guard Self.startRange.contains(start) else {
            throw SimulationError(
                "start: expected \(Self.startRange.lowerBound) to \(Self.startRange.upperBound), "
                    + "found \(start)")
        }
    }

    /// The first days that a market may have: since TRACE's present system, and as long as times in
    /// nanoseconds are plain.
    public static let startRange =
        CalendarDate(dayNumber: 15_377)...CalendarDate(dayNumber: 40_000)
}
