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
}
