import Arrays
import Bonds
import Datasets
import Files
import Foundation

/// The files of a store: shards of days, and the state of the engine at the end of the last one.
struct StoreFolder: Sendable {
    private static let suffix = ".state"
    private let folder: String
    private var states: String { folder + "/state" }

    init(_ folder: String) { self.folder = folder }

    /// Makes the folder of the states, and removes what a build that was killed left half written.
    func make() throws(FileError) {
        try Folder.make(states)
        for path in [folder, states] { PartialFile.removeAbandoned(in: path) }
    }

    /// Whether there is a shard or a state.
    func hasContent() throws -> Bool {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try names.contains { $0.hasSuffix(FeatureStore.shardSuffix) && !$0.hasPrefix(".") }
            || newestSnapshot() != nil
    }

    /// Removes what a build without a row leaves.
    func removeAll() throws {
        for name in [BuildRecord.fileName, FeatureSchema.fileName, "state"] {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    func shard(_ day: CalendarDate) -> String {
        folder + "/" + day.description + FeatureStore.shardSuffix
    }

    /// The rows of a day's shard; nil where there is none.
    func rowsOfShard(_ day: CalendarDate) throws(FileError) -> Int? {
        let path = shard(day)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try SafetensorsFile(path: path, checksum: .unchecked).entry("time")?.shape.first
    }

    func snapshot(_ day: CalendarDate) -> String { states + "/" + day.description + Self.suffix }

    /// The newest state as of a time; nil where there is none.
    func newestSnapshot(through time: Int64 = .max) throws -> String? {
        try snapshots().last { $0.end <= time }.map { states + "/" + $0.name }
    }

    /// Removes the states of days before one: the newest serves.
    func removeSnapshots(before day: CalendarDate) throws {
        let end = Self.end(of: day)
        for snapshot in try snapshots() where snapshot.end < end {
            try FileManager.default.removeItem(atPath: states + "/" + snapshot.name)
        }
    }

    /// The midnight in New York with which a day ends, in UTC epoch nanoseconds.
    static func end(of day: CalendarDate) -> Int64 {
        EasternTime.nanoseconds(day + 1, timeOfDay: 0)
    }

    /// The states that are there with the times that they are of, the oldest first.
    private func snapshots() throws -> [(name: String, end: Int64)] {
        guard FileManager.default.fileExists(atPath: states) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: states)
            .filter { $0.hasSuffix(Self.suffix) }
            .compactMap { name in
                CalendarDate(String(name.dropLast(Self.suffix.count)))
                    .map { (name, Self.end(of: $0)) }
            }
            .sorted { $0.end < $1.end }
    }
}
