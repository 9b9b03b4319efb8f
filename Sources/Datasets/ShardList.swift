import Files
import Foundation

/// The days of a store with their rows, as the build left them: a shard that is lost later is
/// noticed, which the others cannot tell.
struct ShardList: Codable {
    static let fileName = "shards.json"

    /// By date.
    let rows: [String: Int]

    init(_ shards: [FeatureStore.Shard]) {
        rows = Dictionary(uniqueKeysWithValues: shards.map { ($0.date, $0.rows.count) })
    }

    /// The list of a store; nil where no build has come to its end yet.
    init?(store folder: String) throws(FileError) {
        let path = folder + "/" + Self.fileName
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data = Data(try FileContents.bytes(of: path))
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw FileError(
                .badData, file: path, "not a list of shards",
                advice: "Remove it, and run tenor features again")
        }
    }

    func write(store folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(
            Array(try encoder.encode(self)), to: folder + "/" + Self.fileName)
    }

    /// - Throws: `FileError` with the first shard that is not there, or not what it was. Others may
    ///   have been made since.
    func check(_ shards: [FeatureStore.Shard], store folder: String) throws(FileError) {
        for (date, count) in rows.sorted(by: { $0.key < $1.key }) {
            let file = folder + "/" + date + FeatureStore.shardSuffix
            let found = shards.first { $0.date == date }?.rows.count
            guard found != count else { continue }
            throw FileError(
                found == nil ? .missing : .badData, file: file,
                found == nil
                    ? "a shard of the store is missing"
                    : "the shard is not the one that the build wrote",
                expected: "\(count) rows of \(date)", found: found.map { "\($0)" } ?? "no file",
                advice: FeatureStore.repair(folder, without: found == nil ? nil : file))
        }
    }
}
