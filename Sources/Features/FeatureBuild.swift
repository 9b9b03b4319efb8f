import Bonds
import Datasets
import FairValue
import Files
import Foundation

/// Makes a feature store of a market folder: a row for each trade, a shard for each day.
///
/// A day's rows are its trades, each as of its execution. A shard appears when it is complete, and
/// with it the state of the engine at the day's end, so that a run that was stopped goes on where it
/// was. Rows are captured by one thread and finished by all cores, and a finished day is written
/// while the next one is made; the bytes do not depend on the number of cores.
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

    /// What a run did.
    public struct Summary: Sendable, Equatable, Encodable {
        /// Rows of the store, those of earlier runs too.
        public var rows = 0
        /// Rows and days that this run made.
        public var newRows = 0
        public var newDays = 0
        /// The first day that was replayed, after a snapshot where there was one.
        public var resumedFrom: String?
        public var stateFeatures = 0
        public var conditionFeatures = 0
        public var schema = ""
        /// Trades that made no row, and why.
        public var skipped: [String: Int] = [:]
        /// What the engine passed over.
        public var tally = FeatureTally()
        /// Trades of bonds that are not in `bonds.csv`, by CUSIP.
        public var unknownBonds: [String: Int] = [:]
    }

    /// Runs until all days are there.
    /// - Parameter progress: told the rows so far and the day; may throw to stop.
    public func run(
        progress: (_ rows: Int, _ day: CalendarDate) throws -> Void = { _, _ in }
    ) throws -> Summary {
        let bonds = try BondTable(market: market)
        let layout = try FeatureLayout(market: market, bonds: bonds, kalman: kalman)
        try Folder.make(store)
        let lock = try FileLock(path: store + "/.lock")
        defer { lock.release() }
        try prepare(layout)
        let job = try DayByDay(
            self, bonds: bonds, layout: layout, folder: try StoreFolder(store))
        try job.run(progress: progress)
        var summary = job.summary
        summary.rows = try FeatureStore(path: store).rowCount
        summary.stateFeatures = layout.stateWidth
        summary.conditionFeatures = FeatureLayout.conditionWidth
        summary.schema = layout.schema.hash
        return summary
    }

    private struct Settings: Codable, Equatable {
        var minimumQuantity: Double
        var isHalf: Bool
        var from: String?
    }

    /// Writes the schema and the settings, or checks that those that are there are these.
    private func prepare(_ layout: FeatureLayout) throws {
        let file = store + "/build.json"
        let settings = Settings(
            minimumQuantity: minimumQuantity, isHalf: isHalf, from: from?.description)
        if FeatureStore.isStore(store) {
            let schema = try FeatureSchema(store: store)
            guard schema.hash == layout.schema.hash else {
                throw FileError(
                    .badData, file: store + "/" + FeatureSchema.fileName,
                    "the store has other features than this market or this version makes",
                    expected: layout.schema.hash, found: schema.hash,
                    advice: "Choose another --out, or remove the store")
            }
            let text = try FileContents.text(of: file)
            let found = try? JSONDecoder().decode(Settings.self, from: Data(text.utf8))
            guard found == settings else {
                throw FileError(
                    .badData, file: file, "the store was begun with other settings",
                    expected: "minimum quantity \(minimumQuantity), half \(isHalf), "
                        + "from \(from?.description ?? "the beginning")",
                    found: text.replacing("\n", with: " "),
                    advice: "Use the same settings, or choose another --out")
            }
        } else {
            try AtomicFile.write(Array(try JSONEncoder().encode(settings)), to: file)
            try AtomicFile.write(
                try layout.schema.json(), to: store + "/" + FeatureSchema.fileName)
        }
    }
}

/// The files of a store: shards of days, and the state of the engine at the end of the last one.
struct StoreFolder: Sendable {
    private static let suffix = ".state"
    private let folder: String
    private var states: String { folder + "/state" }

    init(_ folder: String) throws(FileError) {
        self.folder = folder
        try Folder.make(folder + "/state")
    }

    func shard(_ day: CalendarDate) -> String {
        folder + "/" + day.description + FeatureStore.shardSuffix
    }

    func hasShard(_ day: CalendarDate) -> Bool {
        FileManager.default.fileExists(atPath: shard(day))
    }

    func snapshot(_ day: CalendarDate) -> String { states + "/" + day.description + Self.suffix }

    /// The newest state; nil where there is none.
    func newestSnapshot() throws -> String? {
        try snapshots().last.map { states + "/" + $0 }
    }

    /// Removes the states of days before one: the newest serves.
    func removeSnapshots(before day: CalendarDate) throws {
        for name in try snapshots() where name < day.description {
            try FileManager.default.removeItem(atPath: states + "/" + name)
        }
    }

    private func snapshots() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: states)
            .filter { !$0.hasPrefix(".") && $0.hasSuffix(Self.suffix) }.sorted()
    }
}
