import Foundation
import Testing

/// `tenor baseline` on the built binary.
@Suite(.timeLimit(.minutes(2))) struct BaselineTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func simulate() async throws {
        let run = try await runTenor(
            "simulate", "--linear-gaussian", "--bonds", "30", "--days", "8", "--out", "market",
            in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
    }

    private func baseline(_ arguments: String...) async throws -> TenorRun {
        try await runTenor(["baseline"] + arguments, in: folder.url)
    }

    @Test("A forecast table, a summary for people, and one for programs")
    func mainJob() async throws {
        try await simulate()
        let text = try await baseline("evaluated", "--market", "market", "--out", "a.csv")
        #expect(text.exit == 0, "\(text.standardError)")
        #expect(text.standardOutput.hasPrefix("simulated market\n"))
        #expect(text.standardOutput.contains("investment grade"))
        let table = try String(
            contentsOf: folder.url.appending(path: "a.csv"), encoding: .utf8)
        #expect(table.hasPrefix("cusip,figi,execution_date,report_date,maturity,ats_indicator,"))
        #expect(table.contains(",ytm_5_tile,"))
        let evaluate = try await runTenor("evaluate", "a.csv", in: folder.url)
        #expect(evaluate.exit == 0, "\(evaluate.standardError)")

        let kalman = try await baseline(
            "kalman", "--market", "market", "--save-parameters", "p.json", "--out", "b.csv",
            "--json")
        #expect(kalman.exit == 0, "\(kalman.standardError)")
        #expect(try kalman.json()["simulated_market"] as? Bool == true)
        let again = try await baseline(
            "kalman", "--market", "market", "--parameters", "p.json", "--out", "c.csv", "--json")
        #expect(again.exit == 0, "\(again.standardError)")
        let files = try ["b.csv", "c.csv"].map {
            try Data(contentsOf: folder.url.appending(path: $0))
        }
        #expect(files[0] == files[1])
    }

    @Test("Bad input ends with its exit code and one line that names it")
    func badInput() async throws {
        try await simulate()
        _ = try folder.file("bad.json", "{\"issuerVariance\": 1}")
        let cases: [(arguments: [String], exit: Int32, words: [String])] = [
            (
                [
                    "matrix", "--market", "market", "--train-to", "2025-01-08", "--from",
                    "2025-01-08", "--out", "x.csv",
                ], 64, ["--from", "after --train-to"]
            ),
            (["kriging", "--market", "market", "--out", "x.csv"], 64, ["kriging"]),
            (["kalman", "--market", "nowhere", "--out", "x.csv"], 66, ["nowhere/bonds.csv"]),
            (
                [
                    "last-trade", "--market", "market", "--from", "2031-01-02", "--out", "x.csv",
                ], 65, ["no trade to forecast", "trades from"]
            ),
            (
                [
                    "matrix", "--market", "market", "--from", "2025-02-02", "--to", "2025-02-01",
                    "--out", "x.csv",
                ], 64, ["--from"]
            ),
            (["matrix", "--market", "market", "--from", "soon", "--out", "x.csv"], 64, ["soon"]),
            (
                [
                    "kalman", "--market", "market", "--parameters", "bad.json", "--out", "x.csv",
                ], 65, ["bad.json", "not the parameters of a Kalman filter"]
            ),
            (
                [
                    "evaluated", "--market", "market", "--min-quantity", "-1", "--out", "x.csv",
                ], 64, ["--min-quantity"]
            ),
            (
                ["evaluated", "--market", "market", "--out", "nowhere/x.csv"], 74,
                ["nowhere/x.csv"]
            ),
        ]
        for (arguments, exit, words) in cases {
            let run = try await runTenor(["baseline"] + arguments, in: folder.url)
            #expect(run.exit == exit, "\(arguments): \(run.standardError)")
            #expect(run.standardOutput == "")
            let last = run.standardError.split(separator: "\n").last ?? ""
            #expect(last.hasPrefix("tenor: "))
            for word in words { #expect(last.contains(word), "\(last)") }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/x.csv"))
    }
}
