import Foundation
import Testing

/// What `tenor bench` promises of the engine's results; its times are nobody's test.
@Suite struct BenchTests {
    /// The loss after the eight steps that the shortest run takes: three of warm-up and five.
    private func lossAfterEightSteps(_ architecture: String, batch: Int, threads: Int)
        async throws -> Double
    {
        let run = try await runTenor([
            "bench", "--arch", architecture, "--batch", "\(batch)", "--threads", "\(threads)",
            "--seconds", "0.000001",
        ])
        try #require(run.exit == 0, "\(run.standardError)")
        let result = try run.json()
        #expect(result["n"] as? Int == 5)
        #expect(result["threads"] as? Int == threads)
        return try #require(result["loss_last"] as? Double)
    }

    @Test(
        "Training steps repeat to the bit, and one thread and two agree",
        arguments: [("mlp512", 64), ("lstm", 16)])
    func deterministic(architecture: String, batch: Int) async throws {
        let two = try await lossAfterEightSteps(architecture, batch: batch, threads: 2)
        #expect(try await lossAfterEightSteps(architecture, batch: batch, threads: 2) == two)
        let one = try await lossAfterEightSteps(architecture, batch: batch, threads: 1)
        #expect(abs(one - two) <= 1e-5 * abs(two))
    }

    @Test("Every mode gives the numbers that the peers give")
    func modes() async throws {
        for mode in ["train", "infer", "latency"] {
            let run = try await runTenor([
                "bench", "--arch", "lstm", "--mode", mode, "--batch", "2", "--seconds", "0.000001",
            ])
            #expect(run.exit == 0)
            let result = try run.json()
            #expect(result["params"] as? Int == 333_587)
            for key in ["step_ms", "rows_per_s", "gflops", "gemm_ms", "p50_us", "peak_rss_mb"] {
                #expect((result[key] as? Double ?? 0) > 0, "\(mode): \(key)")
            }
            #expect((result["loss_first"] != nil) == (mode == "train"))
        }
    }

    @Test("What cannot be timed is a usage error")
    func usage() async throws {
        for arguments in [
            [], ["--arch", "mlp"], ["--arch", "lstm", "--batch", "0"],
            ["--arch", "lstm", "--threads", "99999999999"], ["--arch", "lstm", "--seconds", "inf"],
        ] {
            #expect(try await runTenor(["bench"] + arguments).exit == 64)
        }
    }
}
