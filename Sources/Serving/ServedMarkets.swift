import Bonds
import Foundation
import Inference
import Synchronization
import Tape

/// The market of a server as it is now: one question or event at a time.
package actor PresentMarket {
    private let market: BondMarket
    private var record: MarketRecord
    /// Ratings that came after the midnight from which they count; they count from the next one.
    private var ratings: [RatingRow] = []
    /// Told of all that is taken in, in that order.
    private let news: MarketNews

    package init(_ market: sending BondMarket, record: MarketRecord, news: MarketNews) {
        self.market = market
        self.record = record
        self.news = news
    }

    /// Bonds with all that is known, the last event included.
    package func states(
        of bonds: [Int]
    ) -> (states: BondStates, unpriced: [(place: Int, reason: Unpriced)]) {
        let nothing = bonds.indices.map { (place: $0, reason: Unpriced.noTreasury) }
        guard let moment = record.facts.moment else { return (BondStates(), nothing) }
        let time = max(moment, market.now)
        return (try? market.states(of: bonds, at: time)) ?? (BondStates(), nothing)
    }

    /// Takes in events, each trade once; what a server hears of after later things is known from now
    /// on.
    package func observe(_ events: some Sequence<MarketEvent> & Sendable) {
        for event in events where record.isNews(event) {
            while let first = ratings.first, MarketEvent.rating(first).time <= event.time {
                take(.rating(ratings.removeFirst()))
            }
            if case .rating(var row) = event, event.time < market.now {
                row.date = EasternTime.date(market.now) + 1
                ratings.append(row)
            } else {
                take(event)
            }
        }
    }

    private func take(_ event: MarketEvent) {
        let time = max(event.time, market.now)
        let known = event.known(at: time)
        // In order, since the time is not before that of the market.
        guard (try? market.apply(known)) != nil else { return }
        record.observe(event, at: time)
        news.append(known)
    }

    package var facts: MarketFacts { record.facts }

    package func lastTrades(bond: Int, count: Int) -> [Trade] {
        record.lastTrades(bond: bond, count: count)
    }

    package func standings(of trades: [(identifier: String, bond: Int)]) -> [TradeStanding] {
        record.standings(of: trades)
    }
}

/// What the present of a server has taken in and its past has not yet: neither waits for the other.
package final class MarketNews: Sendable {
    private let events = Mutex<[MarketEvent]>([])

    package init() {}

    func append(_ event: MarketEvent) {
        events.withLock { $0.append(event) }
    }

    /// What came since this was last asked.
    func take() -> [MarketEvent] {
        events.withLock { events in
            defer { events = [] }
            return events
        }
    }
}

extension MarketEvent {
    /// The same, where it becomes known at another time; ratings keep their date.
    package func known(at time: Int64) -> MarketEvent {
        switch self {
        case .treasury(var tick):
            tick.time = time
            return .treasury(tick)
        case .market(var tick):
            tick.time = time
            return .market(tick)
        case .rating: return self
        case .reported(var trade, let bond):
            trade.reportTime = time
            return .reported(trade, bond: bond)
        case .withdrawn(var trade, let bond):
            trade.withdrawnTime = time
            return .withdrawn(trade, bond: bond)
        }
    }
}
