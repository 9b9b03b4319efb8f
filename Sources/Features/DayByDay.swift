import Bonds
import Datasets
import Files
import Tape

/// The work of a ``FeatureBuild``: one pass over the replay, a day at a time.
final class DayByDay {
    private let build: FeatureBuild
    private let bonds: BondTable
    private let layout: FeatureLayout
    private let folder: StoreFolder
    private let engine: FeatureEngine
    private let writer = BackgroundWriter()
    private var replay: MarketReplay
    /// Events that were read and not applied yet, from `position` on.
    private var events: [MarketEvent] = []
    private var position = 0
    private var isAtEnd = false
    /// Trades that make rows, by day of execution.
    private var requests: [CalendarDate: [RowRequest]] = [:]
    private var lastDay: CalendarDate?
    /// Trades without a row of the days so far, and of days to come: by their execution where that
    /// is no later than their report, and by their report where they come late.
    private var counts = BuildCounts()
    private var laterCounts: [CalendarDate: BuildCounts] = [:]
    private var offered = OfferedTrades()
    private var hasSnapshot = true
    private var lastSnapshot = ContinuousClock.now
    private(set) var summary = FeatureBuild.Summary()

    init(
        _ build: FeatureBuild, bonds: BondTable, layout: FeatureLayout, folder: StoreFolder
    ) throws {
        self.build = build
        self.bonds = bonds
        self.layout = layout
        self.folder = folder
        let start = try EngineStart(
            market: build.market, store: folder, bonds: bonds, layout: layout)
        engine = start.engine
        replay = start.events
        if let state = start.state {
            counts = try BuildCounts(snapshot: state)
            let day = EasternTime.date(engine.now)
            lastDay = day + -1
            summary.resumedFrom = day.description
        }
    }

    func run(progress: (_ rows: Int, _ day: CalendarDate) throws -> Void) throws {
        do {
            try makeAll(progress)
        } catch {
            // What is on its way is finished: the next run counts on nobody else writing.
            try? writer.finish()
            throw error
        }
        try writer.finish()
        summary.tally = engine.tally
        summary.skipped = counts.skipped
        summary.unknownBonds = counts.unknownBonds
    }

    private func makeAll(_ progress: (_ rows: Int, _ day: CalendarDate) throws -> Void) throws {
        while let day = try nextDay() {
            if let through = build.through, day > through { break }
            let end = StoreFolder.end(of: day)
            // All that may still be told of the day's trades.
            try read(before: end + FeatureBuild.longestDelay)
            try make(day, end: end, progress: progress)
            lastDay = day
            if ContinuousClock.now - lastSnapshot >= build.snapshotInterval {
                try writeSnapshot(of: day)
            }
        }
        if let lastDay, !hasSnapshot { try writeSnapshot(of: lastDay) }
        if build.through == nil {
            // After the last event there may still be trades of unknown bonds.
            counts.add(BuildCounts(unknownBonds: replay.unknownBonds))
        }
    }

    /// The day of the next event or row.
    private func nextDay() throws(FileError) -> CalendarDate? {
        if position == events.count { try readOne() }
        let ofEvents = position < events.count ? EasternTime.date(events[position].time) : nil
        return [ofEvents, requests.keys.min()].compactMap { $0 }.min()
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
        switch RowRequest.make(
            trade, bond: bond, terms: bonds.rows[bond].terms, day: day,
            minimumQuantity: build.minimumQuantity)
        {
        // Of a day that is done every trade is a row or counted: all were reported by then, or late.
        case .success(let request):
            if day > lastDay ?? day + -1 { requests[day, default: []].append(request) }
        case .failure(let error):
            switch error.exclusion {
            case .reportedLate, .reportedEarly:
                let day = EasternTime.date(trade.reportTime)
                laterCounts[day, default: BuildCounts()].add(error.exclusion)
            default:
                if day > lastDay ?? day + -1 {
                    laterCounts[day, default: BuildCounts()].add(error.exclusion)
                }
            }
        }
    }

    /// Makes the rows of a day, takes in its events and writes what is done.
    private func make(
        _ day: CalendarDate, end: Int64, progress: (_ rows: Int, _ day: CalendarDate) throws -> Void
    ) throws {
        let asked = requests.removeValue(forKey: day) ?? []
        var names: Set<String> = []
        var wanted = asked.filter { names.insert($0.trade.tradeID).inserted }
        counts.add(.duplicate, count: asked.count - wanted.count)
        if let made = try folder.rowsOfShard(day) {
            counts.add(.unpriced, count: wanted.count - made)
            wanted = []
        }
        wanted.sort {
            ($0.trade.executionTime, $0.trade.tradeID) < ($1.trade.executionTime, $1.trade.tradeID)
        }
        let maker = RowMaker(engine: engine, count: wanted.count, build: build)
        let made = summary.newRows
        let rows = try maker.make { maker in
            for request in wanted {
                try apply(before: request.trade.executionTime)
                if try !maker.add(request) { counts.add(.unpriced) }
                if maker.count % RowMaker.batch == 0 { try progress(made + maker.count, day) }
            }
            try apply(before: end)
        }
        try progress(made + rows.count, day)
        try engine.advance(to: end)
        events.removeFirst(position)
        position = 0

        for ended in laterCounts.keys.filter({ $0 <= day }) {
            if let ended = laterCounts.removeValue(forKey: ended) { counts.add(ended) }
        }
        counts.add(BuildCounts(unknownBonds: replay.takeUnknownBonds(through: day)))
        hasSnapshot = false
        guard rows.count > 0 else { return }
        summary.newRows += rows.count
        summary.newDays += 1
        let (path, hash) = (folder.shard(day), layout.schema.hash)
        try writer.enqueue { try rows.write(to: path, schemaHash: hash) }
    }

    /// Writes the state at the end of a day, behind the shards of that day and of those before.
    private func writeSnapshot(of day: CalendarDate) throws {
        var snapshot = try engine.snapshot()
        try counts.join(&snapshot)
        let (written, folder) = (snapshot, folder)
        try writer.enqueue {
            try written.write(to: folder.snapshot(day))
            try folder.removeSnapshots(before: day)
        }
        lastSnapshot = .now
        hasSnapshot = true
    }

    private func apply(before time: Int64) throws(FeatureError) {
        while position < events.count, events[position].time < time {
            try engine.apply(events[position])
            position += 1
        }
    }
}

extension DayByDay {
    /// Why a store is empty.
    func noRows() throws(FileError) -> FileError {
        let file = try TradeFile.path(market: build.market)
        // Days before the first trade end without one.
        while offered.first == nil, !isAtEnd { try readOne() }
        guard let first = offered.first, let last = offered.last else {
            let strangers = summary.unknownBonds.values.reduce(0, +)
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
        let skipped = summary.skipped.sorted { $0.key < $1.key }
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
