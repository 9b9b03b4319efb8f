import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct SimulateTests {
    @Test("Simulate leaves the data and its true quantiles")
    func files() async throws {
        let folder = try TemporaryFolder()
        let run = try await runTenor(
            "simulate", "--kind", "regression", "--rows", "30", "--columns", "5", "--out",
            "known.csv", in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        for (name, start) in [("known.csv", "x0,x1,"), ("known.oracle.csv", "row,label,5_tile,")] {
            let file = folder.url.appending(path: name)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.hasPrefix(start))
            #expect(text.split(separator: "\n").count == 31)
            #expect(run.standardOutput.contains(name))
        }
    }

    @Test(
        "Arguments that make no sense end with 64 and name the option",
        arguments: [
            (["--rows", "0", "--columns", "5"], "--rows: expected 1 to 10,000,000,000, found 0"),
            (["--rows", "9", "--columns", "3"], "--columns: expected 4 to 100,000, found 3"),
            (["--rows", "9", "--columns", "5", "--kind", "market"], "--rows has no meaning"),
            (["--bonds", "9", "--kind", "market"], "--bonds: expected 20 to 200000, found 9"),
            (["--start", "2025-02-30", "--kind", "market"], "--start"),
            (["--equity-lag", "2", "--kind", "market"], "--equity-lag: expected 0.0 to 1.0"),
            (["--rows", "9", "--columns", "5", "--bonds", "30"], "--bonds has no meaning"),
        ])
    func usage(arguments: [String], message: String) async throws {
        let folder = try TemporaryFolder()
        let kind = arguments.contains("--kind") ? [] : ["--kind", "regression"]
        let run = try await runTenor(
            ["simulate", "--out", "known.csv"] + kind + arguments, in: folder.url)
        #expect(run.exit == 64)
        #expect(run.standardError.contains(message), "\(run.standardError)")
        #expect(run.standardError.split(separator: "\n").count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
    }

    @Test("A market is written, described and checked")
    func market() async throws {
        let folder = try TemporaryFolder()
        let run = try await runTenor(
            "simulate", "--bonds", "40", "--days", "2", "--seed", "3", "--start", "2025-03-07",
            "--equity-lag", "0", "--quotes", "--check", "--json", "--out", "market",
            in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        let result = try run.json()
        let manifest = try #require(result["manifest"] as? [String: Any])
        #expect(manifest["simulated"] as? Bool == true)
        let settings = try #require(manifest["settings"] as? [String: Any])
        #expect(settings["start"] as? String == "2025-03-07")
        #expect(settings["equity_lag"] as? Double == 0)
        let check = try #require(result["check"] as? [String: Any])
        #expect((check["statistics"] as? [Any])?.isEmpty == false)
        let market = folder.url.appending(path: "market")
        let names = try FileManager.default.contentsOfDirectory(atPath: market.path)
        for name in ["bonds.csv", "trades.csv", "quotes.csv", "manifest.json"] {
            #expect(names.contains(name))
        }
    }

    @Test("A market says that it is simulated, and what of it is out of range")
    func checkedMarket() async throws {
        let folder = try TemporaryFolder()
        let run = try await runTenor(
            "simulate", "--bonds", "40", "--days", "2", "--check", "--out", "market",
            in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        #expect(run.standardOutput.hasPrefix("simulated market  market\n"))
        let last = run.standardOutput.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("The truth is true; "), "\(last)")
    }

    @Test("A folder with something else in it is left alone")
    func foreignFolder() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("thesis.txt", "mine")
        let run = try await runTenor(
            "simulate", "--bonds", "20", "--days", "1", "--out", ".", in: folder.url)
        #expect(run.exit == 65)
        #expect(run.standardError.contains("thesis.txt: not a file of a simulated market"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 1)
    }

    @Test("A market is not replaced by another one; a longer one of the same takes its place")
    func otherMarket() async throws {
        let folder = try TemporaryFolder()
        let small = ["simulate", "--bonds", "20", "--out", "market", "--days"]
        #expect(try await runTenor(small + ["1"], in: folder.url).exit == 0)
        let bonds = folder.url.appending(path: "market/bonds.csv")
        let before = try Data(contentsOf: bonds)
        let other = try await runTenor(small + ["1", "--seed", "2"], in: folder.url)
        #expect(other.exit == 65)
        #expect(other.standardError.contains("holds another simulated market"))
        #expect(other.standardError.contains("found seed 1, 20 bonds"))
        #expect(try Data(contentsOf: bonds) == before)
        #expect(try await runTenor(small + ["2"], in: folder.url).exit == 0)
    }

    @Test(
        "Ctrl-C leaves the folder as it was, also where it held a market", arguments: [false, true])
    func interruption(overMarket: Bool) async throws {
        let folder = try TemporaryFolder()
        let market = folder.url.appending(path: "market").path
        if overMarket {
            let first = try await runTenor(
                "simulate", "--bonds", "300", "--days", "1", "--out", "market", in: folder.url)
            #expect(first.exit == 0)
        }
        let before = try? FileManager.default.contentsOfDirectory(atPath: market)
        let run = try await runTenor(
            ["simulate", "--bonds", "300", "--days", "2000", "--out", "market"], in: folder.url
        ) { process in
            while !FileManager.default.fileExists(atPath: market + ".partial") {
                try await Task.sleep(for: .milliseconds(20))
            }
            try await Task.sleep(for: .milliseconds(200))
            kill(process, SIGINT)
        }
        #expect(run.exit == 130)
        let after = try? FileManager.default.contentsOfDirectory(atPath: market)
        #expect(before.map(Set.init) == after.map(Set.init))
        #expect(after.map { !$0.isEmpty } ?? true)
        #expect(!FileManager.default.fileExists(atPath: market + ".partial"))
    }
}
