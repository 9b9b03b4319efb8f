import Bonds
import Files

/// What the trades of a market folder are, and what in them is doubtful but not wrong.
///
/// Reading them is the validation: whatever is wrong throws, with file, line and column.
public struct TapeSummary: Sendable, Equatable {
    public let file: String
    public private(set) var rowCount = 0
    /// Trades that were withdrawn at some time.
    public private(set) var withdrawnCount = 0
    /// Trades that correct another.
    public private(set) var correctionCount = 0
    /// Trades from a dealer's point of view: bought, sold, and between dealers.
    public private(set) var bidCount = 0
    public private(set) var offerCount = 0
    public private(set) var dealerCount = 0
    /// Rows that were reported before one that stands above them, by no more than 15 minutes.
    public private(set) var outOfOrderCount = 0
    /// Bonds that were traded.
    public private(set) var bondCount = 0
    /// Traded bonds that an agency, or several, rated on the day of their first trade.
    public private(set) var ratedBondCount = 0
    /// Days in New York on which trades were made.
    public private(set) var dayCount = 0
    /// UTC epoch nanoseconds; nil where there are no trades.
    public private(set) var firstExecution: Int64?
    public private(set) var lastExecution: Int64?
    public private(set) var lastReport: Int64?
    /// Trades of each bond that `bonds.csv` does not have.
    public private(set) var unknownBonds: [String: Int] = [:]
    public private(set) var doubts: [MarketSummary.Doubt] = []

    /// Reads `trades.csv` of a market folder.
    /// - Parameter progress: called now and then with the number of rows read so far.
    public init(
        market folder: String, bonds: BondTable, ratings: RatingTable,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        file = try TradeFile.path(market: folder)
        let reader = try TradeReader(path: file, disorder: MarketReplay.tradeDisorder)
        var seen = Observations()
        while let trades = try reader.next() {
            for trade in trades { take(trade, bonds: bonds, ratings: ratings, &seen) }
            try progress(rowCount)
        }
        outOfOrderCount = reader.rowsOutOfOrder
        bondCount = seen.bonds.count
        dayCount = seen.days.count
        doubts = seen.doubts(unknownBonds)
    }

    private mutating func take(
        _ trade: Trade, bonds: BondTable, ratings: RatingTable, _ seen: inout Observations
    ) {
        rowCount += 1
        if !trade.holds { withdrawnCount += 1 }
        if !trade.replaces.isEmpty { correctionCount += 1 }
        switch trade.side {
        case .bid: bidCount += 1
        case .offer: offerCount += 1
        case .dealer: dealerCount += 1
        }
        firstExecution = min(firstExecution ?? .max, trade.executionTime)
        lastExecution = max(lastExecution ?? .min, trade.executionTime)
        lastReport = trade.reportTime
        let day = seen.day(trade.executionTime)
        let bond = bonds[trade.cusip]
        if seen.bonds.insert(trade.cusip).inserted, let bond,
            ratings.rating(cusip: bond.cusip, issuer: bond.issuer, asOf: day) != nil
        {
            ratedBondCount += 1
        }
        if bond == nil { unknownBonds[trade.cusip, default: 0] += 1 }
        if !seen.trades.insert(seen.hash(trade.tradeID)).inserted {
            seen.repeated.note(trade.tradeID)
        }
        if !trade.replaces.isEmpty, !seen.trades.contains(seen.hash(trade.replaces)) {
            seen.dangling.note("\(trade.tradeID) replaces \(trade.replaces)")
        }
        if trade.reportTime < trade.executionTime { seen.foretold.note(trade.tradeID) }
        if let bond, day > bond.terms.maturity { seen.matured.note(trade.tradeID) }
        if !(trade.price > 0 && trade.price <= 1_000) { seen.priceless.note(trade.tradeID) }
    }
}

/// What is remembered of the rows above.
private struct Observations {
    /// How often something occurs, with the first few cases.
    struct Cases {
        var count = 0
        var examples: [String] = []

        mutating func note(_ text: @autoclosure () -> String) {
            count += 1
            if examples.count < 5 { examples.append(text()) }
        }
    }

    var bonds: Set<String> = []
    var days: Set<CalendarDate> = []
    /// Hashes of the trades' identifiers; 64 bits are enough to tell a hundred million apart.
    var trades: Set<UInt64> = []
    var repeated = Cases()
    var dangling = Cases()
    var foretold = Cases()
    var matured = Cases()
    var priceless = Cases()

    /// The day in New York, noted.
    mutating func day(_ time: Int64) -> CalendarDate {
        let day = EasternTime.date(time)
        days.insert(day)
        return day
    }

    /// FNV-1a, 64 bits.
    func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    func doubts(_ unknownBonds: [String: Int]) -> [MarketSummary.Doubt] {
        var unknown = Cases()
        unknown.count = unknownBonds.values.reduce(0, +)
        unknown.examples = Array(unknownBonds.keys.sorted().prefix(5))
        return [
            ("trades.csv: a trade of a bond that bonds.csv does not have", unknown),
            ("trades.csv: a trade_id that an earlier row has", repeated),
            ("trades.csv: a trade that replaces none of the rows above", dangling),
            ("trades.csv: reported before it was executed", foretold),
            ("trades.csv: executed after the bond's maturity", matured),
            ("trades.csv: a price that is not between 0 and 1,000", priceless),
        ].filter { $1.count > 0 }.map {
            MarketSummary.Doubt(problem: $0, count: $1.count, examples: $1.examples)
        }
    }
}
