import Bonds
import Tape

/// A trade of the simulated market, with the truth that it was drawn from.
///
/// The price is that of the whole trade: of a trade that was printed in pieces, weighted by their
/// quantities.
public struct SimulatedTrade: Sendable, Equatable {
    /// A print of a trade that was reported in several at the same time.
    public struct Piece: Sendable, Equatable {
        /// Dollars of par.
        public var quantity: Double
        /// Per 100 of par, to six decimals.
        public var price: Double
        /// UTC epoch nanoseconds.
        public var reportTime: Int64

        public init(quantity: Double, price: Double, reportTime: Int64) {
            self.quantity = quantity
            self.price = price
            self.reportTime = reportTime
        }
    }

    /// The row of the bond in ``MarketSimulator/bonds``, which is that of `bonds.csv`.
    public var bond: Int
    /// The trade's number within its bond and day: the fixed slot of its random marks.
    public var ordinal: Int
    /// UTC epoch nanoseconds, whole seconds.
    public var executionTime: Int64
    /// When the last piece was reported; UTC epoch nanoseconds, whole seconds.
    public var reportTime: Int64
    public var side: Trade.Side
    public var isATS: Bool
    /// The full size, in dollars of par.
    public var quantity: Double
    /// Per 100 of par.
    public var price: Double
    /// TRACE's own, in percent, to worst for a callable bond; NaN where there is none.
    public var yield: Double
    /// The distribution that the price was drawn from.
    public var truth: TrueDistribution
    /// The dealers' mid price per 100 of par.
    public var mid: Double
    /// The spread of the mid price over the interpolated curve, in basis points.
    public var latentSpread: Double
    /// By how much the mid falls, in points, when the yield rises by one basis point.
    public var dv01: Double
    /// The market's volatility multiplier.
    public var volatility: Double
    /// How fresh the last news of the issuer is: 1 when it comes, halved every four hours.
    public var news: Double
    /// The prints of a trade that was split; empty where there is only one.
    public var pieces: [Piece] = []
    /// The portfolio trade that this one is a line of, unique in the market.
    public var basket: Int?
    /// Whether this is a print of the first day of a new issue (TRACE's trading market `P1`), which
    /// cleaning removes.
    public var isPrimaryMarket = false

    public init(
        bond: Int, ordinal: Int, executionTime: Int64, reportTime: Int64, side: Trade.Side,
        isATS: Bool, quantity: Double, price: Double, yield: Double, truth: TrueDistribution,
        mid: Double, latentSpread: Double, dv01: Double, volatility: Double, news: Double
    ) {
        self.bond = bond
        self.ordinal = ordinal
        self.executionTime = executionTime
        self.reportTime = reportTime
        self.side = side
        self.isATS = isATS
        self.quantity = quantity
        self.price = price
        self.yield = yield
        self.truth = truth
        self.mid = mid
        self.latentSpread = latentSpread
        self.dv01 = dv01
        self.volatility = volatility
        self.news = news
    }
}

/// One business day of the simulated market.
public struct SimulatedDay: Sendable {
    public var date: CalendarDate
    /// Counted from 0, the market's first day.
    public var index: Int
    /// In the order of execution time, then bond, then ordinal.
    public var trades: [SimulatedTrade]
    /// What the day adds to the reference tables that grow with time.
    public var tables: DayTables

    public init(date: CalendarDate, index: Int, trades: [SimulatedTrade], tables: DayTables) {
        self.date = date
        self.index = index
        self.trades = trades
        self.tables = tables
    }
}

/// The rows that one day adds to the reference tables of a market folder.
public struct DayTables: Sendable, Equatable {
    public var treasuries: [TreasuryRow] = []
    public var markets: [MarketRow] = []
    public var equities: [EquityRow] = []
    public var holdings: [HoldingRow] = []
    public var funds: [FundRow] = []
    public var swaps: [SwapRow] = []
    /// Empty unless the market has quotes.
    public var quotes: [SimulatedQuote] = []

    public init() {}
}

/// A dealer's two-sided quote, a row of `quotes.csv`.
public struct SimulatedQuote: Sendable, Equatable {
    /// UTC epoch nanoseconds.
    public var time: Int64
    /// The row of the bond in ``MarketSimulator/bonds``.
    public var bond: Int
    /// Per 100 of par.
    public var bid: Double
    /// Per 100 of par.
    public var ask: Double
    /// Dollars of par.
    public var bidSize: Double
    /// Dollars of par.
    public var askSize: Double
    public var source: String
}
