import Bonds
import Files
import HeapModule

/// Replays a market folder: all that became known, in the order in which it did.
///
/// Whoever asks at a time may use exactly the events whose time is strictly earlier. Of events of
/// one time Treasuries come first, then markets, ratings, reported trades and withdrawn ones.
/// Trades are streamed; the ticks of Treasuries and markets are held in memory.
public struct MarketReplay {
    /// Trades of bonds that are not in the list are passed over; how many, by CUSIP, of each day of
    /// report.
    private var unknown: [CalendarDate: [String: Int]] = [:]
    private let bonds: BondTable
    /// Trades that were reported before it are passed over.
    private let from: Int64
    /// Withdrawals after it are passed over.
    private let withdrawalsUntil: Int64
    private var treasuries: Queue<TreasuryRow>
    private var markets: Queue<MarketRow>
    private var ratings: Queue<RatingRow>
    private var trades: TradeQueue
    private var withdrawals = Heap<Withdrawal>()
    private var withdrawalsSoFar = 0

    /// Trades of which the file is out of order by no more than this are sorted: 15 minutes, the
    /// time in which a trade must be reported (FINRA Rule 6730).
    public static let tradeDisorder: Int64 = 15 * 60 * 1_000_000_000

    /// Opens a market folder.
    /// - Parameters:
    ///   - from: only what becomes known at this time or later is replayed; in UTC epoch nanoseconds.
    ///   - until: only what became known at the time of its kind or before is replayed; nothing of
    ///     kinds without one. All where nil.
    ///   - keepsDigest: whether ``tradeDigest`` is wanted.
    /// - Throws: `FileError` where a table is missing or malformed; markets and ratings may be
    ///   missing.
    public init(
        market folder: String, bonds: BondTable, from: Int64 = .min,
        until: [MarketEvent.Kind: Int64]? = nil, keepsDigest: Bool = false
    ) throws(FileError) {
        func last(_ kind: MarketEvent.Kind) -> Int64 { until.map { $0[kind] ?? .min } ?? .max }
        self.bonds = bonds
        self.from = from
        withdrawalsUntil = last(.withdrawn)
        treasuries = Queue(
            try TreasuryRow.read(market: folder), from: from, until: last(.treasury)
        ) { $0.time }
        markets = Queue(
            try MarketRow.readIfPresent(market: folder), from: from, until: last(.market)
        ) { $0.time }
        ratings = Queue(
            try RatingRow.readIfPresent(market: folder), from: from, until: last(.rating)
        ) { MarketEvent.rating($0).time }
        trades = TradeQueue(
            try TradeReader(
                path: TradeFile.path(market: folder), disorder: Self.tradeDisorder,
                from: from, until: last(.reported), keepsDigest: keepsDigest))
    }

    /// What the tape says, those of its trades among it that were passed over: complete for the days
    /// before that of the last event.
    public var tradeDigest: DailyDigest? { trades.digest }

    /// The next event, nil at the end.
    public mutating func next() throws(FileError) -> MarketEvent? {
        while true {
            let times = [
                treasuries.time, markets.time, ratings.time, try trades.time(),
                withdrawals.min?.trade.withdrawnTime,
            ]
            guard let source = Self.earliest(times) else { return nil }
            switch source {
            case 0: return .treasury(treasuries.take())
            case 1: return .market(markets.take())
            case 2: return .rating(ratings.take())
            case 3:
                if let event = reported(trades.take()) { return event }
            default:
                let withdrawal = withdrawals.removeMin()
                return .withdrawn(withdrawal.trade, bond: withdrawal.bond)
            }
        }
    }

    /// Whether there are trades behind the events so far.
    public mutating func hasTrades() throws(FileError) -> Bool { try trades.time() != nil }

    /// The event of a trade that was read; nil where it is none of this replay.
    private mutating func reported(_ trade: Trade) -> MarketEvent? {
        guard let bond = bonds.index(cusip: trade.cusip) else {
            if trade.reportTime >= from {
                let day = EasternTime.date(trade.reportTime)
                unknown[day, default: [:]][trade.cusip, default: 0] += 1
            }
            return nil
        }
        if !trade.holds, trade.withdrawnTime <= withdrawalsUntil {
            withdrawals.insert(Withdrawal(trade: trade, bond: bond, place: withdrawalsSoFar))
            withdrawalsSoFar += 1
        }
        return trade.reportTime >= from ? .reported(trade, bond: bond) : nil
    }

    /// How many trades of bonds that are not in the list were passed over, by CUSIP.
    public var unknownBonds: [String: Int] {
        unknown.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }

    /// Those of ``unknownBonds`` that were reported on a day in New York or before it, which are
    /// forgotten then.
    public mutating func takeUnknownBonds(through day: CalendarDate) -> [String: Int] {
        let taken = unknown.filter { $0.key <= day }
        for day in taken.keys { unknown[day] = nil }
        return taken.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }

    private static func earliest(_ times: [Int64?]) -> Int? {
        var earliest: Int?
        var least = Int64.max
        for (index, time) in times.enumerated() {
            guard let time, earliest == nil || time < least else { continue }
            earliest = index
            least = time
        }
        return earliest
    }

    /// A withdrawal that is not known yet.
    private struct Withdrawal: Comparable {
        let trade: Trade
        let bond: Int
        let place: Int

        static func < (first: Withdrawal, second: Withdrawal) -> Bool {
            (first.trade.withdrawnTime, first.place) < (second.trade.withdrawnTime, second.place)
        }

        static func == (first: Withdrawal, second: Withdrawal) -> Bool {
            first.place == second.place
        }
    }
}

/// Rows in the order of their times, each taken once.
private struct Queue<Row> {
    private let rows: [Row]
    private let times: [Int64]
    private var position = 0

    /// Rows in any order; those of one time keep theirs.
    init(_ rows: [Row], from: Int64, until: Int64, time: (Row) -> Int64) {
        let timed = rows.enumerated().map { (time: time($1), place: $0) }
            .filter { $0.time >= from && $0.time <= until }
            .sorted { $0 < $1 }
        self.rows = timed.map { rows[$0.place] }
        times = timed.map(\.time)
    }

    var time: Int64? { position < times.count ? times[position] : nil }

    mutating func take() -> Row {
        position += 1
        return rows[position - 1]
    }
}

/// The trades of a file, each taken once.
private struct TradeQueue {
    private let reader: TradeReader
    private var trades: [Trade] = []
    private var position = 0

    init(_ reader: TradeReader) { self.reader = reader }

    var digest: DailyDigest? { reader.digest }

    /// When the next trade was reported, nil at the end of the file.
    mutating func time() throws(FileError) -> Int64? {
        if position == trades.count {
            guard let more = try reader.next() else { return nil }
            trades = more
            position = 0
        }
        return trades[position].reportTime
    }

    mutating func take() -> Trade {
        position += 1
        return trades[position - 1]
    }
}
