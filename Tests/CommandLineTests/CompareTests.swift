import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct CompareTests {
    private let header = "cusip,execution_date,ats_indicator,buy_sell,side,quantity,label,"

    private func table(_ column: String, _ shift: Double) -> String {
        let rows = (0..<40).map { row in
            let time = 1_709_650_800_000_000_000 + row * 3_600_000_000_000
            return "B\(row % 8),\(time),N,B,C,\(1000 * row),100,\(100 + shift + Double(row % 3))\n"
        }
        return header + column + "\n" + rows.joined()
    }

    @Test("compare prints a verdict and writes the report; --json is one object with each name")
    func report() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("ours.csv", table("50_tile", 0.1))
        _ = try folder.file("theirs.csv", table("prediction", 0.5))
        let run = try await runTenor(
            ["compare", "ours.csv", "theirs.csv", "--out", "report"], in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        #expect(run.standardOutput.contains("40 trades that all 2 tables have"))
        #expect(run.standardOutput.contains("By the median deviance"))
        for name in ["report.html", "metrics.json", "comparison.csv"] {
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.url.appendingPathComponent("report/" + name).path), "\(name)")
        }
        let json = try await runTenor(
            ["compare", "ours.csv", "theirs.csv", "--json"], in: folder.url
        ).json()
        #expect((json["ours"] as? [String: Any])?["matched"] as? Int == 40)
        #expect(json["theirs"] is [String: Any])
    }

    @Test("times of one table in milliseconds are converted when told, and the trades are the same")
    func milliseconds() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("ours.csv", table("50_tile", 0.1))
        _ = try folder.file(
            "theirs.csv",
            table("prediction", 0.5).replacingOccurrences(of: "000000000,N", with: "000,N"))
        let refused = try await runTenor(["compare", "ours.csv", "theirs.csv"], in: folder.url)
        #expect(refused.exit == 65 && refused.standardError.contains("milliseconds"))
        let run = try await runTenor(
            ["compare", "ours.csv", "theirs.csv", "--times", "theirs.csv=ms"], in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        #expect(run.standardOutput.contains("40 trades that all 2 tables have"))
    }

    @Test("what cannot be compared ends with a reason and its exit code")
    func badInput() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("ours.csv", table("50_tile", 0.1))
        _ = try folder.file(
            "strangers.csv", table("50_tile", 0.1).replacingOccurrences(of: "\nB", with: "\nZ"))
        _ = try folder.file(
            "words.csv", header + "prediction\nB0,1709650800000000000,N,B,C,1,1,x\n")
        _ = try folder.file("seconds.csv", header + "50_tile\nB0,1709650800,N,B,C,1,100,100\n")
        for (theirs, code, said) in [
            ("strangers.csv", 65, "no trades in common"), ("words.csv", 65, "'prediction'"),
            ("seconds.csv", 65, "it looks like seconds"), ("none.csv", 66, "no such file"),
        ] as [(String, Int32, String)] {
            let run = try await runTenor(["compare", "ours.csv", theirs], in: folder.url)
            #expect(run.exit == code, "\(theirs)")
            #expect(run.standardError.contains(said), "\(theirs): \(run.standardError)")
        }
        let alone = try await runTenor(["compare", "ours.csv"], in: folder.url)
        #expect(alone.exit == 64)
        #expect(alone.standardError.contains("two tables or more"))
        let converted = try await runTenor(
            ["compare", "ours.csv", "seconds.csv", "--times", "seconds.csv=s"], in: folder.url)
        #expect(converted.exit == 0 && converted.standardOutput.contains("1 trade that all 2"))
        let stranger = try await runTenor(
            ["compare", "ours.csv", "seconds.csv", "--times", "other.csv=s"], in: folder.url)
        #expect(stranger.exit == 64 && stranger.standardError.contains("'other.csv'"))
        let unknown = try await runTenor(
            ["compare", "ours.csv", "ours.csv", "--protocol", "axr"], in: folder.url)
        #expect(unknown.exit == 66 && unknown.standardError.contains("'axor'"))
    }
}
