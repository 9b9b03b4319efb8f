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
    private(set) var summary = FeatureBuild.Summary()

    init(
        _ build: FeatureBuild, bonds: BondTable, layout: FeatureLayout, folder: StoreFolder
    ) throws {
        self.build = build
        self.bonds = bonds
        self.layout = layout
        self.folder = folder
        if let snapshot = try folder.newestSnapshot() {
            engine = try FeatureEngine(
                snapshot: snapshot, market: build.market, bonds: bonds, layout: layout)
            replay = try MarketReplay(market: build.market, bonds: bonds, from: engine.now)
            let day = EasternTime.date(engine.now)
            lastDay = day + -1
            summary.resumedFrom = day.description
        } else {
            engine = try FeatureEngine(market: build.market, bonds: bonds, layout: layout)
            replay = try MarketReplay(market: build.market, bonds: bonds)
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
        summary.unknownBonds = replay.unknownBonds
    }

    private func makeAll(_ progress: (_ rows: Int, _ day: CalendarDate) throws -> Void) throws {
        while let day = try nextDay() {
            if let through = build.through, day > through { break }
            let end = EasternTime.nanoseconds(day + 1, timeOfDay: 0)
            // All that may still be told of the day's trades.
            try read(before: end + FeatureBuild.longestDelay)
            try make(day, end: end, progress: progress)
            lastDay = day
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
        if let from = build.from, day < from { return }
        if let through = build.through, day > through { return }
        switch RowRequest.make(
            trade, bond: bond, terms: bonds.rows[bond].terms, day: day,
            minimumQuantity: build.minimumQuantity)
        {
        case .success(let request):
            // Of a day that is done nothing more is made: its trades were reported by then, or late.
            if let lastDay, day <= lastDay {
                skip(.reportedLate)
            } else {
                requests[day, default: []].append(request)
            }
        case .failure(let error): skip(error.exclusion)
        }
    }

    private func skip(_ exclusion: RowRequest.Exclusion) {
        summary.skipped[exclusion.rawValue, default: 0] += 1
    }

    /// Makes the rows of a day, takes in its events and writes what is done.
    private func make(
        _ day: CalendarDate, end: Int64, progress: (_ rows: Int, _ day: CalendarDate) throws -> Void
    ) throws {
        var wanted = requests.removeValue(forKey: day) ?? []
        if folder.hasShard(day) { wanted = [] }
        wanted.sort {
            ($0.trade.executionTime, $0.trade.tradeID) < ($1.trade.executionTime, $1.trade.tradeID)
        }
        let maker = RowMaker(engine: engine, count: wanted.count, build: build)
        let made = summary.newRows
        let rows = try maker.make { maker in
            for request in wanted {
                try apply(before: request.trade.executionTime)
                if try !maker.add(request) { skip(.unpriced) }
                if maker.count % RowMaker.batch == 0 { try progress(made + maker.count, day) }
            }
            try apply(before: end)
        }
        try progress(made + rows.count, day)
        try engine.advance(to: end)
        events.removeFirst(position)
        position = 0

        summary.newRows += rows.count
        if rows.count > 0 { summary.newDays += 1 }
        let snapshot = try engine.snapshot()
        let hash = layout.schema.hash
        let folder = folder
        try writer.enqueue {
            if rows.count > 0 { try rows.write(to: folder.shard(day), schemaHash: hash) }
            try snapshot.write(to: folder.snapshot(day))
            try folder.removeSnapshots(before: day)
        }
    }

    private func apply(before time: Int64) throws(FeatureError) {
        while position < events.count, events[position].time < time {
            try engine.apply(events[position])
            position += 1
        }
    }
}
