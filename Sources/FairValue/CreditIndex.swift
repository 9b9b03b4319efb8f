import Bonds

/// The market's log credit spread, read off the price of a bond ETF.
///
/// What a move of the ETF's price leaves when the Treasury's part is taken out is a move of the
/// spread: `dc = -(dP + D dy) / (D exp(c) / 100)` with P in points, y in percent, D the duration
/// in points a percent and exp(c) the spread in basis points. Prices should be adjusted for
/// distributions.
public struct CreditIndex: Sendable, Hashable {
    /// The ETF in `markets.csv`.
    public let symbol: String
    /// Points by which the ETF falls when yields rise by one percent.
    public let duration: Double
    /// The Treasury, in years, that the ETF follows.
    public let tenor: Int
    /// The logarithm of a spread in basis points.
    public private(set) var value: Double
    private var price = Double.nan
    private var yield = Double.nan

    /// - Parameter spread: where the index begins, in basis points.
    public init(symbol: String, duration: Double, tenor: Int, spread: Double) {
        self.symbol = symbol
        self.duration = duration
        self.tenor = tenor
        value = spread.logarithm
    }

    public static let investmentGrade = CreditIndex(
        symbol: "LQD", duration: 8.3, tenor: 10, spread: 105)
    public static let highYield = CreditIndex(
        symbol: "HYG", duration: 3.3, tenor: 3, spread: 330)

    /// The largest move of one tick that is believed: a quarter of the spread.
    static let largestMove = 0.25

    /// Takes in a tick of the ETF and the Treasury's yield in percent at that time.
    public mutating func update(price: Double, yield: Double) {
        guard price.isFinite, yield.isFinite else { return }
        if !self.price.isNaN {
            let move =
                -(price - self.price + duration * (yield - self.yield))
                / (duration * value.exponential / 100)
            value += min(max(move, -Self.largestMove), Self.largestMove)
        }
        self.price = price
        self.yield = yield
    }
}
