import Bonds
import Features
import Tape

/// How far a server's market reaches, and what series it has.
public struct MarketFacts: Sendable {
    /// The time of the last event of each kind, in UTC epoch nanoseconds.
    public private(set) var last: [MarketEvent.Kind: Int64] = [:]
    /// When the first trade was reported.
    public private(set) var firstReport: Int64?
    /// The series of `markets.csv`: those that features are made of, and those that came.
    public private(set) var symbols = Set(FeatureLayout.marketSymbols)

    public init() {}

    /// The time of the last event; nil before the first.
    public var time: Int64? { last.values.max() }

    /// The moment as of which quotes are: the first after the last event.
    package var moment: Int64? { time.map { $0 + 1 } }

    package mutating func observe(_ event: MarketEvent) {
        last[event.kind] = max(last[event.kind] ?? .min, event.time)
        switch event {
        case .reported(let trade, _): firstReport = min(firstReport ?? .max, trade.reportTime)
        case .market(let tick): symbols.insert(tick.symbol)
        default: break
        }
    }
}
