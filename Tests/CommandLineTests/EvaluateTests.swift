import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct EvaluateTests {
    private let forecasts = """
        row,label,25_tile,50_tile,75_tile
        3,1,0,1.5,2
        8,4,2,3,5

        """

    @Test("evaluate prints a table, writes the report and says where it is")
    func report() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("f.csv", forecasts)
        let run = try await runTenor(["evaluate", "f.csv", "--out", "report"], in: folder.url)
        #expect(run.exit == 0 && run.standardError == "")
        #expect(run.standardOutput.contains("Mean pinball"))
        #expect(run.standardOutput.contains("Report: report/report.html"))
        for name in ["report.html", "metrics.json", "calibration.svg", "levels.csv"] {
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.url.appendingPathComponent("report/" + name).path), "\(name)")
        }
    }

    @Test("--json is one object with null for what cannot be computed, and regret with an oracle")
    func json() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("f.csv", forecasts)
        _ = try folder.file("o.csv", "25_tile,50_tile,75_tile,row\n2,3,5,8\n0,1.25,2,3\n")
        let run = try await runTenor(
            ["evaluate", "f.csv", "--oracle", "o.csv", "--json"], in: folder.url)
        #expect(run.exit == 0)
        let metrics = try run.json()
        #expect(metrics["rows"] as? Int == 2)
        #expect(metrics["durbin_watson"] is NSNull)
        #expect((metrics["regret"] as? Double).map { $0 > 0 } == true)
    }

    @Test("a table without labels and a missing file end with their exit codes")
    func badInput() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("f.csv", "50_tile\n1\n")
        let unlabelled = try await runTenor(["evaluate", "f.csv", "--out", "r"], in: folder.url)
        #expect(unlabelled.exit == 65)
        #expect(unlabelled.standardError.contains("column 'label'"))
        #expect(
            !FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("r").path))
        let missing = try await runTenor(["evaluate", "none.csv"], in: folder.url)
        #expect(missing.exit == 66)
    }

    @Test("--trades joins quotes as of each trade; the report says what found no quote")
    func quotes() async throws {
        let folder = try TemporaryFolder()
        let time = 1_709_650_800_000_000_000
        _ = try folder.file(
            "quotes.csv",
            "figi,execution_date,ats_indicator,buy_sell,side,quantity,5_tile,50_tile,95_tile\n"
                + "F,\(time),N,B,C,10000,99,100,101\nF,\(time),N,B,C,100000,100,101,102\n")
        _ = try folder.file(
            "trades.csv",
            "trade_id,cusip,figi,execution_date,report_date,withdrawn_date,ats_indicator,buy_sell,"
                + "side,quantity,price\n"
                + "1,C,F,\(time + 60_000_000_000),\(time),,N,B,C,25000,100\n"
                + "2,C,F,\(time + 61_000_000_000),\(time),\(time + 1),N,B,C,25000,100\n"
                + "3,C,F,\(time + 62_000_000_000),\(time),,N,S,C,25000,100\n")
        let run = try await runTenor(
            ["evaluate", "quotes.csv", "--trades", "trades.csv", "--out", "r", "--json"],
            in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        let metrics = try run.json()
        #expect((metrics["mae"] as? Double).map { abs($0 - 1.0 / 6) < 1e-9 } == true)
        let quotes = try #require(metrics["quotes"] as? [String: Any])
        #expect(quotes["withdrawn"] as? Int == 1 && quotes["other_side_or_venue"] as? Int == 1)
        #expect(quotes["median_age_seconds"] as? Double == 60)
        #expect(
            FileManager.default.fileExists(
                atPath: folder.url.appendingPathComponent("r/quotes.csv").path))
        let labelled = try folder.file("f.csv", forecasts)
        let refused = try await runTenor(
            ["evaluate", labelled, "--trades", "trades.csv"], in: folder.url)
        #expect(refused.exit == 65 && refused.standardError.contains("labels of its own"))
        let none = try await runTenor(
            ["evaluate", "quotes.csv", "--trades", "none.csv"], in: folder.url)
        #expect(none.exit == 66)
    }

    @Test(
        "what is doubtful in a table is said, what cannot be judged is refused; never a silent NaN")
    func doubtful() async throws {
        let folder = try TemporaryFolder()
        func run(_ text: String) async throws -> TenorRun {
            _ = try folder.file("t.csv", text)
            return try await runTenor(["evaluate", "t.csv", "--out", "r"], in: folder.url)
        }
        let header =
            "cusip,execution_date,ats_indicator,buy_sell,side,quantity,label,5_tile,95_tile\n"
        let time = 1_709_650_800_000_000_000
        let good = "A,\(time),N,B,C,1000,100,99,101\n"

        let crossing = try await run(header + good + "B,\(time),N,B,C,1000,100,101,99\n")
        #expect(crossing.standardOutput.contains("Tiles cross in 1 of 2 rows"))
        let missing = try await run(header + good + "B,\(time),N,B,C,1000,100,,99\n")
        #expect(missing.standardOutput.contains("1 tile is missing, as an empty cell"))
        let twice = try await run(header + good + good)
        #expect(twice.standardOutput.contains("2 rows share bond, time, side and venue"))
        #expect(twice.standardOutput.contains("1 of them only repeat"))

        let alone = try await run(header + good)
        #expect(alone.exit == 0 && !alone.standardOutput.lowercased().contains("nan"))
        let files = folder.url.appendingPathComponent("r")
        for name in try FileManager.default.contentsOfDirectory(atPath: files.path) {
            let text = try String(
                contentsOf: files.appendingPathComponent(name), encoding: .utf8
            ).lowercased()
            #expect(!text.contains("nan,") && !text.contains(">nan") && !text.contains(": nan"))
        }

        for (row, said) in [
            ("A,\(time),N,B,C,1000,5.1,99,101\n", "labels look like yields"),
            ("A,\(time),N,B,C,1000,100,4.9,5.1\n", "forecasts look like yields"),
            ("A,\(time),N,B,C,1000,100,high,101\n", "column '5_tile'"),
            ("A,\(time / 1_000_000_000),N,B,C,1000,100,99,101\n", "it looks like seconds"),
            ("A,\(time / 1_000_000),N,B,C,1000,100,99,101\n", "it looks like milliseconds"),
            ("A,\(time),N,B,X,1000,100,99,101\n", "'X'"),
            ("A,\(time),N,B,C,1000,,99,101\n", "no row is left to judge"),
            ("", "no rows"),
        ] {
            let refused = try await run(header + row)
            #expect(refused.exit == 65, "\(said)")
            #expect(refused.standardError.contains(said), "\(refused.standardError)")
        }
    }
}
