import Foundation
import Testing

/// The main job through the built binary: simulate, train, score, evaluate against the truth.
@Suite struct MainJobTests {
    /// The metrics of a network trained on simulated data.
    private func metrics(rows: Int, columns: Int, recipe: String, train options: String...)
        async throws
        -> [String: Any]
    {
        let folder = try TemporaryFolder()
        func tenor(_ arguments: [String]) async throws {
            let run = try await runTenor(arguments, in: folder.url)
            try #require(run.exit == 0, "\(arguments): \(run.standardError)")
        }
        try await tenor([
            "simulate", "--kind", "regression", "--rows", "\(rows)", "--columns", "\(columns)",
            "--seed", "1", "--out", "data.csv",
        ])
        try await tenor(["train", recipe, "--data", "data.csv", "--out", "run"] + options)
        try await tenor([
            "score", "run/model.safetensors", "--data", "data.csv", "--split", "test",
            "--out", "forecasts.csv",
        ])
        try await tenor([
            "evaluate", "forecasts.csv", "--oracle", "data.oracle.csv", "--out", "report",
        ])
        #expect(
            FileManager.default.fileExists(
                atPath: folder.url.appending(path: "report/report.html").path))
        let json = try Data(contentsOf: folder.url.appending(path: "report/metrics.json"))
        return try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
    }

    @Test("A short training run goes through every verb and never crosses", .timeLimit(.minutes(5)))
    func short() async throws {
        let metrics = try await metrics(
            rows: 4000, columns: 10, recipe: "tabular-small", train: "--set", "training.steps=200")
        // The part held out is a fifth of the rows, drawn by the seed.
        #expect(metrics["rows"] as? Int == 801)
        #expect(metrics["crossings"] as? Int == 0)
        #expect(try #require(metrics["regret"] as? Double) > -0.02)
    }

    @Test(
        "At full size the network comes close to the truth",
        .enabled(if: ProcessInfo.processInfo.environment["TENOR_CHECK_LONG"] != nil),
        .timeLimit(.minutes(30)))
    func long() async throws {
        let metrics = try await metrics(rows: 100_000, columns: 50, recipe: "tabular")
        #expect(metrics["crossings"] as? Int == 0)
        #expect(try #require(metrics["regret"] as? Double) <= 0.05)
        #expect(try #require(metrics["calibration_error"] as? Double) <= 0.01)
    }
}
