import Bonds
import Files
import Tape

/// What a server remembers of its market beside what its prices are made of.
package struct MarketRecord: Sendable {
    package private(set) var facts = MarketFacts()
    private var trades: RecentTradeBook
    private var ledger = TradeLedger()

    package init(bondCount: Int) {
        trades = RecentTradeBook(bondCount: bondCount)
    }

    /// - Parameter time: when it became known, where that is later than the event says.
    package mutating func observe(_ event: MarketEvent, at time: Int64? = nil) {
        facts.observe(event, at: time ?? event.time)
        trades.observe(event)
        switch event {
        case .reported(let trade, let bond): ledger.report(trade.tradeID, bond: bond)
        case .withdrawn(let trade, _): ledger.withdraw(trade.tradeID)
        default: break
        }
    }

    /// Whether an event is none of a trade that was told of before, whichever way.
    package mutating func isNews(_ event: MarketEvent) -> Bool {
        guard let trade = event.trade else { return true }
        let standing = ledger.standing(of: trade.identifier, bond: trade.bond)
        return standing == (trade.isReport ? .unknown : .reported)
    }

    /// Says that the tape of the folder is there.
    package mutating func finishTape() { ledger.sort() }

    /// Adds what a market folder had before a time, from which on all was observed.
    package mutating func read(
        market folder: String, bonds: BondTable, before time: Int64
    ) throws(FileError) {
        let reader = try TradeReader(
            path: TradeFile.path(market: folder), disorder: MarketReplay.tradeDisorder)
        var earlier = RecentTradeBook(bondCount: bonds.rows.count)
        func observe(_ event: MarketEvent) {
            if event.time < time { facts.observe(event, at: event.time) }
        }
        while let read = try reader.next() {
            for trade in read where trade.reportTime < time {
                guard let bond = bonds.index(cusip: trade.cusip) else { continue }
                observe(.reported(trade, bond: bond))
                ledger.report(trade.tradeID, bond: bond)
                if trade.withdrawnTime < time {
                    observe(.withdrawn(trade, bond: bond))
                    ledger.withdraw(trade.tradeID)
                } else {
                    earlier.observe(.reported(trade, bond: bond))
                }
            }
        }
        trades.put(earlier)
        for tick in try TreasuryRow.read(market: folder) { observe(.treasury(tick)) }
        for tick in try MarketRow.readIfPresent(market: folder) { observe(.market(tick)) }
        for row in try RatingRow.readIfPresent(market: folder) { observe(.rating(row)) }
    }

    /// The last trades of a bond, the newest first.
    package func lastTrades(bond: Int, count: Int) -> [Trade] {
        trades.last(bond: bond, count: count)
    }

    /// What is known of trades, in their order.
    package mutating func standings(
        of trades: [(identifier: String, bond: Int)]
    ) -> [TradeStanding] {
        var standings: [TradeStanding] = []
        for (identifier, bond) in trades {
            standings.append(ledger.standing(of: identifier, bond: bond))
        }
        return standings
    }
}
