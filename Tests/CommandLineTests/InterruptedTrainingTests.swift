import Foundation
import Testing

/// Training that is stopped from outside: what it leaves, and that it goes on as if nothing was.
@Suite(.timeLimit(.minutes(3))) struct InterruptedTrainingTests {
    /// Long enough that a signal comes in time.
    static let options = [
        "--set", "training.steps=6000", "--set", "validation.every=50",
    ]

    private func train(
        _ folder: TrainingFolder, _ name: String, _ options: [String] = [], signal: Int32? = nil,
        after sign: String = "state.safetensors"
    ) async throws -> TenorRun {
        let arguments =
            ["train", "small.yaml", "--data", "data.csv", "--out", name] + Self.options + options
        let state = folder.url("\(name)/\(sign)").path
        let before = FileIdentity(state)
        return try await folder.run(arguments) { process in
            guard let signal else { return }
            await send(signal, to: process, atStateAfter: before, at: state)
        }
    }

    /// Sends a signal when there is another state than before, which tells that the training is under
    /// way.
    ///
    /// On a thread of its own: tests that compute may keep tasks waiting for longer than it trains.
    private func send(
        _ signal: Int32, to process: Int32, atStateAfter before: FileIdentity?, at path: String
    ) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while FileIdentity(path) == before, kill(process, 0) == 0 { usleep(1_000) }
                kill(process, signal)
                continuation.resume()
            }
        }
    }

    /// Members over embedded numbers behind gates with a lasso, in folds.
    static let ensemble = [
        "--set", "model={members: 2, embedding: 4, input_gates: 0.3, hidden: [8]}",
        "--set", "validation.folds=3",
        "--set", "inputs.transform=piecewise-linear", "--set", "training.steps=2000",
    ]

    @Test(
        "Killed, then interrupted, then resumed: the files are those of a run left alone",
        arguments: [[], ensemble])
    func resume(_ options: [String]) async throws {
        let folder = try TrainingFolder()
        // The first state comes before the first checkpoint, in an ensemble long before it.
        let killed = try await train(
            folder, "run", options, signal: SIGKILL,
            after: options.isEmpty ? "model.safetensors" : "state.safetensors")
        try #require(killed.exit == SIGKILL)
        if options.isEmpty {
            let loaded = try await folder.run([
                "score", "run/model.safetensors", "--data", "data.csv", "--out", "forecasts.csv",
            ])
            #expect(loaded.exit == 0, "\(loaded.standardError)")
        }

        let interrupted = try await train(folder, "run", options + ["--resume"], signal: SIGINT)
        #expect(interrupted.exit == 130)
        #expect(interrupted.standardOutput == "")
        let advice = try #require(
            interrupted.standardError.firstMatch(
                of: /Stopped at step (\d+); the state is saved. Go on with:\n +tenor (train .*)\n/))
        let step = try #require(Int(advice.1))
        #expect(step > 0 && step < 6000)

        // What it says is what one types: the run knows its recipe, its settings and its data.
        #expect(advice.2 == "train --resume --out run")
        let resumed = try await folder.run(Self.words(advice.2))
        #expect(resumed.exit == 0, "\(resumed.standardError)")

        #expect(try await train(folder, "whole", options).exit == 0)
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl", "recipe.yaml"] {
            #expect(try folder.bytes("run/\(name)") == folder.bytes("whole/\(name)"), "\(name)")
        }
    }

    @Test("A run goes on by its folder alone; what is named otherwise is told with what to do")
    func resumeByFolder() async throws {
        let folder = try TrainingFolder()
        #expect(try await train(folder, "run", signal: SIGKILL).exit == SIGKILL)
        let other = try await folder.run([
            "train", "--resume", "--out", "run", "--set", "training.batch=8",
        ])
        #expect(other.exit == 65)
        #expect(other.standardError.contains("expected training.batch=16, found training.batch=8"))
        #expect(other.standardError.contains("Give the settings of the run, or none"))
        let inspected = try await folder.run(["inspect", "run"])
        #expect(inspected.standardOutput.contains("tenor train --resume --out run"))
        // Also from another folder, and where the data have moved.
        let moved = try folder.bytes("data.csv")
        try FileManager.default.removeItem(at: folder.url("data.csv"))
        try FileManager.default.createDirectory(
            at: folder.url("elsewhere"), withIntermediateDirectories: true)
        try moved.write(to: folder.url("elsewhere/moved.csv"))
        let lost = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(lost.exit == 66 && lost.standardError.contains("data.csv"))
        let resumed = try await runTenor(
            "train", "--resume", "--out", "../run", "--data", "moved.csv",
            in: folder.url("elsewhere"))
        #expect(resumed.exit == 0, "\(resumed.standardError)")
        #expect(resumed.standardOutput.contains(" 1 net, best"))
        try moved.write(to: folder.url("data.csv"))
        #expect(try await train(folder, "whole").exit == 0)
        #expect(
            try folder.bytes("run/state.safetensors") == folder.bytes("whole/state.safetensors"))

        for arguments in [["train", "--data", "data.csv"], ["train", "small.yaml"]] {
            #expect(try await folder.run(arguments).exit == 64)
        }
        try FileManager.default.removeItem(at: folder.url("run/command.json"))
        let unknown = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(unknown.exit == 66)
        #expect(unknown.standardError.contains("Name the recipe, --data and --set"))
    }

    @Test("A full disk leaves the last state as it was, and the run goes on from there")
    func fullDisk() async throws {
        let folder = try TrainingFolder()
        // A state of a quarter of a megabyte, a checkpoint of a fifth of that.
        let wide = ["--set", "model={hidden: [512]}"]
        #expect(try await train(folder, "run", wide, signal: SIGKILL).exit == SIGKILL)
        let state = try folder.bytes("run/state.safetensors")
        let full = try await folder.run(["train", "--resume", "--out", "run"], largestFile: 256)
        #expect(full.exit == 74)
        #expect(full.standardError.contains("run/state.safetensors: "), "\(full.standardError)")
        #expect(try folder.bytes("run/state.safetensors") == state)

        #expect(try await folder.run(["train", "--resume", "--out", "run"]).exit == 0)
        #expect(try await train(folder, "whole", wide).exit == 0)
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl"] {
            #expect(try folder.bytes("run/\(name)") == folder.bytes("whole/\(name)"), "\(name)")
        }
    }

    @Test("A file that is cut short while it is mapped ends the process in words")
    func busError() async throws {
        let folder = try TrainingFolder()
        let run = try await train(folder, "run", signal: SIGBUS)
        #expect(run.exit == 74)
        #expect(run.standardError.contains("tenor: a file was cut short"))
        #expect(try await folder.run(["train", "--resume", "--out", "run"]).exit == 0)
    }

    /// The words of a command as a shell reads them.
    private static func words(_ command: Substring) -> [String] {
        command.split(separator: "'", omittingEmptySubsequences: false).enumerated()
            .flatMap { index, part in
                index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
            }
    }

    @Test("A second writer is refused while the first one trains, and told who that is")
    func secondWriter() async throws {
        let folder = try TrainingFolder()
        let state = folder.url("run/state.safetensors").path
        var second: TenorRun?
        let first = try await folder.run(
            ["train", "small.yaml", "--data", "data.csv", "--out", "run"] + Self.options
        ) { process in
            // Stopped, so that it is still there when the second one looks.
            await send(SIGSTOP, to: process, atStateAfter: nil, at: state)
            second = try await folder.train("--resume")
            kill(process, SIGKILL)
        }
        #expect(first.exit == SIGKILL)
        let refused = try #require(second)
        #expect(refused.exit == 74)
        #expect(refused.standardError.contains("in use by another process"))
        #expect(refused.standardError.contains("found process "))
    }
}

/// Tells a file from the one that replaces it.
private struct FileIdentity: Equatable {
    let number: Int
    let seconds: Int
    let nanoseconds: Int

    /// Nil where there is no file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        number = Int(status.st_ino)
        seconds = Int(status.st_mtim.tv_sec)
        nanoseconds = Int(status.st_mtim.tv_nsec)
    }
}
