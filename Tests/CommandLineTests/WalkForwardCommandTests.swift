import Foundation
import Testing

/// `tenor train` by a recipe with windows, and from a checkpoint, on the built binary.
@Suite(.timeLimit(.minutes(3))) struct WalkForwardCommandTests {
    private static let recipe = """
        model: {family: two-stage, hidden: [8], head: [4]}
        target: residual
        inputs: {transform: clipped}
        training: {steps: 12, batch: 64, seed: 1}
        validation: {every: 4, warm_up_days: 2, days: 2, test_days: 3}
        recalibration: conformal
        walk_forward: {windows: 3, warm_start: true}

        """

    private func folderWithStore() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        _ = try folder.file("walk.yaml", Self.recipe)
        let simulated = try await runTenor(
            "simulate", "--bonds", "60", "--days", "17", "--out", "market", in: folder.url)
        #expect(simulated.exit == 0, "\(simulated.standardError)")
        let made = try await runTenor(
            "features", "--market", "market", "--out", "store", "--half", in: folder.url)
        #expect(made.exit == 0, "\(made.standardError)")
        return folder
    }

    private func text(_ name: String, in folder: TemporaryFolder) throws -> String {
        try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
    }

    @Test("Each window tests the days that follow it; stopped and resumed the table is the same")
    func windows() async throws {
        let folder = try await folderWithStore()
        let command = ["train", "walk.yaml", "--data", "store", "--out"]
        let whole = try await runTenor(command + ["whole", "--json"], in: folder.url)
        #expect(whole.exit == 0, "\(whole.standardError)")
        let windows = try #require(try whole.json()["windows"] as? [[String: Any]])
        #expect(windows.count == 3)

        // Every row of the last nine days is forecast once, in the order of the store.
        let all = try await runTenor(
            "score", "whole/window-1/model.safetensors", "--data", "store", "--split", "test",
            "--out", "all.csv", in: folder.url)
        #expect(all.exit == 0, "\(all.standardError)")
        func identifiers(_ name: String) throws -> [Substring] {
            let lines = try text(name, in: folder).split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
            let column = try #require(lines[0].firstIndex(of: "trade_id"))
            return lines.map { $0[column] }
        }
        #expect(try identifiers("whole/forecasts.csv") == identifiers("all.csv"))
        let rows = windows.compactMap { $0["test_rows"] as? Int }
        #expect(try identifiers("all.csv").count == 1 + rows.reduce(0, +))
        #expect(rows.allSatisfy { $0 > 0 })
        // The later windows are other networks than the first one.
        #expect(try text("whole/forecasts.csv", in: folder) != text("all.csv", in: folder))

        // What a kill leaves: the second window without an end, the third not begun.
        let held = try await runTenor(command + ["whole"], in: folder.url)
        #expect(held.exit == 65 && held.standardError.contains("--resume"))
        let before = try text("whole/forecasts.csv", in: folder)
        for name in [
            "forecasts.csv", "window-2/state.safetensors", "window-2/model.safetensors",
            "window-2/summary.json", "window-3",
        ] {
            try FileManager.default.removeItem(at: folder.url.appending(path: "whole/\(name)"))
        }
        // A table of forecasts that is cut is made anew.
        for window in 1...2 {
            let cut = try text("whole/window-\(window)/forecasts.csv", in: folder).prefix(500)
            _ = try folder.file("whole/window-\(window)/forecasts.csv", String(cut))
        }
        let resumed = try await runTenor(command + ["whole", "--resume"], in: folder.url)
        #expect(resumed.exit == 0, "\(resumed.standardError)")
        #expect(try text("whole/forecasts.csv", in: folder) == before)

        let inner = try await runTenor(command + ["whole/window-1"], in: folder.url)
        #expect(inner.exit == 65 && inner.standardError.contains("the folder is a run itself"))
        let alone = try await runTenor("train", "--resume", "--out", "whole", in: folder.url)
        #expect(alone.exit == 65)
        #expect(alone.standardError.contains("not a run, but a folder of runs: found window-1"))
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "mine"), withIntermediateDirectories: false)
        _ = try folder.file("mine/forecasts.csv", "precious")
        for options in [[], ["--resume"]] {
            let over = try await runTenor(command + ["mine"] + options, in: folder.url)
            #expect(over.exit == 65 && over.standardError.contains("the name of forecasts"))
        }
        #expect(try text("mine/forecasts.csv", in: folder) == "precious")

        let larger = try await runTenor(
            "features", "--market", "market", "--out", "larger", "--half", "--min-quantity",
            "100000", in: folder.url)
        #expect(larger.exit == 0, "\(larger.standardError)")
        let changed = try await runTenor(
            "train", "walk.yaml", "--data", "larger", "--out", "whole", "--resume", in: folder.url)
        #expect(changed.exit == 65)
        #expect(
            changed.standardError.contains("whole/window-1: the run was started with other data"))
        #expect(try text("whole/forecasts.csv", in: folder) == before)
    }

    @Test("A training goes on from a checkpoint; one that saw later days is refused")
    func start() async throws {
        let folder = try await folderWithStore()
        let command = [
            "train", "walk.yaml", "--data", "store", "--set", "walk_forward=null", "--out",
        ]
        let early = try await runTenor(
            command + ["early", "--set", "validation.test_days=6"], in: folder.url)
        #expect(early.exit == 0, "\(early.standardError)")
        let late = try await runTenor(
            command + ["late", "--start", "early/model.safetensors", "--json"], in: folder.url)
        #expect(late.exit == 0, "\(late.standardError)")
        #expect(try late.json()["steps"] as? Int == 12)
        let looking = try await runTenor(
            command + [
                "looking", "--set", "validation.test_days=6", "--start", "late/model.safetensors",
            ], in: folder.url)
        #expect(looking.exit == 65)
        #expect(
            looking.standardError.contains("reach into the validation days of this training"))
        // A file of the store is not a place for forecasts.
        let before = try text("store/schema.json", in: folder)
        let over = try await runTenor(
            "score", "early/model.safetensors", "--data", "store", "--out", "store/schema.json",
            in: folder.url)
        #expect(over.exit == 65 && over.standardError.contains("would replace an input"))
        #expect(try text("store/schema.json", in: folder) == before)

        let table = try TrainingFolder()
        let refused = try await table.train("--set", "walk_forward={windows: 2}")
        #expect(refused.exit == 65 && refused.standardError.contains("feature stores"))
    }

    @Test("A run that was killed before its first state starts anew when it is resumed")
    func onlyBegun() async throws {
        let folder = try TrainingFolder()
        let whole = try await folder.train()
        #expect(whole.exit == 0, "\(whole.standardError)")
        let model = try folder.bytes("run/model.safetensors")
        for name in ["state.safetensors", "model.safetensors", "metrics.jsonl", "summary.json"] {
            try FileManager.default.removeItem(at: folder.url("run/\(name)"))
        }
        let other = try await folder.train("--resume", "--set", "training.seed=9")
        #expect(other.exit == 65 && other.standardError.contains("found training.seed=9"))
        // Refused for another reason it can still go on.
        try FileManager.default.moveItem(at: folder.url("data.csv"), to: folder.url("away.csv"))
        let away = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(away.exit == 66 && away.standardError.contains("data.csv: no such file"))
        try FileManager.default.moveItem(at: folder.url("away.csv"), to: folder.url("data.csv"))
        let resumed = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(resumed.exit == 0, "\(resumed.standardError)")
        #expect(try folder.bytes("run/model.safetensors") == model)
    }

    @Test("A run whose state is lost does not begin anew over its checkpoint")
    func lostState() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        let model = try folder.bytes("run/model.safetensors")
        try FileManager.default.removeItem(at: folder.url("run/state.safetensors"))
        for arguments in [[], ["--data", "nowhere.csv"]] {
            let resumed = try await folder.run(["train", "--resume", "--out", "run"] + arguments)
            #expect(resumed.exit == (arguments.isEmpty ? 65 : 66))
            #expect(try folder.bytes("run/model.safetensors") == model)
        }
        let resumed = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(resumed.standardError.contains("the state of the run is lost"))
        // What the message says works.
        let on = try await folder.run([
            "train", "small.yaml", "--data", "data.csv", "--out", "on", "--start",
            "run/model.safetensors",
        ])
        #expect(on.exit == 0, "\(on.standardError)")
    }

    @Test("A sweep does not walk forward, and says so before it trains")
    func sweep() async throws {
        let folder = try TrainingFolder()
        try folder.write("sweep.yaml", "keys: {training.steps: [5, 6]}\n")
        let run = try await folder.run(
            [
                "train", "small.yaml", "--data", "data.csv", "--out", "runs", "--sweep",
                "sweep.yaml", "--set", "walk_forward={windows: 2}",
            ])
        #expect(run.exit == 65 && run.standardError.contains("a sweep is of single trainings"))
        #expect(!folder.exists("runs"))
    }
}
