import Bonds
import Features
import Tape

/// How far a server's market reaches, and what series it has.
public struct MarketFacts: Sendable {
    /// How far each kind of event reaches.
    public private(set) var reaches: [MarketEvent.Kind: MarketReach] = [:]
    /// When the first trade was reported.
    public private(set) var firstReport: Int64?
    /// The series of `markets.csv`: those that features are made of, and those that came.
    public private(set) var symbols = Set(FeatureLayout.marketSymbols)
    /// The last tick of the Treasury of each tenor in years, and of each series.
    package private(set) var yields: [Int: Tick] = [:]
    package private(set) var prices: [String: Tick] = [:]

    package struct Tick: Sendable {
        /// Its own, in UTC epoch nanoseconds, whenever the server heard of it.
        package var time: Int64
        package var value: Double
    }

    public init() {}

    /// The time of the last event of a kind, in UTC epoch nanoseconds; nil before the first.
    public func last(_ kind: MarketEvent.Kind) -> Int64? { reaches[kind]?.time }

    /// The time of the last event; nil before the first.
    public var time: Int64? { reaches.values.map(\.time).max() }

    /// The moment as of which quotes are: the first after the last event.
    package var moment: Int64? { time.map { $0 + 1 } }

    /// - Parameter time: when it became known; of a thing that a server hears of late, then.
    package mutating func observe(_ event: MarketEvent, at time: Int64) {
        reaches[event.kind, default: MarketReach()].observe(event.digest, at: time)
        switch event {
        case .reported(let trade, _): firstReport = min(firstReport ?? .max, trade.reportTime)
        case .treasury(let tick):
            if tick.time >= yields[tick.tenor]?.time ?? .min {
                yields[tick.tenor] = Tick(time: tick.time, value: tick.yieldMid)
            }
        case .market(let tick):
            symbols.insert(tick.symbol)
            if tick.time >= prices[tick.symbol]?.time ?? .min {
                prices[tick.symbol] = Tick(time: tick.time, value: tick.price)
            }
        default: break
        }
    }
}

/// How far events of a kind reach, and what they said so far, in whatever order they are told.
public struct MarketReach: Sendable, Equatable {
    /// The time of the last one, in UTC epoch nanoseconds.
    public private(set) var time: Int64
    /// The sum of the digests of those before that time.
    package private(set) var before: UInt64 = 0
    /// The same of those at it, and how many they are.
    package private(set) var at: (sum: UInt64, count: Int) = (0, 0)

    package init(time: Int64 = .min) { self.time = time }

    package mutating func observe(_ digest: UInt64, at time: Int64) {
        if time > self.time {
            before &+= at.sum
            at = (0, 0)
            self.time = time
        }
        if time == self.time {
            at = (at.sum &+ digest, at.count + 1)
        } else {
            before &+= digest
        }
    }

    public static func == (a: MarketReach, b: MarketReach) -> Bool {
        (a.time, a.before, a.at.sum, a.at.count) == (b.time, b.before, b.at.sum, b.at.count)
    }
}

extension MarketEvent {
    /// What it says, but for what becomes known of a trade later; comparable within this process.
    var digest: UInt64 {
        var hasher = Hasher()
        switch self {
        case .treasury(let tick): hasher.combine(tick)
        case .market(let tick): hasher.combine(tick)
        case .rating(let rating): hasher.combine(rating)
        case .reported(let trade, let bond):
            hasher.combine(trade.tradeID)
            hasher.combine(bond)
            hasher.combine(trade.executionTime)
            hasher.combine(trade.reportTime)
            hasher.combine(trade.isATS)
            hasher.combine(trade.side)
            hasher.combine(trade.quantity)
            hasher.combine(trade.price)
            hasher.combine(trade.isDisseminated)
            hasher.combine(trade.dealer)
        case .withdrawn(let trade, let bond):
            hasher.combine(trade.tradeID)
            hasher.combine(bond)
            hasher.combine(trade.withdrawnTime)
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
