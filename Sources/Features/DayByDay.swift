import Bonds
import Datasets
import Dispatch
import Files
import Foundation
import Tape

/// The work of a ``FeatureBuild``, a day at a time: while the events of one day are applied and its
/// rows are captured, the next day is read, captured rows are finished and earlier days are written.
final class DayByDay {
    private let build: FeatureBuild
    private let layout: FeatureLayout
    private let folder: StoreFolder
    private let engine: FeatureEngine
    private let reader: DayReader
    private let reading = DispatchQueue(label: "tenor.features.reader")
    private let workers: RowWorkers
    private let writer = BackgroundWriter()
    /// Trades without a row of the days so far.
    private var counts = BuildCounts()
    private var hasSnapshot = true
    private var lastSnapshot = ContinuousClock.now
    private(set) var summary = FeatureBuild.Summary()

    init(
        _ build: FeatureBuild, bonds: BondTable, layout: FeatureLayout, folder: StoreFolder
    ) throws {
        self.build = build
        self.layout = layout
        self.folder = folder
        let start = try EngineStart(
            market: build.market, store: folder, bonds: bonds, layout: layout)
        engine = start.engine
        workers = RowWorkers(
            engine.finisher, isHalf: build.isHalf,
            threads: build.threads ?? ProcessInfo.processInfo.activeProcessorCount)
        var lastDay: CalendarDate?
        if let state = start.state {
            counts = try BuildCounts(snapshot: state)
            let day = EasternTime.date(engine.now)
            lastDay = day + -1
            summary.resumedFrom = day.description
        }
        reader = DayReader(build, bonds: bonds, replay: start.events, after: lastDay)
    }

    func run(progress: (_ rows: Int, _ day: CalendarDate) throws -> Void) throws {
        do {
            try makeAll(progress)
        } catch {
            // What is on its way is finished: the next run counts on nobody else writing.
            reading.sync {}
            try? writer.finish()
            throw error
        }
        try writer.finish()
        summary.tally = engine.tally
        summary.skipped = counts.skipped
        summary.unknownBonds = counts.unknownBonds
    }

    private func makeAll(_ progress: (_ rows: Int, _ day: CalendarDate) throws -> Void) throws {
        var lastDay: CalendarDate?
        var next = readAhead()
        while let day = try next.wait().get() {
            next = readAhead()
            try make(day, progress: progress)
            lastDay = day.date
            if ContinuousClock.now - lastSnapshot >= build.snapshotInterval {
                try writeSnapshot(of: day.date)
            }
        }
        if let lastDay, !hasSnapshot { try writeSnapshot(of: lastDay) }
        if build.through == nil {
            // After the last event there may still be trades of unknown bonds.
            counts.add(BuildCounts(unknownBonds: reader.unknownBondsLeft))
        }
    }

    /// Begins to read the next day on another thread.
    private func readAhead() -> Pending<Result<MarketDay?, FileError>> {
        let day = Pending<Result<MarketDay?, FileError>>()
        // It is asked for one day at a time.
        nonisolated(unsafe) let reader = reader
        reading.async {
            day.fill(Result { () throws(FileError) in try reader.next() })
        }
        return day
    }

    /// Makes the rows of a day, takes in its events and writes what is done.
    private func make(
        _ day: MarketDay, progress: (_ rows: Int, _ day: CalendarDate) throws -> Void
    ) throws {
        var wanted = day.requests
        if let made = try folder.rowsOfShard(day.date) {
            counts.add(.unpriced, count: wanted.count - made)
            wanted = []
        }
        var position = 0
        func apply(before time: Int64) throws(FeatureError) {
            while position < day.events.count, day.events[position].time < time {
                try engine.apply(day.events[position])
                position += 1
            }
        }
        let made = summary.newRows
        let maker = RowMaker(engine: engine, workers: workers)
        let rows = try maker.make { maker in
            for request in wanted {
                try apply(before: request.trade.executionTime)
                if try !maker.add(request) { counts.add(.unpriced) }
                if maker.count % RowMaker.batch == 0 {
                    try progress(made + maker.count, day.date)
                }
            }
            try apply(before: day.end)
        }
        try progress(made + maker.count, day.date)
        try engine.advance(to: day.end)
        counts.add(day.counts)
        hasSnapshot = false
        guard maker.count > 0 else { return }
        summary.newRows += maker.count
        summary.newDays += 1
        let (path, hash) = (folder.shard(day.date), layout.schema.hash)
        try writer.enqueue { try rows.rows().write(to: path, schemaHash: hash) }
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

    /// Why a store is empty.
    func noRows() throws(FileError) -> FileError { try reader.noRows(counts) }
}
