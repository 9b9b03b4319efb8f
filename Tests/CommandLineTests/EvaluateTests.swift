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
}
