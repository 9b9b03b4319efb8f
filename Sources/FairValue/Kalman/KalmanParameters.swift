/// What the Kalman filter of a whole market knows of how spreads move and how trades are priced.
///
/// Fitted by `KalmanFit`; written as JSON. The defaults are the middle of fits to two simulated
/// markets (seeds 1 and 7). Log spreads are natural logarithms of basis points over
/// the interpolated Treasury curve, variances are a trading day's.
public struct KalmanParameters: Sendable, Hashable, Codable {
    /// Of the move that all bonds of an issuer share.
    public var issuerVariance = 2.35e-4
    /// Of the move that an issuer's bonds share in proportion to ln(years / 5).
    public var issuerCurveVariance = 4e-5
    /// Of a bond's own move.
    public var bondVariance = 2.5e-4
    /// What multiplies the three for high yield.
    public var highYieldShare = 1.7
    /// Of the move that a rating bucket's bonds share and no ETF shows.
    public var ratingVariance = 8e-5
    /// Of the move that a sector's bonds share within their class.
    public var sectorVariance = 6.5e-6
    /// How much of a move of its class's credit index a bond follows.
    public var creditLoading = 0.44
    public var highYieldCreditLoading = 0.38

    /// By how much a client's trade is away from the middle, and how noisy a trade is.
    public var halfSpread = TradeCost(
        fixed: 0.0065, perDV01: 0.96, perSpread: 0.0042, small: 0.755, large: 0.06,
        amount: -0.15, age: 0.3, ats: -0.52, bid: 0)
    public var noise = TradeCost(
        fixed: 0.011, perDV01: 0.625, perSpread: 0.0023, small: 0.22, large: 0.1,
        amount: -0.19, age: 0.39, ats: -0.22, bid: 0)

    /// Of a bond's first log spread around what its cohort and issuer suggest.
    public var priorVariance = 0.05
    /// An innovation counts for no more than so many standard deviations.
    public var largestInnovation = 3.0

    /// The share of a day's variance that comes at night.
    public static let overnightShare = 0.3

    public init() {}

    /// A size in log spread: `(fixed / (dv s) + perDV01 / s + perSpread)` times what the trade and
    /// its bond make of it.
    public struct TradeCost: Sendable, Hashable, Codable {
        /// Points of price.
        public var fixed: Double
        /// Basis points.
        public var perDV01: Double
        /// Share of the spread.
        public var perSpread: Double
        /// `1 + small max(0, -z)^1.3 + large max(0, z - 0.4)^2`, z = log10(quantity / 1 MM).
        public var small: Double
        public var large: Double
        /// Exponents: of the amount outstanding over 600 MM, of one plus the age in years, on an
        /// alternative trading system, where the dealer buys.
        public var amount: Double
        public var age: Double
        public var ats: Double
        public var bid: Double
    }
}

/// What is known of a trade, made or imagined, besides its price.
public struct TradeTraits: Sendable, Hashable {
    /// +1 where the dealer sells to a client, -1 where it buys from one, 0 between dealers.
    public var side: Double
    /// Dollars of par, positive.
    public var quantity: Double
    public var isATS: Bool
    /// The natural logarithm of the amount outstanding over 600 MM; 0 where not known.
    public var logAmount: Double
    /// The natural logarithm of one plus the bond's age in years; 0 where not known.
    public var logAge: Double

    public init(
        side: Double, quantity: Double, isATS: Bool, logAmount: Double = 0, logAge: Double = 0
    ) {
        self.side = side
        self.quantity = quantity
        self.isATS = isATS
        self.logAmount = logAmount
        self.logAge = logAge
    }
}

extension KalmanParameters {
    /// By how much the log spread of a trade is below that of the middle, and the variance of its
    /// noise.
    /// - Parameters:
    ///   - spread: of the middle, in basis points.
    ///   - dv01: in points.
    @inline(__always)
    public func observation(
        _ trade: TradeTraits, spread: Double, dv01: Double
    ) -> (offset: Double, noiseVariance: Double) {
        let z = (trade.quantity / 1e6).decimalLogarithm
        let small = z < 0 ? (-z).raised(to: 1.3) : 0
        let large = max(0, z - 0.4) * max(0, z - 0.4)
        let perPoint = 1 / (dv01 * spread)
        func size(_ cost: TradeCost) -> Double {
            let exponent =
                cost.amount * trade.logAmount + cost.age * trade.logAge
                + (trade.isATS ? cost.ats : 0) + (trade.side < 0 ? cost.bid : 0)
            return (cost.fixed * perPoint + cost.perDV01 / spread + cost.perSpread)
                * (1 + cost.small * small + cost.large * large) * exponent.exponential
        }
        let offset = trade.side == 0 ? 0 : trade.side * min(size(halfSpread), 0.5)
        let deviation = size(noise)
        return (offset, deviation * deviation)
    }
}
