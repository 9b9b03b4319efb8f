import Bonds
import Datasets
import FairValue
import Files
import Foundation

/// Makes a feature store of a market folder: a row for each trade, a shard for each day.
///
/// A day's rows are its trades, each as of its execution. A shard appears when it is complete. The
/// state of the engine at a day's end is written at the end of a run and every few seconds of a long
/// one, so that a run that was stopped goes on where it was. Rows are captured by one thread and
/// finished by all cores, and a finished day is written while the next one is made; the bytes do not
/// depend on the number of cores.
public struct FeatureBuild: Sendable {
    /// The market folder.
    public var market: String
    /// The folder of the store.
    public var store: String
    /// Trades below this many dollars make no row.
    public var minimumQuantity = 0.0
    /// Days of execution, both included; nil for no limit.
    public var from: CalendarDate?
    public var through: CalendarDate?
    /// Those of the filter whose fair prices labels are measured from.
    public var kalman = KalmanParameters()
    /// Whether features are stored as 16-bit numbers.
    public var isHalf = false
    /// The largest number of threads that finish rows; nil for all cores.
    public var threads: Int?
    /// Between two states of a run lies at least this, so that days that are made within a second
    /// are not each followed by a state.
    public var snapshotInterval = Duration.seconds(30)

    /// Trades below this many dollars are sampled.
    public static let smallQuantity = 150_000.0
    /// Of so many small trades one makes a row, with a weight of as many.
    public static let smallShare: UInt64 = 5
    /// A trade that is reported later than this after its execution makes no row: five days, in
    /// nanoseconds.
    public static let longestDelay: Int64 = 5 * 86_400_000_000_000

    public init(market: String, store: String) {
        self.market = market
        self.store = store
    }

    /// What is in the store, and what a run did. But for the three that say so, a run that was
    /// stopped and started again ends with what one in a single go does.
    public struct Summary: Sendable, Equatable, Encodable {
        public internal(set) var rows = 0
        public internal(set) var days = 0
        /// Rows and days that this run made.
        public internal(set) var newRows = 0
        public internal(set) var newDays = 0
        /// The first day that this run replayed, where it went on from a state.
        public internal(set) var resumedFrom: String?
        public internal(set) var stateFeatures = 0
        public internal(set) var conditionFeatures = 0
        public internal(set) var schema = ""
        /// Trades that made no row, and why.
        public internal(set) var skipped: [String: Int] = [:]
        /// What the engine passed over.
        public internal(set) var tally = FeatureTally()
        /// Trades of bonds that are not in `bonds.csv`, by CUSIP.
        public internal(set) var unknownBonds: [String: Int] = [:]
        /// Tables that the market folder does without, and what features are then.
        public internal(set) var absentTables: [FeatureInput] = []
    }

    /// Runs until all days are there.
    /// - Parameter progress: told the rows so far and the day; may throw to stop.
    /// - Throws: `FileError` where a table is missing or malformed, where the store was begun with
    ///   another market or other options, where the folder holds something else, and where no trade
    ///   makes a row; then no store is left.
    public func run(
        progress: (_ rows: Int, _ day: CalendarDate) throws -> Void = { _, _ in }
    ) throws -> Summary {
        try Folder.requireOutput(
            store, for: "a feature store", known: [BuildRecord.fileName])
        let bonds = try BondTable(market: market)
        let layout = try FeatureLayout(market: market, bonds: bonds, kalman: kalman)
        try Folder.make(store)
        let lock = try FileLock(path: store + "/.lock")
        defer { lock.remove() }
        try prepare(layout)
        let folder = StoreFolder(store)
        try folder.make()
        let job = try DayByDay(self, bonds: bonds, layout: layout, folder: folder)
        try job.run(progress: progress)
        let made = try FeatureStore(path: store)
        guard made.rowCount > 0 else {
            try folder.removeAll()
            throw try job.noRows()
        }
        try made.writeShardList()
        var summary = job.summary
        summary.rows = made.rowCount
        summary.days = made.shards.count
        summary.stateFeatures = layout.stateWidth
        summary.conditionFeatures = FeatureLayout.conditionWidth
        summary.schema = layout.schema.hash
        summary.absentTables = try FeatureInput.absent(market: market)
        return summary
    }

    /// Writes what the store is made of and its schema, or checks that those that are there are
    /// these.
    private func prepare(_ layout: FeatureLayout) throws {
        let record = try BuildRecord(self)
        // Where nothing is made yet, nothing can be mixed.
        guard try FeatureStore.isStore(store) && StoreFolder(store).hasContent() else {
            try record.write(store: store)
            try AtomicFile.write(
                try layout.schema.json(), to: store + "/" + FeatureSchema.fileName)
            return
        }
        try record.requireEqual(BuildRecord(store: store), store: store)
        let schema = try FeatureSchema(store: store)
        guard schema.hash == layout.schema.hash else {
            throw FileError(
                .badData, file: store + "/" + FeatureSchema.fileName,
                "the store has other features than these parameters or this version make",
                expected: layout.schema.hash, found: schema.hash,
                advice: "Choose another --out, or remove the store")
        }
    }
}
