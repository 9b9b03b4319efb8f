import Foundation
import Testing

/// What a network was trained on is told where it is asked for something else.
@Suite(.timeLimit(.minutes(3))) struct StoreOriginTests {
    @Test("Sizes below those of training and tables that are gone are told, and nothing else is")
    func told() async throws {
        let folder = try TemporaryFolder()
        let url = folder.url
        for arguments in [
            ["simulate", "--bonds", "60", "--days", "9", "--out", "market"],
            [
                "features", "--market", "market", "--out", "store", "--min-quantity", "150000",
            ],
            [
                "train", "bonds", "--data", "store", "--out", "run", "--set",
                "model={family: two-stage, hidden: [16], head: [8]}", "--set",
                "training.steps=10", "--set", "training.batch=32", "--set",
                "training.warm_up=2", "--set", "validation.every=10", "--set",
                "validation.warm_up_days=1", "--set", "validation.days=1", "--set",
                "validation.test_days=1",
            ],
        ] {
            let run = try await runTenor(arguments, in: url)
            try #require(run.exit == 0, "\(arguments): \(run.standardError)")
        }
        let inspected = try await runTenor("inspect", "run/model.safetensors", in: url)
        let lines = inspected.standardOutput.split(separator: "\n")
        let least = lines.first { $0.hasPrefix("rows.minimum_quantity ") }
        #expect(least?.hasSuffix(" 150000") == true)
        let tables = try #require(lines.first { $0.hasPrefix("rows.tables ") })
        #expect(tables.contains(" ratings"))

        let bonds = try String(contentsOf: url.appending(path: "market/bonds.csv"), encoding: .utf8)
            .split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
        let column = try #require(bonds[0].firstIndex(of: "cusip"))
        _ = try folder.file("universe.txt", "\(bonds[1][column])\n")
        let asking = ["--at", "2025-01-10T18:00:00Z", "--universe", "universe.txt"]
        func warnings(_ market: String, _ arguments: [String]) async throws -> [Substring] {
            let run = try await runTenor(
                ["score", "run/model.safetensors", "--market", market, "--out", "q.csv"]
                    + arguments, in: url)
            #expect(run.exit == 0, "\(run.standardError)")
            return run.standardError.split(separator: "\n").filter { $0.contains("warning") }
        }
        #expect(try await warnings("market", asking) == [])
        let small =
            "tenor: warning: the network was trained on trades of 150,000 and more: 3 of the 10 "
            + "sizes asked for are smaller, their quantiles are extrapolated"
        let full = asking + ["--variations", "full"]
        #expect(try await warnings("market", full) == [small[...]])
        let trades = try String(
            contentsOf: url.appending(path: "market/trades.csv"), encoding: .utf8
        ).split(separator: "\n")
        _ = try folder.file("trades.csv", trades.prefix(201).joined(separator: "\n") + "\n")
        let told = try await warnings("market", ["--trades", "trades.csv"])
        #expect(told.count == 1 && told[0].contains(" of the 200 trades asked for are smaller"))

        // Without a table that training had.
        try FileManager.default.copyItem(
            at: url.appending(path: "market"), to: url.appending(path: "bare"))
        let files = try FileManager.default.contentsOfDirectory(
            atPath: url.appending(path: "bare").path)
        let ratings = try #require(files.first { $0.hasPrefix("ratings.csv") })
        try FileManager.default.removeItem(at: url.appending(path: "bare/" + ratings))
        let gone = try await warnings("bare", asking)
        #expect(gone.count == 1)
        let words = "the network was trained with ratings.csv, which bare does not have: every bond"
        #expect(gone.first?.contains(words) == true, "\(gone)")

        // The server says both when it starts, and the page asks for the size.
        try await ServedTenor.addUser(in: url)
        let served = try await ServedTenor.run(
            ["run/model.safetensors", "--market", "bare", "--users", "users.json"], in: url
        ) { server in
            let ready = try await server.ask("/readyz").json()
            #expect(ready["minimum_quantity"] as? Double == 150_000)
        }
        #expect(served.exit == 0, "\(served.standardError)")
        #expect(served.standardError.contains(words), "\(served.standardError)")
        #expect(served.standardError.contains("quantiles of smaller sizes are extrapolated"))
    }
}
