import Tape

/// The last trades of each bond that the public saw.
package struct RecentTradeBook: Sendable {
    private var trades: [[Trade]]
    /// Of each bond so many are there.
    package static let most = 50

    package init(bondCount: Int) {
        trades = Array(repeating: [], count: bondCount)
    }

    package mutating func observe(_ event: MarketEvent) {
        switch event {
        case .reported(let trade, let bond): append(trade, bond: bond)
        case .withdrawn(let trade, let bond):
            trades[bond].removeAll { $0.tradeID == trade.tradeID }
        default: break
        }
    }

    private mutating func append(_ trade: Trade, bond: Int) {
        guard trade.isDisseminated else { return }
        trades[bond].append(trade)
        if trades[bond].count == 2 * Self.most { trades[bond].removeFirst(Self.most) }
    }

    /// Puts earlier trades before those that are here.
    package mutating func put(_ earlier: RecentTradeBook) {
        for bond in trades.indices { trades[bond] = earlier.trades[bond] + trades[bond] }
    }

    /// The newest first.
    package func last(bond: Int, count: Int) -> [Trade] {
        trades[bond].suffix(min(count, Self.most)).reversed()
    }
}
