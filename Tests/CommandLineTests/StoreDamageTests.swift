import Foundation
import Testing

/// A feature store that something happened to, on the built binary.
@Suite(.timeLimit(.minutes(2))) struct StoreDamageTests {
    @Test("A store whose bytes, list or schema are not what was built says so")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        let url = folder.url
        for arguments in [
            ["simulate", "--bonds", "40", "--days", "7", "--out", "market"],
            ["features", "--market", "market", "--out", "store", "--half"],
        ] {
            let run = try await runTenor(arguments, in: url)
            try #require(run.exit == 0, "\(arguments): \(run.standardError)")
        }
        func inspect() async throws -> TenorRun { try await runTenor("inspect", "store", in: url) }
        let whole = try await inspect()
        #expect(whole.exit == 0 && !whole.standardError.contains("warning"))

        _ = try folder.file("table.csv", "a,label\n1,2\n")
        for data in [["store", "table.csv"], ["table.csv", "store"]] {
            let mixed = try await runTenor(
                "train", "bonds", "--data", data[0], "--data", data[1], "--out", "run", in: url)
            #expect(mixed.exit == 65)
            #expect(mixed.standardError.contains("table.csv: no feature store"))
        }

        let names = try FileManager.default.contentsOfDirectory(
            atPath: url.appending(path: "store").path)
        let shard = try #require(names.filter { $0.hasSuffix(".safetensors") }.sorted().first)
        let file = url.appending(path: "store/\(shard)")
        let bytes = try Data(contentsOf: file)
        var flipped = bytes
        flipped[bytes.count - 100] ^= 1
        try flipped.write(to: file)
        let damaged = try await inspect()
        #expect(damaged.exit == 65)
        #expect(damaged.standardError.contains(shard))
        #expect(damaged.standardError.contains("checksum"))
        #expect(damaged.standardError.contains("tenor features --market"))
        try bytes.write(to: file)

        try FileManager.default.removeItem(at: url.appending(path: "store/shards.json"))
        let unlisted = try await inspect()
        #expect(unlisted.exit == 0)
        #expect(unlisted.standardError.contains("warning: store has no list of its shards"))

        _ = try folder.file("store/schema.json", "{")
        let schema = try await inspect()
        #expect(schema.exit == 65)
        #expect(schema.standardError.contains("found a text that is no JSON"))
        #expect(!schema.standardError.contains("DecodingError"))
    }
}
