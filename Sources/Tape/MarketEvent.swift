import Bonds

/// What becomes known of a market, one thing at a time.
public enum MarketEvent: Sendable {
    case treasury(TreasuryRow)
    case market(MarketRow)
    /// Known from the midnight in New York with which its date begins.
    case rating(RatingRow)
    /// A trade was reported; `bond` is the row of its bond in the list of bonds.
    case reported(Trade, bond: Int)
    /// A trade that was reported before turned out to be wrong.
    case withdrawn(Trade, bond: Int)

    /// When it becomes known, in UTC epoch nanoseconds.
    public var time: Int64 {
        switch self {
        case .treasury(let tick): tick.time
        case .market(let tick): tick.time
        case .rating(let rating): EasternTime.nanoseconds(rating.date, timeOfDay: 0)
        case .reported(let trade, _): trade.reportTime
        case .withdrawn(let trade, _): trade.withdrawnTime
        }
    }

    /// Where an event comes from.
    public enum Kind: Int, Sendable, CaseIterable {
        case treasury, market, rating, reported, withdrawn
    }

    public var kind: Kind {
        switch self {
        case .treasury: .treasury
        case .market: .market
        case .rating: .rating
        case .reported: .reported
        case .withdrawn: .withdrawn
        }
    }
}
