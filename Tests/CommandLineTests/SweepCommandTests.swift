import Foundation
import Testing

/// Many trainings from one command, and the list of what came out.
@Suite(.timeLimit(.minutes(3))) struct SweepCommandTests {
    private static let sweep = """
        keys:
          training.learning_rate: [0.001, 0.01]
          model.hidden: [[4], [8]]

        """

    private func train(
        _ folder: TrainingFolder, _ options: String..., signal: Int32? = nil
    ) async throws -> TenorRun {
        let arguments =
            [
                "train", "small.yaml", "--data", "data.csv", "--out", "runs", "--sweep",
                "sweep.yaml", "--json",
            ] + options
        return try await folder.run(arguments) { process in
            guard let signal else { return }
            let third = folder.url("runs/03/state.safetensors").path
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    while !FileManager.default.fileExists(atPath: third), kill(process, 0) == 0 {
                        usleep(1_000)
                    }
                    continuation.resume()
                }
            }
            kill(process, signal)
        }
    }

    @Test("A sweep that was killed goes on: what was finished stays, and the table has all runs")
    func sweep() async throws {
        let folder = try TrainingFolder()
        try folder.write("sweep.yaml", Self.sweep)
        let steps = ["--set", "training.steps=3000"]
        let killed = try await train(folder, steps[0], steps[1], signal: SIGKILL)
        try #require(killed.exit == SIGKILL)
        let first = try folder.bytes("runs/01/metrics.jsonl")
        let again = try await train(folder, steps[0], steps[1])
        #expect(again.exit == 65 && again.standardError.contains("holds runs already"))

        let resumed = try await train(folder, steps[0], steps[1], "--resume")
        #expect(resumed.exit == 0, "\(resumed.standardError)")
        #expect(!resumed.standardError.contains("01: training"), "the first was finished")
        #expect(try folder.bytes("runs/01/metrics.jsonl") == first)
        let runs = try #require(try resumed.json()["runs"] as? [[String: Any]])
        #expect(runs.count == 4)
        #expect(runs.allSatisfy { $0["state"] as? String == "finished" })
        let scores = runs.compactMap { $0["validation_pinball"] as? Double }
        #expect(scores.count == 4 && scores == scores.sorted())

        let listed = try await folder.run(["experiments", "runs"])
        #expect(listed.exit == 0, "\(listed.standardError)")
        let lines = listed.standardOutput.split(separator: "\n")
        #expect(lines.count == 6)
        #expect(lines[0].contains("model.hidden") && lines[0].contains("training.learning_rate"))
        let best = try #require(runs[0]["name"] as? String)
        #expect(lines[5].hasPrefix("best: \(best), validation pinball"))
        #expect(lines[5].contains("training.learning_rate="))

        let other = try await train(folder, "--set", "training.steps=3001", "--resume")
        #expect(other.exit == 65 && other.standardError.contains("another recipe"))
        let table = String(decoding: try folder.bytes("data.csv"), as: UTF8.self)
        try folder.write("data.csv", table + "0.5,0.5,3,train\n")
        let changed = try await train(folder, steps[0], steps[1], "--resume")
        #expect(changed.exit == 65)
        #expect(changed.standardError.contains("runs/01: the run was started with other data"))
    }

    @Test("A run that fails is in the table, and the sweep ends with an error; it can go on")
    func failed() async throws {
        let folder = try TrainingFolder()
        try folder.write("sweep.yaml", "keys: {inputs.transform: [standard, piecewise-linear]}\n")
        let run = try await train(folder)
        #expect(run.exit == 65)
        #expect(run.standardError.contains("1 of 2 runs failed: found 02"))
        let runs = try #require(try run.json()["runs"] as? [[String: Any]])
        #expect(runs.map { $0["state"] as? String } == ["finished", "failed"])
        #expect((runs[1]["problem"] as? String)?.contains("needs model.embedding") == true)
        let listed = try await folder.run(["experiments", "runs"])
        #expect(listed.standardOutput.contains("02   failed"))
        #expect(listed.standardError.contains("warning: 02: "))
        let inspected = try await folder.run(["inspect", "runs/02"])
        #expect(inspected.standardOutput.contains("the sweep or walk forward it is of"))

        // A checkpoint that is lost or damaged is made anew from the state.
        let checkpoint = folder.url("runs/01/model.safetensors")
        let first = try Data(contentsOf: checkpoint)
        for damaged in [nil, first.dropLast(9)] {
            try FileManager.default.removeItem(at: checkpoint)
            try damaged?.write(to: checkpoint)
            let again = try await train(folder, "--resume")
            #expect(again.exit == 65 && again.standardError.contains("1 of 2 runs failed"))
            #expect(try Data(contentsOf: checkpoint) == first)
        }
        // A recipe that is lost comes back; a state that is lost fails its run and no other.
        let recipe = try folder.bytes("runs/01/recipe.yaml")
        try FileManager.default.removeItem(at: folder.url("runs/01/recipe.yaml"))
        #expect(try await train(folder, "--resume").standardError.contains("1 of 2 runs failed"))
        #expect(try folder.bytes("runs/01/recipe.yaml") == recipe)
        try FileManager.default.removeItem(at: folder.url("runs/01/state.safetensors"))
        let lost = try await train(folder, "--resume")
        #expect(lost.standardError.contains("2 of 2 runs failed: found 01, 02"))
        try folder.write("runs/01/state.safetensors", "short")
        let short = try await train(folder, "--resume")
        #expect(short.standardError.contains("2 of 2 runs failed: found 01, 02"))
        #expect(try Data(contentsOf: checkpoint) == first)

        // Into the folder of runs no run goes, and data that are wrong for all are told once.
        let single = try await folder.run([
            "train", "small.yaml", "--data", "data.csv", "--out", "runs",
        ])
        #expect(
            single.exit == 65 && single.standardError.contains("not a run, but a folder of runs"))
        let label = try await folder.run([
            "train", "small.yaml", "--data", "data.csv", "--out", "new", "--sweep", "sweep.yaml",
            "--label", "nope",
        ])
        #expect(label.exit == 65 && !folder.exists("new"))
        #expect(label.standardError.split(separator: "\n").count == 1, "\(label.standardError)")
    }

    @Test(
        "Runs that would be the same, and a folder that is a run, are refused before any training")
    func same() async throws {
        let folder = try TrainingFolder()
        for keys in [
            "training.steps: [5, 05]", "training.learning_rate: [0.01, 1e-2]",
            "model.hidden: [[2], [3]]\n  model: [linear]",
        ] {
            try folder.write("sweep.yaml", "keys:\n  \(keys)\n")
            let run = try await train(folder)
            #expect(run.exit == 65)
            #expect(run.standardError.contains("sweep.yaml: runs 01 and 02 are the same training"))
            #expect(!folder.exists("runs"))
        }
        #expect(try await folder.train().exit == 0)
        try folder.write("sweep.yaml", Self.sweep)
        let inside = try await folder.run([
            "train", "small.yaml", "--data", "data.csv", "--out", "run", "--sweep", "sweep.yaml",
            "--resume",
        ])
        #expect(inside.exit == 65)
        #expect(inside.standardError.contains("run: the folder is a run itself"))
    }

    @Test("A wrong key shows before anything is trained; a folder without runs says so")
    func refused() async throws {
        let folder = try TrainingFolder()
        try folder.write("sweep.yaml", "keys: {training.rate: [1]}\n")
        let run = try await train(folder)
        #expect(run.exit == 65)
        #expect(run.standardError.contains("sweep.yaml:1: unknown key 'training.rate'"))
        #expect(!folder.exists("runs"))
        let none = try await folder.run(["experiments", "."])
        #expect(none.exit == 66 && none.standardError.contains("no runs"))
        let missing = try await folder.run(["experiments", "nowhere"])
        #expect(missing.exit == 66)
    }
}
