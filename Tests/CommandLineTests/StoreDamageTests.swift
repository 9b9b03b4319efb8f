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
        func train(_ options: String...) async throws -> TenorRun {
            let settings = [
                "model={family: two-stage, hidden: [4], head: [4]}", "training.steps=4",
                "training.warm_up=1", "validation.warm_up_days=1", "validation.days=1",
                "validation.test_days=1",
            ]
            return try await runTenor(
                ["train", "bonds", "--data", "store", "--out", "run"]
                    + settings.flatMap { ["--set", $0] } + options, in: url)
        }
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
        let trained = try await train()
        #expect(trained.exit == 65 && trained.standardError.contains("checksum"))
        try bytes.write(to: file)

        let label = try await train("--label", "yield")
        #expect(label.exit == 65 && label.standardError.contains("--label is for tables"))
        #expect(try await train().exit == 0)
        // The same trades with other bytes: a resume would not be of this training.
        let wider = try await runTenor(
            "features", "--market", "market", "--out", "wider", in: url)
        try #require(wider.exit == 0, "\(wider.standardError)")
        let resumed = try await runTenor(
            "train", "--resume", "--out", "run", "--data", "wider", in: url)
        #expect(resumed.exit == 65)
        #expect(resumed.standardError.contains("was started with other data"))

        // A copy under the name of a later day would move every part of the split.
        let copy = url.appending(path: "store/2025-02-03.safetensors")
        try bytes.write(to: copy)
        for run in [try await inspect(), try await train()] {
            #expect(run.exit == 65)
            #expect(run.standardError.contains("store/shards.json does not name 1 of its"))
            #expect(run.standardError.contains("2025-02-03.safetensors, column 'time'"))
        }
        try FileManager.default.removeItem(at: copy)

        try FileManager.default.removeItem(at: url.appending(path: "store/shards.json"))
        let unlisted = try await inspect()
        #expect(unlisted.exit == 0)
        #expect(
            unlisted.standardError.contains("warning: store/shards.json does not name 7 of its 7"))

        _ = try folder.file("store/schema.json", "{")
        let schema = try await inspect()
        #expect(schema.exit == 65)
        #expect(schema.standardError.contains("found a text that is no JSON"))
        #expect(!schema.standardError.contains("DecodingError"))
    }
}
