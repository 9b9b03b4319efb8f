import Bonds
import Datasets
import Dispatch
import Files
import Tape

/// A day of a market: what became known in it, and the trades that make its rows.
struct MarketDay: Sendable {
    let date: CalendarDate
    /// The midnight in New York with which it ends, in UTC epoch nanoseconds.
    let end: Int64
    let events: [MarketEvent]
    /// By execution and identifier.
    let requests: [RowRequest]
    /// Trades without a row: those executed that day where they were reported no earlier and not
    /// late, those reported that day otherwise.
    let counts: BuildCounts
}

/// Divides what became known of a market into days, each with its rows.
///
/// It reads five days beyond a day for all that may still be told of the day's trades.
final class DayReader {
    private let build: FeatureBuild
    private let bonds: BondTable
    private var replay: MarketReplay
    /// Events that were read and belong to no day yet.
    private var events: [MarketEvent] = []
    private var isAtEnd = false
    /// Trades that make rows, and those that do not, of days to come.
    private var requests: [CalendarDate: [RowRequest]] = [:]
    private var counts: [CalendarDate: BuildCounts] = [:]
    private var lastDay: CalendarDate?
    private var offered = OfferedTrades()

    /// - Parameter lastDay: the day before the first one, where there was one.
    init(
        _ build: FeatureBuild, bonds: BondTable, replay: MarketReplay, after lastDay: CalendarDate?
    ) {
        self.build = build
        self.bonds = bonds
        self.replay = replay
        self.lastDay = lastDay
    }

    /// The next day in which something became known or was traded; nil at the end.
    func next() throws(FileError) -> MarketDay? {
        guard let day = try nextDate() else { return nil }
        if let through = build.through, day > through { return nil }
        let end = StoreFolder.end(of: day)
        try read(before: end + FeatureBuild.longestDelay)
        lastDay = day
        let later = events.firstIndex { $0.time >= end } ?? events.count
        defer { events.removeFirst(later) }
        var counts = BuildCounts(unknownBonds: replay.takeUnknownBonds(through: day))
        for ended in self.counts.keys.filter({ $0 <= day }) {
            if let ended = self.counts.removeValue(forKey: ended) { counts.add(ended) }
        }
        let asked = requests.removeValue(forKey: day) ?? []
        var names: Set<String> = []
        let wanted = asked.filter { names.insert($0.trade.tradeID).inserted }
        counts.add(.duplicate, count: asked.count - wanted.count)
        return MarketDay(
            date: day, end: end, events: Array(events[..<later]),
            requests: wanted.sorted {
                ($0.trade.executionTime, $0.trade.tradeID)
                    < ($1.trade.executionTime, $1.trade.tradeID)
            }, counts: counts)
    }

    /// Trades of unknown bonds after the last event.
    var unknownBondsLeft: [String: Int] { replay.unknownBonds }

    private func nextDate() throws(FileError) -> CalendarDate? {
        if events.isEmpty { try readOne() }
        return [events.first.map { EasternTime.date($0.time) }, requests.keys.min()]
            .compactMap { $0 }.min()
    }

    private func read(before time: Int64) throws(FileError) {
        while !isAtEnd, events.last.map({ $0.time < time }) ?? true { try readOne() }
    }

    private func readOne() throws(FileError) {
        guard let event = try replay.next() else {
            isAtEnd = true
            return
        }
        events.append(event)
        guard case .reported(let trade, let bond) = event else { return }
        let day = EasternTime.date(trade.executionTime)
        offered.add(day)
        if let from = build.from, day < from { return }
        if let through = build.through, day > through { return }
        // Of a day that is done every trade is a row or counted: all were reported by then, or late.
        let isToCome = day > lastDay ?? day + -1
        switch RowRequest.make(
            trade, bond: bond, terms: bonds.rows[bond].terms, day: day,
            minimumQuantity: build.minimumQuantity)
        {
        case .success(let request):
            if isToCome { requests[day, default: []].append(request) }
        case .failure(let error):
            switch error.exclusion {
            case .reportedLate, .reportedEarly:
                counts[EasternTime.date(trade.reportTime), default: BuildCounts()]
                    .add(error.exclusion)
            default: if isToCome { counts[day, default: BuildCounts()].add(error.exclusion) }
            }
        }
    }

    /// Why a store is empty.
    /// - Parameter counts: of the trades without a row.
    func noRows(_ counts: BuildCounts) throws(FileError) -> FileError {
        let file = try TradeFile.path(market: build.market)
        // Days before the first trade end without one.
        while offered.first == nil, !isAtEnd { try readOne() }
        guard let first = offered.first, let last = offered.last else {
            let strangers = counts.unknownBonds.values.reduce(0, +)
            return FileError(
                .badData, file: file, "no trade makes a row",
                expected: "trades of the bonds listed",
                found: strangers == 0
                    ? "no trade" : "\(strangers) trades of bonds that bonds.csv does not have")
        }
        let asked = [
            build.from.map { "from \($0)" }, build.through.map { "to \($0)" },
            build.minimumQuantity > 0 ? "of \(build.minimumQuantity) dollars and more" : nil,
        ].compactMap { $0 }.joined(separator: " ")
        let isBefore = build.through.map { $0 < first } ?? false
        let tape =
            isBefore
            ? "trades from \(first) on" : "\(offered.count) trades from \(first) to \(last)"
        let skipped = counts.skipped.sorted { $0.key < $1.key }
            .map { "\($0.key.replacing("_", with: " ")) \($0.value)" }
        return FileError(
            .badData, file: file, "no trade makes a row",
            expected: asked.isEmpty ? "trades that hold" : "trades executed " + asked,
            found: ([tape] + skipped).joined(separator: ", "),
            advice: "Choose other --from, --to or --min-quantity")
    }
}

/// The trades that a run was offered.
private struct OfferedTrades {
    private(set) var count = 0
    /// Days of execution.
    private(set) var first: CalendarDate?
    private(set) var last: CalendarDate?

    mutating func add(_ day: CalendarDate) {
        count += 1
        first = min(first ?? day, day)
        last = max(last ?? day, day)
    }
}
