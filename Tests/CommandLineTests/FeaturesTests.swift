import Foundation
import Testing

/// `tenor features` and `tenor inspect` of a feature store, on the built binary.
@Suite(.timeLimit(.minutes(2))) struct FeaturesTests {
    @Test("A market becomes a store whose features can be looked at; a second run adds nothing")
    func store() async throws {
        let folder = try TemporaryFolder()
        let simulated = try await runTenor(
            "simulate", "--bonds", "60", "--days", "3", "--out", "market", in: folder.url)
        #expect(simulated.exit == 0, "\(simulated.standardError)")
        let made = try await runTenor(
            "features", "--market", "market", "--out", "store", "--half", "--json",
            in: folder.url)
        #expect(made.exit == 0, "\(made.standardError)")
        let summary = try made.json()
        let rows = try #require(summary["rows"] as? Int)
        #expect(rows > 50)
        #expect(summary["new_rows"] as? Int == rows)
        #expect(made.standardError.contains("rows/s"))

        let again = try await runTenor(
            "features", "--market", "market", "--out", "store", "--half", "--json",
            in: folder.url)
        let nothing = try again.json()
        #expect(nothing["new_rows"] as? Int == 0)
        #expect(nothing["rows"] as? Int == rows)

        let text = try await runTenor("inspect", "store", in: folder.url)
        #expect(text.exit == 0)
        // The families first; a line for every feature only on request.
        let lines = text.standardOutput.split(separator: "\n")
        #expect(lines.count < 40)
        #expect(lines[2].hasPrefix("family") && lines[3].hasPrefix("own "))
        #expect(!text.standardOutput.contains("own.00.residual"))
        let all = try await runTenor("inspect", "store", "--all", in: folder.url)
        #expect(all.standardOutput.contains("own.00.residual"))
        #expect(all.standardOutput.contains("condition.side"))
        let look = try await runTenor("inspect", "store", "--json", in: folder.url).json()
        let schema = try #require(look["schema"] as? [String: Any])
        let state = try #require(schema["state"] as? [[String: Any]])
        #expect(state.count == summary["state_features"] as? Int)
        #expect(schema["hash"] as? String == summary["schema"] as? String)
    }

    @Test("Other settings for a store that is there, and no market, are errors in one line")
    func bad() async throws {
        let folder = try TemporaryFolder()
        let missing = try await runTenor(
            "features", "--market", "nowhere", "--out", "store", in: folder.url)
        #expect(missing.exit == 66)
        #expect(missing.standardError.contains("nowhere/bonds.csv"))
        let order = try await runTenor(
            "features", "--market", "m", "--out", "s", "--from", "2025-02-01", "--to",
            "2025-01-01")
        #expect(order.exit == 64)
        _ = try await runTenor(
            "simulate", "--bonds", "40", "--days", "2", "--out", "market", in: folder.url)
        let first = try await runTenor(
            "features", "--market", "market", "--out", "made", in: folder.url)
        #expect(first.exit == 0, "\(first.standardError)")
        let other = try await runTenor(
            "features", "--market", "market", "--out", "made", "--half", in: folder.url)
        #expect(other.exit == 65)
        #expect(other.standardError.contains("other options"))
        // The same features and options, another tape.
        _ = try await runTenor(
            "simulate", "--bonds", "40", "--days", "2", "--seed", "2", "--out", "second",
            in: folder.url)
        let mixed = try await runTenor(
            "features", "--market", "second", "--out", "made", in: folder.url)
        #expect(mixed.exit == 65)
        #expect(mixed.standardError.contains("another market"), "\(mixed.standardError)")
        #expect(mixed.standardError.contains("trades.csv of"))

        let late = try await runTenor(
            "features", "--market", "market", "--out", "late", "--from", "2031-01-01",
            in: folder.url)
        #expect(late.exit == 65)
        #expect(late.standardError.contains("no trade makes a row: expected trades executed from"))
        #expect(late.standardError.contains("2025-01-02 to 2025-01-03"), "\(late.standardError)")
    }

    @Test("What a market does without is said by name, by each verb that would use it")
    func absent() async throws {
        let folder = try TemporaryFolder()
        _ = try await runTenor(
            "simulate", "--bonds", "100", "--days", "10", "--out", "market", in: folder.url)
        for table in ["ratings", "markets", "equities", "cds", "holdings"] {
            try FileManager.default.removeItem(
                at: folder.url.appending(path: "market/\(table).csv"))
        }
        let made = try await runTenor(
            "features", "--market", "market", "--out", "store", "--json", in: folder.url)
        #expect(made.exit == 0, "\(made.standardError)")
        let absent = try #require(try made.json()["absent_tables"] as? [[String: Any]])
        #expect(absent.count == 5)
        let look = try await runTenor("inspect", "market", in: folder.url)
        for table in ["ratings", "markets", "equities", "cds", "holdings"] {
            #expect(made.standardError.contains("\(table).csv is not there: "), "\(table)")
            #expect(look.standardOutput.contains("\(table).csv"), "\(table)")
        }
        #expect(made.standardError.contains("every bond counts as BB-"))
        let kalman = try await runTenor(
            "baseline", "kalman", "--market", "market", "--out", "kalman.csv", in: folder.url)
        #expect(kalman.exit == 0, "\(kalman.standardError)")
        #expect(kalman.standardError.contains("ratings.csv is not there: "))
        #expect(kalman.standardError.contains("markets.csv is not there: "))
    }

    @Test("Results do not go into a folder that holds something else")
    func foreignFolders() async throws {
        let folder = try TemporaryFolder()
        let home = folder.url.appending(path: "home")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: home.appending(path: "diary.txt"))
        _ = try folder.file("forecasts.csv", "label,5_tile,50_tile,95_tile\n1,0,1,2\n")
        _ = try folder.file("trace.txt", "")
        for arguments in [
            ["features", "--market", "m", "--out", "home"],
            ["evaluate", "forecasts.csv", "--out", "home"],
            ["import", "--trace", "trace.txt", "--layout", "enhanced", "--out", "home"],
        ] {
            let run = try await runTenor(arguments, in: folder.url)
            #expect(run.exit == 65, "\(arguments[0])")
            #expect(run.standardError.contains("found diary.txt"), "\(run.standardError)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: home.path)
        #expect(names == ["diary.txt"])
    }

    @Test("A run that was killed and started again prints what an undisturbed one does")
    func killed() async throws {
        let folder = try TemporaryFolder()
        _ = try await runTenor(
            "simulate", "--bonds", "600", "--days", "12", "--out", "market", in: folder.url)
        let whole = try await runTenor(
            "features", "--market", "market", "--out", "store", "--min-quantity", "150000",
            in: folder.url)
        #expect(whole.exit == 0, "\(whole.standardError)")
        try FileManager.default.removeItem(at: folder.url.appending(path: "store"))
        let store = folder.url.appending(path: "store").path
        let killed = try await runTenor(
            ["features", "--market", "market", "--out", "store", "--min-quantity", "150000"],
            in: folder.url
        ) { process in
            while !(try Self.shards(store).count >= 3) { usleep(2_000) }
            kill(process, SIGKILL)
        }
        #expect(killed.exit != 0)
        let before = try Self.shards(store).count
        let half = [
            store + "/.2025-01-02.safetensors.1-a.partial", store + "/state/.x.1-a.partial",
        ]
        for path in half { try Data("half".utf8).write(to: URL(filePath: path)) }
        let rest = try await runTenor(
            "features", "--market", "market", "--out", "store", "--min-quantity", "150000",
            in: folder.url)
        #expect(before >= 3 && rest.standardOutput == whole.standardOutput)
        #expect(half.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
    }

    private static func shards(_ store: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: store) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: store)
            .filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
    }

    @Test("Start and live vectors of the engine are timed")
    func bench() async throws {
        let folder = try TemporaryFolder()
        _ = try await runTenor(
            "simulate", "--bonds", "60", "--days", "3", "--out", "market", in: folder.url)
        _ = try await runTenor("features", "--market", "market", "--out", "store", in: folder.url)
        let cold = try await runTenor("bench", "--market", "market", in: folder.url).json()
        #expect(cold["started_from"] == nil)
        #expect((cold["start_events"] as? Int ?? 0) > 1_000)
        let warm = try await runTenor(
            "bench", "--market", "market", "--store", "store", in: folder.url
        ).json()
        #expect(warm["started_from"] as? String == "2025-01-07")
        #expect(warm["start_events"] as? Int == 0)
        // Nothing follows the store's last state, so there is nothing to time.
        #expect(warm["events"] as? Int == 0 && warm["event_us"] == nil)
        #expect(cold["event_us"] as? Double ?? 0 > 0)
        let time = try #require(warm["vector_us_p50"] as? Double)
        #expect(time > 0 && time < 10_000)
        let neither = try await runTenor("bench", in: folder.url)
        #expect(neither.exit == 64)
    }

    @Test(
        "Dates and ranges that cannot be are usage errors that say what was expected",
        arguments: [
            (["simulate", "--out", "m", "--days", "-1"], "--days"),
            (["simulate", "--out", "m", "--start", "2025-13-01"], "YYYY-MM-DD"),
            (["features", "--market", "m", "--out", "s", "--from", "yesterday"], "YYYY-MM-DD"),
            (["features", "--market", "m", "--out", "s", "--to", ""], "YYYY-MM-DD"),
            (
                [
                    "features", "--market", "m", "--out", "s", "--from", "2025-02-01", "--to",
                    "2025-01-01",
                ], "expected 2025-02-01 or later"
            ),
            (
                [
                    "baseline", "kalman", "--market", "m", "--out", "s", "--from", "2025-02-01",
                    "--to", "2025-01-01",
                ], "expected 2025-02-01 or later"
            ),
            (["features", "--market", "m", "--out", "s", "--min-quantity", "-5"], "at least 0"),
            (["features", "--market", "m", "--out", "s", "--threads", "0"], "at least 1"),
        ])
    func usage(arguments: [String], message: String) async throws {
        let run = try await runTenor(arguments)
        #expect(run.exit == 64, "\(run.standardError)")
        #expect(run.standardError.contains(message), "\(run.standardError)")
    }
}
