import Bonds
import Tape

/// What a tile array is of.
public enum QuoteLabel: UInt8, Sendable, CaseIterable {
    case price, spread, ytm

    public var name: String {
        switch self {
        case .price: "price"
        case .spread: "spread"
        case .ytm: "ytm"
        }
    }
}

/// One price that is asked for.
public struct PriceQuestion: Sendable, Hashable {
    /// The row of the bond in the market's list.
    public var bond: Int
    public var side: Trade.Side
    public var isATS: Bool
    /// Dollars of par, 1 to 5,000,000.
    public var quantity: Int
    public var label: QuoteLabel
    /// Only what became known strictly before counts; UTC epoch nanoseconds, nil for all that is
    /// known. After the last event all is known, and the answer is that of the moment after it.
    public var time: Int64?

    public init(
        bond: Int, side: Trade.Side, isATS: Bool, quantity: Int, label: QuoteLabel,
        time: Int64? = nil
    ) {
        self.bond = bond
        self.side = side
        self.isATS = isATS
        self.quantity = quantity
        self.label = label
        self.time = time
    }
}

extension PriceQuestion {
    /// Why no market has an answer at the question's moment; nil where one may have.
    /// - Parameter now: UTC epoch nanoseconds.
    func lack(at now: Int64) -> String? {
        guard let time else { return nil }
        if time > now { return "the moment is in the future" }
        return time < 0 ? "the moment is before the market's first event" : nil
    }
}

/// The quantiles that answer a question.
public struct Quote: Sendable, Equatable {
    /// At the nineteen standard levels, ascending: points per 100 of par, basis points or percent.
    public var tiles: [Double]
    /// As of when: it knows what became known strictly before. UTC epoch nanoseconds.
    public var time: Int64
    /// The on-the-run Treasury of a spread.
    public var benchmark: Benchmark?

    public struct Benchmark: Sendable, Equatable {
        /// Years.
        public var tenor: Int
        public var cusip: String

        public init(tenor: Int, cusip: String) {
            self.tenor = tenor
            self.cusip = cusip
        }
    }

    public init(tiles: [Double], time: Int64, benchmark: Benchmark? = nil) {
        self.tiles = tiles
        self.time = time
        self.benchmark = benchmark
    }
}

/// A quote, or why there is none.
public enum PriceAnswer: Sendable, Equatable {
    case quote(Quote)
    case insufficientData(reason: String)
}

/// Whatever prices bonds behind the server.
///
/// A server has one at a time and may exchange it while it runs; answers that are under way come
/// from the one that was asked.
public protocol Pricer: Sendable {
    /// Names the model and its version, for `/metrics` and `/readyz`.
    var version: String { get }

    /// Below this many dollars of par quantiles are extrapolated; nil where that is not known.
    var minimumQuantity: Double? { get }

    /// One answer a question, in their order. Questions come by the thousand, so that work on a bond
    /// can be shared among its sides, sizes and venues.
    func answers(to questions: [PriceQuestion]) async -> [PriceAnswer]

    /// Takes in what became known while the server runs, in the order of its time; the next answer
    /// may use it.
    func observe(_ events: [MarketEvent]) async

    /// How far the market reaches.
    func marketFacts() async -> MarketFacts

    /// The last trades of a bond that are known, the newest first.
    func lastTrades(bond: Int, count: Int) async -> [Trade]

    /// What is known of trades, in their order.
    func standings(of trades: [(identifier: String, bond: Int)]) async -> [TradeStanding]
}

extension Pricer {
    public var minimumQuantity: Double? { nil }

    /// Those of some trades that are among the last ones of their bonds, by identifier.
    func remembered(_ trades: [(identifier: String, bond: Int)]) async -> [String: Trade] {
        var remembered: [String: Trade] = [:]
        for (bond, wanted) in Dictionary(grouping: trades, by: \.bond) {
            let identifiers = Set(wanted.map(\.identifier))
            for trade in await lastTrades(bond: bond, count: RecentTradeBook.most)
            where identifiers.contains(trade.tradeID) {
                remembered[trade.tradeID] = trade
            }
        }
        return remembered
    }
}
