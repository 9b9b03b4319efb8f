import Testing

@Suite(.timeLimit(.minutes(1)), .serialized) struct DoctorTests {
    @Test("Doctor measures, and says so in one JSON object")
    func report() async throws {
        let run = try await runTenor("doctor", "--json")
        #expect(run.exit == 0)
        let report = try run.json()
        let rates = try #require(report["sgemm"] as? [[String: Any]])
        #expect(rates.first?["threads"] as? Int == 1)
        for rate in rates {
            let median = try #require(rate["gigaflops"] as? Double)
            let lowest = try #require(rate["lowest"] as? Double)
            let highest = try #require(rate["highest"] as? Double)
            #expect(0 < lowest && lowest <= median && median <= highest)
        }
        #expect((report["kernels"] as? String)?.isEmpty == false)
        #expect((report["blas"] as? String)?.contains("OpenBLAS") == true)
        #expect(report["threads"] as? Int ?? 0 > 0)
    }

    #if os(Linux) && arch(x86_64)
        @Test("Kernels pinned below what the CPU has are warned of")
        func pinnedKernels() async throws {
            let variables = [
                "OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_L2_SIZE": "512",
                "OPENBLAS_NUM_THREADS": "1",
            ]
            let run = try await runTenor("doctor", environment: variables)
            #expect(run.exit == 0)
            #expect(
                run.standardOutput.contains("Warning: OPENBLAS_CORETYPE=Nehalem pins the kernels"))
            #expect(run.standardOutput.contains("Warning: OPENBLAS_L2_SIZE=512 overrides"))
            #expect(
                run.standardOutput.contains("Warning: OPENBLAS_NUM_THREADS=1 sets the threads: 1"))
        }
    #endif
}
