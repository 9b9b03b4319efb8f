import Foundation
import Testing

/// What `train` refuses or doubts beside its data: it says what differs and what to do, and leaves
/// nothing behind.
@Suite(.timeLimit(.minutes(2))) struct TrainingRefusalTests {
    private func last(_ run: TenorRun) -> Substring {
        run.standardError.split(separator: "\n").last ?? ""
    }

    @Test("A training that is refused before its first step leaves no folder")
    func nothingLeft() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        let before = try folder.files()
        let start = ["--start", "run/model.safetensors"]
        let cases: [([String], [String])] = [
            (
                start + ["--set", "model.hidden=[4]"],
                ["run/model.safetensors: cannot start from it", "model.hidden=[4]"]
            ),
            (
                start + ["--set", "inputs.transform=standard"],
                ["inputs.transform=standard", "inputs.transform=quantile-normal"]
            ),
            (start + ["--set", "validation.folds=2"], ["only one net can go on"]),
            (["--set", "model=two-stage"], ["two-stage needs features of a trade"]),
            (["--set", "target=residual"], ["'target'", "recipe tabular"]),
            (["--set", "inputs.transform=piecewise-linear"], ["needs model.embedding"]),
        ]
        for (options, words) in cases {
            let run = try await folder.run(
                ["train", "small.yaml", "--data", "data.csv", "--out", "deep/run"] + options)
            #expect(run.exit == 65, "\(run.standardError)")
            for word in words {
                #expect(last(run).contains(word), "'\(word)' in: \(last(run))")
            }
            #expect(!folder.exists("deep"))
        }
        #expect(try folder.files() == before)
    }

    @Test("A resume names every key that differs, or that the data do, or the start")
    func resume() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        let settings = try await folder.run([
            "train", "--resume", "--out", "run", "--set", "model.hidden=[4]", "--set",
            "training.steps=30",
        ])
        #expect(settings.exit == 65)
        #expect(last(settings).contains("expected model.hidden=[8], training.steps=20"))
        #expect(last(settings).contains("found model.hidden=[4], training.steps=30"))
        let table = String(decoding: try folder.bytes("data.csv"), as: UTF8.self)
        try folder.write("longer.csv", table + "0.5,0.5,3,train\n")
        let data = try await folder.run([
            "train", "--resume", "--out", "run", "--data", "longer.csv",
        ])
        #expect(data.exit == 65 && last(data).contains("was started with other data"))
        #expect(last(data).contains("longer.csv"))
        let start = try await folder.run([
            "train", "--resume", "--out", "run", "--start", "run/model.safetensors",
        ])
        #expect(start.exit == 65 && last(start).contains("started from another checkpoint"))
        // What is finished is so after a resume too, and no steps are told that nobody did.
        let done = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(done.exit == 0 && !done.standardError.contains("steps/s"))
        #expect(done.standardOutput.contains("checkpoint run/model.safetensors"))
    }

    @Test("A damaged state says what is left; a checkpoint that is damaged or gone shows")
    func damaged() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        let whole = try folder.bytes("run/state.safetensors")
        var state = whole
        state[state.count - 9] ^= 1
        try state.write(to: folder.url("run/state.safetensors"))
        let resumed = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(resumed.exit == 65 && last(resumed).contains("run/model.safetensors with --start"))

        let damagedState = try await folder.run(["inspect", "run", "--json"])
        #expect((try damagedState.json()["problem"] as? String)?.contains("run/state") == true)
        try whole.write(to: folder.url("run/state.safetensors"))
        var model = try folder.bytes("run/model.safetensors")
        model[model.count - 9] ^= 1
        try model.write(to: folder.url("run/model.safetensors"))
        let inspected = try await folder.run(["inspect", "run", "--json"])
        #expect(inspected.exit == 0)
        #expect((try inspected.json()["problem"] as? String)?.contains("checksum") == true)
        try FileManager.default.removeItem(at: folder.url("run/model.safetensors"))
        let gone = try await folder.run(["inspect", "run"])
        #expect(gone.standardOutput.contains("model.safetensors is gone"))
    }

    @Test("What is hardly meant is warned of: a warm-up without end, a start on other rows")
    func warnings() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train("--set", "training.warm_up=20").exit == 0)
        let table = String(decoding: try folder.bytes("data.csv"), as: UTF8.self)
        try folder.write("data.csv", table + "0.5,0.5,3,train\n")
        func warnings(_ options: String...) async throws -> [Substring] {
            let run = try await folder.run(
                [
                    "train", "small.yaml", "--data", "data.csv", "--out",
                    "run-\(options.count)",
                ] + options)
            #expect(run.exit == 0, "\(run.standardError)")
            return run.standardError.split(separator: "\n").filter { $0.contains("warning") }
        }
        #expect(try await warnings().isEmpty)
        let warmUp = try await warnings("--set", "training.warm_up=20")
        #expect(warmUp.count == 1 && warmUp[0].contains("training.warm_up is 20 steps of 20"))
        let start = try await warnings(
            "--start", "run/model.safetensors", "--set", "training.steps=5")
        #expect(start.count == 1 && start[0].contains("run/model.safetensors was trained on other"))
    }

    @Test("Files like a run's are not replaced by one")
    func foreign() async throws {
        let folder = try TrainingFolder()
        for name in ["summary.json", "metrics.jsonl", "command.json"] {
            let run = "run-\(name)"
            try FileManager.default.createDirectory(
                at: folder.url(run), withIntermediateDirectories: false)
            try folder.write("\(run)/\(name)", "mine")
            let refused = try await folder.run([
                "train", "small.yaml", "--data", "data.csv", "--out", run,
            ])
            #expect(refused.exit == 65 && last(refused).contains("found \(name)"))
            #expect(try folder.bytes("\(run)/\(name)") == Data("mine".utf8))
        }
    }

    @Test("A training that waits for its data ends at the first signal")
    func signalBeforeData() async throws {
        let folder = try TrainingFolder()
        try #require(mkfifo(folder.url("pipe").path, 0o600) == 0)
        let run = try await folder.run([
            "train", "small.yaml", "--data", "pipe", "--out", "run",
        ]) { process in
            try await Task.sleep(for: .milliseconds(300))
            kill(process, SIGTERM)
        }
        #expect(run.exit == SIGTERM)
        #expect(!folder.exists("run"))
    }

    @Test("A label that single precision cannot tell apart is not called constant")
    func label() async throws {
        let folder = try TrainingFolder()
        try folder.write(
            "far.csv",
            "a,label,split\n1,1000000001,train\n2,1000000002,train\n"
                + "3,1000000003,validation\n")
        let run = try await folder.run(["train", "small.yaml", "--data", "far.csv", "--out", "far"])
        #expect(run.exit == 65 && last(run).contains("varies too little around its mean"))
        #expect(last(run).contains("Subtract a constant"))
    }

    @Test("A folder that is nothing says what would be known")
    func nothingKnown() async throws {
        let folder = try TrainingFolder()
        let run = try await folder.run(["inspect", "."])
        #expect(run.exit == 65)
        for word in ["recipe.yaml", "schema.json", "bonds.csv"] {
            #expect(last(run).contains(word))
        }
    }
}
