import Foundation
import Testing

/// `tenor score --market` on the built binary, from a simulated market to quotes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ScoreMarketTests {
    @Test("Universe at a moment, on a schedule that was stopped, and trades; every line accounted")
    func score() async throws {
        let folder = try await TrainedMarket.shared.value
        _ = try folder.file(
            "universe.txt", "\(folder.figis[0])\nBBG000000000\n\(folder.figis[1])\n")
        let moment = ["--at", folder.moment("18:00:00")]
        let common = [
            "score", "run/model.safetensors", "--market", "market", "--states", "states", "--json",
        ]
        let once = try await runTenor(
            common + ["--universe", "universe.txt", "--variations", "full", "--out", "q.csv"]
                + moment, in: folder.url)
        #expect(once.exit == 0, "\(once.standardError)")
        let result = try once.json()
        #expect(result["asked"] as? Int == 3 && result["priced"] as? Int == 2)
        #expect(result["rows"] as? Int == 80)
        let table = try folder.text("q.csv").split(separator: "\n")
        #expect(table.count == 81)
        #expect(table[0].contains("spread_95_tile"))
        #expect(try folder.text("q.unpriced.csv").contains("2,BBG000000000,"))

        // A schedule; then one of its files is gone, as if the run had been stopped before it.
        let schedule =
            common + ["--universe", "universe.txt", "--every", "30m", "--out", "day"]
            + ["--from", folder.moment("15:00:00"), "--to", folder.moment("16:30:00")]
        let all = try await runTenor(schedule, in: folder.url)
        #expect(all.exit == 0, "\(all.standardError)")
        #expect(try all.json()["moments"] as? Int == 4)
        let names = try folder.names("day")
        #expect(names.filter { $0.hasSuffix(".csv.gz") }.count == 4)
        let lost = try #require(names.first { $0.contains("15-30-00") && $0.hasSuffix(".gz") })
        let bytes = try Data(contentsOf: folder.url.appending(path: "day/" + lost))
        // Both of its files, or the quotes alone; a run that was killed leaves half of one too.
        for ending in ["", ".gz"] {
            for name in names where name.contains("15-30-00") && name.hasSuffix(ending) {
                try FileManager.default.removeItem(at: folder.url.appending(path: "day/" + name))
            }
            _ = try folder.file("day/.\(lost).1-a.partial", "half")
            let rest = try await runTenor(schedule, in: folder.url)
            #expect(try rest.json()["moments"] as? Int == 1)
            #expect(try Data(contentsOf: folder.url.appending(path: "day/" + lost)) == bytes)
            #expect(try Set(folder.names("day")) == Set(names))
        }
        let other = try await runTenor(schedule + ["--dealer"], in: folder.url)
        #expect(other.exit == 65)
        #expect(other.standardError.contains("other settings: expected dealer false, found dealer"))
        _ = try folder.file("universe.txt", "\(folder.figis[0])\n")
        let fewer = try await runTenor(schedule, in: folder.url)
        #expect(fewer.standardError.contains("expected universe "))
        let bonds = folder.url.appending(path: "market/bonds.csv")
        let text = try String(contentsOf: bonds, encoding: .utf8)
        try Data(text.replacing("N\n", with: "Y\n").utf8).write(to: bonds)
        let market = try await runTenor(schedule, in: folder.url)
        try Data(text.utf8).write(to: bonds)
        #expect(market.standardError.contains("expected bonds "), "\(market.standardError)")
        _ = try folder.file(
            "universe.txt", "\(folder.figis[0])\nBBG000000000\n\(folder.figis[1])\n")

        // Moments that the tape has not reached wait, however often they are asked for.
        let long =
            common + ["--universe", "universe.txt", "--every", "300h", "--out", "long"]
            + ["--from", folder.moment("15:00:00"), "--to", "2026-01-01T00:00:00Z"]
        for made in [1, 0] {
            let run = try await runTenor(long, in: folder.url)
            #expect(run.exit == 0, "\(run.standardError)")
            let result = try run.json()
            #expect(result["moments"] as? Int == made)
            #expect(result["waiting"] as? Int ?? 0 > 10)
        }

        let trades = try await runTenor(
            common + ["--trades", "market/trades.csv", "--out", "t.csv"], in: folder.url)
        #expect(trades.exit == 0, "\(trades.standardError)")
        let counts = try trades.json()
        #expect(
            counts["asked"] as? Int == (counts["priced"] as? Int ?? 0)
                + (counts["unpriced"] as? Int ?? 0))
        let judged = try await runTenor(
            "evaluate", "t.csv", "--market", "market", "--json", in: folder.url)
        #expect(judged.exit == 0, "\(judged.standardError)")
    }

    @Test("Options that do not go together are usage errors; other checkpoints and files bad data")
    func refused() async throws {
        let folder = try await TrainedMarket.shared.value
        let start = ["score", "run/model.safetensors", "--out", "x.csv"]
        let market = start + ["--market", "market"]
        for arguments in [
            start, market, start + ["--data", "a.csv", "--at", "2025-01-01T00:00:00Z"],
            market + ["--universe", "u", "--trades", "t"], market + ["--universe", "u"],
            market + ["--universe", "u", "--at", "yesterday"],
            market + ["--universe", "u", "--at", "2200-01-01T00:00:00Z"],
            market + ["--universe", "u", "--every", "5m"],
            market + ["--trades", "t", "--variations", "full"],
            market + ["--universe", "u", "--every", "5y", "--from", "2025-01-01T00:00:00Z"],
        ] {
            let run = try await runTenor(arguments, in: folder.url)
            #expect(run.exit == 64, "\(arguments): \(run.standardError)")
        }
        // What is wrong with an argument is said with the form that is expected.
        for (arguments, words) in [
            (["--at", "yesterday"], "expected a moment in UTC, such as 2025-03-07T14:30:00Z"),
            (["--every", "5y"], "with s, m or h behind it, such as 30s, 5m or 1h"),
            (["--at", folder.moment("18:00:00"), "--every", "5m"], "--at is one moment"),
            ([], "--universe needs a moment: --at, or --every with --from and --to"),
        ] {
            let run = try await runTenor(market + ["--universe", "u"] + arguments, in: folder.url)
            #expect(run.exit == 64)
            let text = run.standardError.split(whereSeparator: \.isWhitespace)
            #expect(text.joined(separator: " ").contains(words), "\(run.standardError)")
        }
        let missing = try await runTenor(
            market + ["--universe", "nowhere.txt", "--at", "2025-01-01T00:00:00Z"], in: folder.url)
        #expect(missing.exit == 66)
        let inside = try await runTenor(
            [
                "score", "run/model.safetensors", "--market", "market", "--universe", "u", "--at",
                "2025-01-01T00:00:00Z", "--out", "market/trades.csv",
            ], in: folder.url)
        #expect(inside.exit == 65)
        // The list of what has no price replaces no input either.
        _ = try folder.file("again.unpriced.csv", "figi\n\(folder.figis[0])\n")
        let list = try await runTenor(
            [
                "score", "run/model.safetensors", "--market", "market", "--universe",
                "again.unpriced.csv", "--at", "2025-01-01T00:00:00Z", "--out", "again.csv",
            ], in: folder.url)
        #expect(list.exit == 65 && list.standardError.contains("would replace an input"))
        // Nor is anything replaced that belongs to another market, store or run.
        for table in ["bonds.csv", "trades.csv"] {
            _ = try folder.file("other-\(table)", "mine")
        }
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "other"), withIntermediateDirectories: true)
        _ = try folder.file("other/bonds.csv", "mine")
        let shard = try #require(folder.names("store").first { $0.hasSuffix(".safetensors") })
        try FileManager.default.copyItem(
            at: folder.url.appending(path: "run/model.safetensors"),
            to: folder.url.appending(path: "served"))
        for out in ["other/trades.csv", "other/bonds.csv", "store/" + shard, "served"] {
            let before = try? Data(contentsOf: folder.url.appending(path: out))
            let run = try await runTenor(
                [
                    "score", "run/model.safetensors", "--market", "market", "--trades",
                    "market/trades.csv", "--out", out,
                ], in: folder.url)
            #expect(run.exit == 65)
            #expect(run.standardError.contains("would replace an input of tenor"), "\(out)")
            #expect((try? Data(contentsOf: folder.url.appending(path: out))) == before)
        }
    }

    @Test("A universe without a single price is bad data, after its list is written")
    func nothingPriced() async throws {
        let folder = try await TrainedMarket.shared.value
        _ = try folder.file("unknown.txt", "BBG000000000\n")
        let start = ["score", "run/model.safetensors", "--market", "market", "--json"]
        let universe = ["--universe", "unknown.txt"]
        let once = try await runTenor(
            start + universe + ["--at", folder.moment("18:00:00"), "--out", "none.csv"],
            in: folder.url)
        #expect(once.exit == 65)
        #expect(try once.json()["priced"] as? Int == 0)
        #expect(once.standardError.contains("unknown.txt: none of the 1 lines"))
        #expect(once.standardError.contains("none.unpriced.csv says why"))
        #expect(try folder.text("none.unpriced.csv").contains("1,BBG000000000,"))
        let schedule = try await runTenor(
            start + universe + ["--every", "30m", "--out", "none"]
                + ["--from", folder.moment("15:00:00"), "--to", folder.moment("15:30:00")],
            in: folder.url)
        #expect(schedule.exit == 65)
        #expect(schedule.standardError.contains("none of the 2 lines"))
    }

    @Test("A name that says another format than is written is refused, before anything is read")
    func names() async throws {
        let folder = try await TrainedMarket.shared.value
        let market = [
            "--market", "market", "--universe", "nowhere.txt", "--at", folder.moment("18:00:00"),
        ]
        for (arguments, name, words) in [
            (market, "quotes.parquet", ".csv, .csv.gz, .jsonl or .jsonl.gz"),
            (market, "-", ".csv, .csv.gz, .jsonl or .jsonl.gz"),
            (["--data", "store"], "forecasts.parquet", "a name that ends in .csv or .csv.gz"),
        ] {
            let run = try await runTenor(
                ["score", "run/model.safetensors", "--out", name] + arguments, in: folder.url)
            #expect(run.exit == 65)
            #expect(run.standardError.contains(words), "\(run.standardError)")
            #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/" + name))
        }
        let told = try await runTenor(
            ["score", "run/model.safetensors", "--out", "x.parquet", "--format", "csv"] + market,
            in: folder.url)
        #expect(told.exit == 66, "the universe is missing")

        // Where nothing can be written, or only among other things, is told before the replay too.
        let schedule = [
            "--market", "market", "--universe", "nowhere.txt", "--every", "30m", "--from",
            folder.moment("15:00:00"), "--to", folder.moment("15:30:00"),
        ]
        for (arguments, exit, words) in [
            (market + ["--out", "nodir/x.csv"], 74, "the folder is not there: expected "),
            (market + ["--out", "market"], 74, "market: is a folder"),
            (schedule + ["--out", "market"], 65, "market: the folder is a market"),
            (schedule + ["--out", "store"], 65, "store: the folder is a feature store"),
            (market + ["--out", "x.CSV", "--states", "market"], 65, "Choose another --states"),
            (["--data", "store", "--out", "x.csv", "--to", folder.moment("15:00:00")], 64, "--to"),
        ] {
            let run = try await runTenor(
                ["score", "run/model.safetensors"] + arguments, in: folder.url)
            #expect(run.exit == Int32(exit))
            #expect(run.standardError.contains(words), "\(run.standardError)")
        }
    }

    @Test("Moments and sizes that no trade has are lines of the list; late moments are told")
    func sentinels() async throws {
        let folder = try await TrainedMarket.shared.value
        let start = "figi,execution_date,side,buy_sell,quantity\n"
        let rows = [
            "9223372036854775807,C,B,1000000", "-9223372036854775808,C,B,1000000",
            "\(folder.moment("18:00:00")),C,B,1e300", "\(folder.moment("18:00:00")),C,B,1000000",
        ].map { "\(folder.figis[0]),\($0)\n" }
        _ = try folder.file("sentinels.csv", start + rows.joined())
        let score = ["score", "run/model.safetensors", "--market", "market", "--json"]
        let run = try await runTenor(
            score + ["--trades", "sentinels.csv", "--out", "s.csv"], in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        #expect(try run.json()["priced"] as? Int == 1)
        let list = try folder.text("s.unpriced.csv").split(separator: "\n")
        #expect(list.filter { $0.contains("neither epoch nanoseconds of 1970 to 2200") }.count == 2)
        #expect(list.filter { $0.contains("from 0.01 to 100 billion") }.count == 1)
        _ = try folder.file("empty.csv", start)
        let empty = try await runTenor(
            score + ["--trades", "empty.csv", "--out", "s.csv"], in: folder.url)
        #expect(empty.exit == 65 && empty.standardError.contains("no row asks for a price"))

        _ = try folder.file("one.txt", folder.figis[0] + "\n")
        let late = try await runTenor(
            score + ["--universe", "one.txt", "--at", "2026-03-01T14:30:00Z", "--out", "l.csv"],
            in: folder.url)
        #expect(late.standardError.contains("warning: the last event before 2026-03-01"))
    }

    @Test("What stands in the place of a checkpoint or of rows is named, with what to do")
    func otherThings() async throws {
        let folder = try await TrainedMarket.shared.value
        _ = try folder.file("rows.csv", "a,label\n1,2\n")
        let cases: [(arguments: [String], words: [String])] = [
            (
                ["score", "rows.csv", "--data", "store", "--out", "x.csv"],
                ["rows.csv: a text", "the model.safetensors of a run"]
            ),
            (
                ["score", "run", "--data", "store", "--out", "x.csv"],
                ["run: a run directory", "Name run/model.safetensors"]
            ),
            (
                ["train", "bonds", "--data", "market", "--out", "r"],
                ["market: a market folder", "tenor features --market market"]
            ),
            (
                ["score", "run/model.safetensors", "--data", "market", "--out", "x.csv"],
                ["market: a market folder", "tenor features --market market"]
            ),
            (
                ["train", "bonds", "--data", "store", "--data", "again", "--out", "r"],
                ["again: trades of another store", "found ", "trades of store"]
            ),
        ]
        try FileManager.default.copyItem(
            at: folder.url.appending(path: "store"), to: folder.url.appending(path: "again"))
        let short = [
            "--set", "validation.warm_up_days=1", "--set", "validation.days=1", "--set",
            "validation.test_days=1",
        ]
        for (arguments, words) in cases {
            let run = try await runTenor(
                arguments + (arguments[0] == "train" ? short : []), in: folder.url)
            #expect(run.exit == 65)
            for word in words {
                #expect(run.standardError.contains(word), "'\(word)': \(run.standardError)")
            }
        }
        let run = try await runTenor("inspect", "run", "--json", in: folder.url)
        #expect(try run.json()["state"] as? String == "finished")
        #expect(try run.json()["steps"] as? Int == 20)
        let settings = try run.json()["settings"] as? [String: Any]
        #expect(settings?["training.batch"] as? String == "32")
        let text = try await runTenor("inspect", "run", in: folder.url)
        #expect(text.standardOutput.contains("Checkpoint        run/model.safetensors"))

        // A shard that is damaged: the command that repairs the store.
        let shard = try #require(
            folder.names("again").filter { $0.hasSuffix(".safetensors") }.max())
        let bytes = try Data(contentsOf: folder.url.appending(path: "again/" + shard))
        try bytes.prefix(5_000).write(to: folder.url.appending(path: "again/" + shard))
        let damaged = try await runTenor(
            "score", "run/model.safetensors", "--data", "again", "--out", "x.csv", in: folder.url)
        #expect(damaged.exit == 65)
        #expect(
            damaged.standardError.contains(
                "Run 'rm -r again/state again/\(shard)' and the command that made the store"))
        for name in ["state", shard] {
            try FileManager.default.removeItem(at: folder.url.appending(path: "again/" + name))
        }
        let repaired = try await runTenor(
            "features", "--market", "market", "--out", "again", in: folder.url)
        #expect(repaired.exit == 0, "\(repaired.standardError)")
        #expect(try Data(contentsOf: folder.url.appending(path: "again/" + shard)) == bytes)
        #expect(try !folder.names("again").contains(".lock"))
    }
}

/// A simulated market with a checkpoint that was trained on it for a moment; made once.
final class TrainedMarket: Sendable {
    static let shared = Task { try await TrainedMarket() }
    let url: URL
    let figis: [String]
    private let lastDay: String
    private let folder: TemporaryFolder

    private init() async throws {
        folder = try TemporaryFolder()
        url = folder.url
        for arguments in [
            ["simulate", "--bonds", "60", "--days", "9", "--out", "market"],
            ["features", "--market", "market", "--out", "store"],
            [
                "train", "bonds", "--data", "store", "--out", "run", "--set",
                "model={family: two-stage, hidden: [16], head: [8]}", "--set",
                "training.steps=20", "--set", "training.batch=32", "--set",
                "training.warm_up=2", "--set", "validation.every=10", "--set",
                "validation.warm_up_days=1", "--set", "validation.days=1", "--set",
                "validation.test_days=1",
            ],
        ] {
            let run = try await runTenor(arguments, in: url)
            try #require(run.exit == 0, "\(arguments): \(run.standardError)")
        }
        let bonds = try String(contentsOf: url.appending(path: "market/bonds.csv"), encoding: .utf8)
            .split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
        let column = try #require(bonds[0].firstIndex(of: "figi"))
        figis = bonds.dropFirst().map { String($0[column]) }
        let shards = try FileManager.default.contentsOfDirectory(
            atPath: url.appending(path: "store").path)
        lastDay = String(
            try #require(shards.filter { $0.hasSuffix(".safetensors") }.max()).prefix(10))
    }

    /// A time of the market's last day, in UTC.
    func moment(_ time: String) -> String { "\(lastDay)T\(time)Z" }
    func file(_ name: String, _ content: String) throws -> String {
        try folder.file(name, content)
    }
    func text(_ name: String) throws -> String {
        try String(contentsOf: url.appending(path: name), encoding: .utf8)
    }
    func names(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.appending(path: name).path)
    }
}
