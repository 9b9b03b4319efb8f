import Bonds
import Tape

/// Tells which events of a list are news: a trade is reported once, and withdrawn once.
package struct TradeNews {
    private var standings: ArraySlice<TradeStanding>
    /// Of trades in events above: the bond, and whether the trade is withdrawn.
    private var above: [String: (bond: Int, isWithdrawn: Bool)] = [:]

    /// - Parameter standings: those of `MarketEvent.trades(in:)`.
    package init(_ standings: [TradeStanding]) { self.standings = standings[...] }

    /// Why an event, the next of the list, is passed over; nil where it is news.
    /// - Throws: where its trade is of another bond.
    package mutating func lack(of event: MarketEvent) throws(RequestError) -> String? {
        guard let (identifier, bond, isReport) = event.trade else { return nil }
        let known = standings.popFirst() ?? .unknown
        let standing: TradeStanding =
            above[identifier].map {
                $0.bond != bond ? .ofAnotherBond : $0.isWithdrawn ? .withdrawn : .reported
            } ?? known
        switch (standing, isReport) {
        case (.unknown, true), (.reported, false):
            above[identifier] = (bond, !isReport)
            return nil
        case (.ofAnotherBond, _):
            throw RequestError(
                "trade_id: expected that of a trade of this bond, found '\(identifier)', which is of "
                    + "another bond")
        case (.unknown, false): return "the trade '\(identifier)' to be withdrawn is not known"
        case (.reported, true), (.withdrawn, true):
            return "the trade '\(identifier)' is known already"
        case (.withdrawn, false): return "the trade '\(identifier)' is withdrawn already"
        }
    }
}

extension MarketEvent {
    /// The trade that is reported or withdrawn.
    package var trade: (identifier: String, bond: Int, isReport: Bool)? {
        switch self {
        case .reported(let trade, let bond): (trade.tradeID, bond, true)
        case .withdrawn(let trade, let bond): (trade.tradeID, bond, false)
        default: nil
        }
    }

    /// The trades that events report or withdraw, in their order.
    package static func trades(
        in events: some Sequence<MarketEvent>
    ) -> [(identifier: String, bond: Int)] {
        events.compactMap { event in event.trade.map { ($0.identifier, $0.bond) } }
    }

    /// What it is, for messages.
    package var title: String {
        switch self {
        case .treasury(let tick):
            "the tick of the \(tick.tenor)-year Treasury at \(tick.time)"
        case .market(let tick): "the tick of \(tick.symbol) at \(tick.time)"
        case .rating(let rating): "the rating of '\(rating.issuer)' on \(rating.date)"
        case .reported(let trade, _): "the trade '\(trade.tradeID)'"
        case .withdrawn(let trade, _): "the withdrawal of the trade '\(trade.tradeID)'"
        }
    }
}
