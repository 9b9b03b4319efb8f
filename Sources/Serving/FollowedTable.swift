import Bonds
import Files
import Tape

/// What a table of a market folder says before the last event that is known of each kind, and after.
struct FollowedTable {
    /// The tables that have events, and of which kinds.
    static let all: [(name: String, kinds: [MarketEvent.Kind])] = [
        ("treasuries", [.treasury]), ("markets", [.market]), ("ratings", [.rating]),
        ("trades", [.reported, .withdrawn]),
    ]

    static func name(of kind: MarketEvent.Kind) -> String {
        all.first { $0.kinds.contains(kind) }?.name ?? ""
    }

    /// What was known, and what the table says now up to there.
    private let known: [MarketEvent.Kind: MarketReach]
    private(set) var past: [MarketEvent.Kind: MarketReach]
    /// What comes after it, in the order of the file. Trades have names, so those of the very time of
    /// the last one, which tapes tell by the second, may be new too.
    private(set) var news: [MarketEvent] = []

    /// - Parameter known: of each kind of the table, with the time after which events are new.
    init(after known: [MarketEvent.Kind: MarketReach]) {
        self.known = known
        past = known.mapValues { MarketReach(time: $0.time) }
    }

    /// Reads a table; rows of bonds that are not in the list are passed over.
    mutating func read(
        _ table: String, market folder: String, bonds: BondTable, leaveOut: (FileError) -> Void
    ) throws(FileError) {
        switch table {
        case "treasuries":
            try read(TreasuryRow.self, market: folder, leaveOut) { .treasury($0) }
        case "markets": try read(MarketRow.self, market: folder, leaveOut) { .market($0) }
        case "ratings": try read(RatingRow.self, market: folder, leaveOut) { .rating($0) }
        default:
            let reader = try TradeReader(path: TradeFile.path(market: folder))
            while let trades = try reader.nextAsTheyStand(leaveOut: leaveOut) {
                for trade in trades {
                    guard let bond = bonds.index(cusip: trade.cusip) else { continue }
                    add(.reported(trade, bond: bond))
                    if !trade.holds { add(.withdrawn(trade, bond: bond)) }
                }
            }
        }
        // Those of the last time that are what they were are not new.
        for (kind, known) in known where past[kind].map({ $0.at == known.at }) ?? false {
            news.removeAll { $0.kind == kind && $0.time == known.time }
        }
    }

    private mutating func read<Row: ReferenceRow>(
        _: Row.Type, market folder: String, _ leaveOut: (FileError) -> Void,
        _ event: (Row) -> MarketEvent
    ) throws(FileError) {
        guard let path = try Row.path(market: folder) else { return }
        let reader = try ReferenceReader<Row>(path: path)
        while let rows = try reader.next(leaveOut: leaveOut) {
            for row in rows { add(event(row)) }
        }
    }

    private mutating func add(_ event: MarketEvent) {
        let (kind, time) = (event.kind, event.time)
        let last = known[kind]?.time ?? .min
        if time <= last { past[kind]?.observe(event.digest, at: time) }
        if time > last || (time == last && event.trade != nil) { news.append(event) }
    }

    /// The first kind of which the past is not what it was; nil where all is.
    var changed: MarketEvent.Kind? {
        known.keys.sorted { $0.rawValue < $1.rawValue }.first { kind in
            guard let known = known[kind], let past = past[kind] else { return false }
            let hasMore =
                past.at.count > known.at.count && (kind == .reported || kind == .withdrawn)
            return past.before != known.before || (past.at != known.at && !hasMore)
        }
    }
}
