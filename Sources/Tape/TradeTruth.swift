import Bonds
import Files

/// What is true of a simulated trade: a row of `truth.csv`, which has one for each row of
/// `trades.csv`, in the same order. Never an input of features or models.
public struct TradeTruth: ReferenceRow, Equatable {
    public var tradeID = ""
    /// What the price was drawn from.
    public var distribution: TrueDistribution
    /// The dealers' mid price per 100 of par.
    public var mid = Double.nan
    /// The spread of the mid price over the interpolated curve, in basis points.
    public var latentSpread = Double.nan
    /// By how much the mid falls, in points, when the yield rises by one basis point.
    public var dv01 = Double.nan
    /// The market's volatility multiplier.
    public var volatility = Double.nan
    /// How fresh the last news of the issuer is, from 0 to 1.
    public var news = Double.nan
    /// What is wrong with the print, or was in the raw files; empty where nothing is.
    ///
    /// The price of a print that was cancelled or corrected may not be from the distribution.
    public var errorCode = ""
    /// Whether the trade was printed in pieces.
    public var isSplit = false
    /// The portfolio trade that this one is a line of; nil for none.
    public var basket: Int?

    public init(distribution: TrueDistribution) { self.distribution = distribution }

    public static let table = "truth"
    public static let columns = [
        "trade_id", "loc", "scale_lo", "scale_hi", "df", "mid", "latent_spread", "dv01", "vol",
        "news", "error_code", "split", "basket_id",
    ]

    public init(_ cells: inout ReferenceCells) throws(FileError) {
        tradeID = try cells.requiredText()
        let positive = Double.leastNonzeroMagnitude ... .greatestFiniteMagnitude
        distribution = TrueDistribution(
            location: try cells.requiredNumber(),
            lowerScale: try cells.requiredNumber(in: positive),
            upperScale: try cells.requiredNumber(in: positive), degreesOfFreedom: .infinity)
        // A normal distribution has no degrees of freedom to tell.
        let degrees = try cells.number(in: positive)
        if !degrees.isNaN { distribution.degreesOfFreedom = degrees }
        mid = try cells.number()
        latentSpread = try cells.number()
        dv01 = try cells.number()
        volatility = try cells.number()
        news = try cells.number()
        errorCode = cells.text()
        isSplit = try cells.flag()
        let basket = try cells.number(in: 0...1e15)
        self.basket = basket.isNaN ? nil : Int(basket)
    }

    public func write(to cells: inout CSVRows) {
        cells.field(tradeID)
        let degrees = distribution.degreesOfFreedom
        for value in [
            distribution.location, distribution.lowerScale, distribution.upperScale,
            degrees.isFinite ? degrees : .nan, mid, latentSpread, dv01, volatility, news,
        ] {
            // Nine decimals are far below what a price is printed with.
            cells.field((value * 1e9).rounded() / 1e9)
        }
        cells.field(errorCode)
        cells.field(flag: isSplit)
        if let basket { cells.field(basket) } else { cells.empty() }
    }
}
