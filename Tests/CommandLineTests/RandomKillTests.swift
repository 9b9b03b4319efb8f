import Foundation
import Testing

/// Training that is killed at moments that nobody chose. A suite of its own, since of two time limits
/// the shorter holds.
@Suite(.timeLimit(.minutes(30))) struct RandomKillTests {
    @Test(
        "Killed at twenty random moments: twenty bit-exact resumes",
        .enabled(if: ProcessInfo.processInfo.environment["TENOR_CHECK_LONG"] != nil),
        arguments: [[], InterruptedTrainingTests.ensemble])
    func randomKills(_ options: [String]) async throws {
        let folder = try TrainingFolder()
        func train(
            _ name: String, meanwhile: (_ process: Int32) async throws -> Void = { _ in }
        ) async throws -> TenorRun {
            let resume = folder.exists("\(name)/state.safetensors") ? ["--resume"] : []
            return try await folder.run(
                ["train", "small.yaml", "--data", "data.csv", "--out", name]
                    + InterruptedTrainingTests.options + options + resume, meanwhile: meanwhile)
        }
        let clock = ContinuousClock()
        let started = clock.now
        #expect(try await train("whole").exit == 0)
        let length = clock.now - started
        for run in 0..<20 {
            let name = "run-\(run)"
            for attempt in 0..<3 {
                let moment = length * Double.random(in: 0..<1.1)
                _ = try await train(name) { process in
                    try await Task.sleep(for: moment)
                    // Every other time in the middle of writing, from that moment on.
                    if (run + attempt) % 2 == 0 {
                        await save(in: folder.url(name).path, of: process)
                    }
                    kill(process, SIGKILL)
                }
                // Also before the first state, where a killed run has nothing to go on with.
                if !folder.exists("\(name)/state.safetensors") {
                    try? FileManager.default.removeItem(at: folder.url(name))
                }
            }
            let last = try await train(name)
            #expect(last.exit == 0, "\(last.standardError)")
            for file in ["model.safetensors", "state.safetensors", "metrics.jsonl"] {
                #expect(
                    try folder.bytes("\(name)/\(file)") == folder.bytes("whole/\(file)"),
                    "\(name)/\(file)")
            }
        }
    }

    /// Waits until a file of a run is being written, or the process has ended.
    private func save(in run: String, of process: Int32) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while kill(process, 0) == 0 {
                    let names = (try? FileManager.default.contentsOfDirectory(atPath: run)) ?? []
                    if names.contains(where: { $0.hasSuffix(".partial") }) { break }
                    usleep(50)
                }
                continuation.resume()
            }
        }
    }
}
