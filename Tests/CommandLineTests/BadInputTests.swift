import Foundation
import Testing

/// Whatever is wrong with the input: one line that names it, an exit code, and nothing half-written.
@Suite(.timeLimit(.minutes(2))) struct BadInputTests {
    /// Checks that a run was refused: nothing on standard output, the last line of standard error
    /// is the error, with all that it should say.
    private func expectRefusal(
        _ run: TenorRun, exit: Int32, _ words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(run.exit == exit, "\(run.standardError)", sourceLocation: sourceLocation)
        #expect(run.standardOutput == "", sourceLocation: sourceLocation)
        let lines = run.standardError.split(separator: "\n")
        let last = lines.last ?? ""
        #expect(last.hasPrefix("tenor: "), sourceLocation: sourceLocation)
        #expect(
            lines.count(where: { $0.hasPrefix("tenor: ") }) == 1, sourceLocation: sourceLocation)
        for word in words {
            #expect(last.contains(word), "'\(word)' in: \(last)", sourceLocation: sourceLocation)
        }
    }

    struct Table: Sendable, CustomTestStringConvertible {
        let what: String
        let text: String
        let words: [String]
        var testDescription: String { what }
    }

    static let tables = [
        Table(what: "empty", text: "", words: ["bad.csv: ", "empty", "header"]),
        Table(what: "no rows", text: "a,label\n", words: ["bad.csv: ", "no rows"]),
        Table(
            what: "ragged row", text: "a,b,label\n1,2,3\n4,5\n",
            words: ["bad.csv:3:", "expected 3", "found 2"]),
        Table(
            what: "open quote", text: "a,b,label\n1,2,3\n4,\"5,6\n",
            words: ["bad.csv:3", "quote"]),
        Table(
            what: "word", text: "a,b,label\n1,2,3\n4,high,6\n",
            words: ["bad.csv:3, column 'b'", "expected a decimal number", "found 'high'"]),
        Table(
            what: "word as label", text: "a,label\n1,3\n4,many\n",
            words: ["bad.csv:3, column 'label'", "expected", "found 'many'"]),
        Table(
            what: "missing label cell", text: "a,label\n1,3\n4,\n5,6\n",
            words: ["bad.csv:3, column 'label'"]),
        Table(
            what: "infinity", text: "a,label\n1,2\n-inf,6\n",
            words: ["bad.csv:3, column 'a'", "finite", "'-inf'"]),
        Table(
            what: "overflow", text: "a,label\n1,2\n1e39,6\n",
            words: ["bad.csv:3, column 'a'", "1e39"]),
        Table(
            what: "duplicate column", text: "a,a,label\n1,2,3\n",
            words: ["bad.csv:1, column 'a'", "same name"]),
        Table(
            what: "no label", text: "a,lable\n1,2\n",
            words: ["bad.csv:1", "'label'", "'lable'", "--label"]),
        Table(what: "only a label", text: "label\n1\n2\n", words: ["bad.csv:1", "no feature"]),
        Table(
            what: "constant label",
            text: "a,label,split\n1,7,train\n2,7,train\n3,8,validation\n",
            words: ["bad.csv, column 'label'", "constant", "7"]),
        Table(
            what: "constant features",
            text: "a,label,split\n1,7,train\n1,8,train\n3,8,validation\n",
            words: ["bad.csv", "every feature is constant"]),
        Table(
            what: "no validation rows", text: "a,label,split\n1,7,train\n2,8,train\n",
            words: ["bad.csv, column 'split'", "no validation rows"]),
        Table(
            what: "no train rows", text: "a,label,split\n1,7,test\n2,8,validation\n",
            words: ["bad.csv, column 'split'", "no train rows"]),
        Table(
            what: "unknown part", text: "a,label,split\n1,7,train\n2,8,valid\n",
            words: ["bad.csv:3, column 'split'", "train, validation or test", "'valid'"]),
        Table(
            what: "negative weight", text: "a,label,weight\n1,7,1\n2,8,-1\n",
            words: ["bad.csv:3, column 'weight'", "'-1'"]),
        Table(
            what: "validation without weight",
            text: "a,label,weight,split\n1,7,1,train\n2,8,1,train\n2,8,0,validation\n",
            words: ["bad.csv, column 'weight'", "validation"]),
        Table(what: "not text", text: "PK\u{3}\u{4}\u{0}\u{0}", words: ["bad.csv"]),
    ]

    @Test(
        "A table that cannot be trained on is refused, and no run is left behind", arguments: tables
    )
    func trainingData(_ table: Table) async throws {
        let folder = try TrainingFolder()
        try folder.write("bad.csv", table.text)
        let run = try await folder.run(
            ["train", "small.yaml", "--data", "bad.csv", "--out", "run"])
        expectRefusal(run, exit: 65, table.words)
        #expect(try folder.files().subtracting(["run"]) == ["bad.csv"])
    }

    @Test("What is not there is missing input, by its name")
    func missingInput() async throws {
        let folder = try TrainingFolder()
        let cases: [([String], [String])] = [
            (["train", "small.yaml", "--data", "none.csv", "--out", "run"], ["none.csv"]),
            (["train", "none.yaml", "--data", "data.csv", "--out", "run"], ["none.yaml"]),
            (["train", "tabula", "--data", "data.csv", "--out", "run"], ["tabula", "tabular"]),
            (["train", "small.yaml", "--data", ".", "--out", "run"], ["folder"]),
            (
                ["train", "small.yaml", "--data", "data.csv", "--out", "run", "--resume"],
                ["run", "no run to resume", "--resume"]
            ),
            (["train", "--resume", "--out", "nowhere"], ["nowhere: no run to resume"]),
            (["score", "none.safetensors", "--data", "data.csv", "--out", "f"], ["none.safet"]),
            (["evaluate", "none.csv", "--out", "report"], ["none.csv"]),
            (["inspect", "none.csv"], ["none.csv"]),
        ]
        for (arguments, words) in cases {
            expectRefusal(try await folder.run(arguments), exit: 66, words)
        }
        #expect(try folder.files() == [])
    }

    @Test("A recipe with an unknown key or a value out of range is refused at its line")
    func recipes() async throws {
        let folder = try TrainingFolder()
        try folder.write("bad.yaml", "training:\n  steps: 5\n  learningrate: 0.1\n")
        try folder.write("range.yaml", "training:\n  steps: 0\n")
        try folder.write("broken.yaml", "training: {steps: 5\n")
        let cases: [([String], [String])] = [
            (["bad.yaml"], ["bad.yaml:3", "'training.learningrate'", "learning_rate"]),
            (["range.yaml"], ["range.yaml:2", "'training.steps'", "from 1", "found 0"]),
            (["broken.yaml"], ["broken.yaml:"]),
            (["small.yaml", "--set", "model.dropout=1"], ["model.dropout=1", "at most 0.95"]),
            (["small.yaml", "--set", "model.hiden=[3]"], ["'model.hiden'", "'model.hidden'"]),
            (["small.yaml", "--set", "training.steps"], ["training.steps", "key.path=value"]),
        ]
        for (recipe, words) in cases {
            let run = try await folder.run(
                ["train"] + recipe + ["--data", "data.csv", "--out", "run"])
            expectRefusal(run, exit: 65, words)
        }
        #expect(!folder.exists("run"))
    }

    @Test(
        "A checkpoint that is damaged, or of other features, is refused before anything is scored")
    func checkpoints() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        let before = try folder.files()
        let whole = try folder.bytes("run/model.safetensors")
        var flipped = whole
        flipped[whole.count - 5] ^= 1
        try whole[..<(whole.count / 2)].write(to: folder.url("short.safetensors"))
        try flipped.write(to: folder.url("flipped.safetensors"))
        try folder.write("empty.safetensors", "")
        try folder.write("other.csv", "a,c,label\n1,2,3\n")
        let model = "run/model.safetensors"
        let cases: [(checkpoint: String, data: String, words: [String])] = [
            ("short.safetensors", "data.csv", ["short.safetensors: ", "damaged"]),
            ("flipped.safetensors", "data.csv", ["flipped.safetensors: ", "checksum"]),
            ("empty.safetensors", "data.csv", ["empty.safetensors: "]),
            ("data.csv", "data.csv", ["data.csv: "]),
            (
                "run/state.safetensors", "data.csv",
                ["run/state.safetensors: ", "not a Tenor check"]
            ),
            (model, "other.csv", ["other.csv:1: ", "'b'", "found the columns 'a', 'c'"]),
        ]
        for (checkpoint, data, words) in cases {
            let run = try await folder.run(
                ["score", checkpoint, "--data", data, "--out", "forecasts.csv"])
            expectRefusal(run, exit: 65, words)
            guard checkpoint.hasSuffix(".safetensors"), checkpoint != model,
                checkpoint != "run/state.safetensors"
            else { continue }
            expectRefusal(
                try await folder.run(["inspect", checkpoint]), exit: 65, [checkpoint])
        }
        try folder.write("word.csv", "b,a\n1,2\n1,two\n")
        let word = try await folder.run(
            ["score", model, "--data", "word.csv", "--out", "forecasts.csv"])
        expectRefusal(word, exit: 65, ["word.csv:3, column 'a'", "'two'"])
        let kept = try await folder.run([
            "score", model, "--data", "data.csv", "--keep", "cusip", "--out", "forecasts.csv",
        ])
        expectRefusal(kept, exit: 65, ["data.csv:1", "'cusip'"])
        let added: Set = [
            "short.safetensors", "flipped.safetensors", "empty.safetensors", "other.csv",
            "word.csv",
        ]
        #expect(try folder.files() == before.union(added))
    }

    @Test("A forecast table that cannot be judged is refused, and no report is left behind")
    func forecasts() async throws {
        let folder = try TrainingFolder()
        try folder.write("word.csv", "label,5_tile,95_tile\n1,0,2\n1,low,2\n")
        try folder.write("ragged.csv", "label,5_tile,95_tile\n1,0\n")
        try folder.write("unlabelled.csv", "5_tile,95_tile\n1,0\n")
        try folder.write("empty.csv", "")
        try folder.write("good.csv", "row,label,5_tile,95_tile\n0,1,0,2\n")
        try folder.write("elsewhere.csv", "row,label,5_tile,95_tile\n7,1,0,2\n")
        let before = try folder.files()
        let cases: [([String], [String])] = [
            (["word.csv"], ["word.csv:3, column '5_tile'", "found 'low'"]),
            (["ragged.csv"], ["ragged.csv:2", "expected 3", "found 2"]),
            (["unlabelled.csv"], ["unlabelled.csv", "label"]),
            (["data.csv"], ["data.csv:1", "no tile columns"]),
            (["empty.csv"], ["empty.csv", "empty"]),
            (["good.csv", "--oracle", "elsewhere.csv"], ["elsewhere.csv"]),
            (["good.csv", "--oracle", "data.csv"], ["data.csv"]),
        ]
        for (tables, words) in cases {
            let run = try await folder.run(["evaluate"] + tables + ["--out", "report"])
            expectRefusal(run, exit: 65, words)
        }
        #expect(try folder.files() == before)
    }

    #if os(Linux)
        @Test("A place that cannot be written to, also for root, is an input/output error")
        func unwritable() async throws {
            let folder = try TrainingFolder()
            #expect(try await folder.train().exit == 0)
            try folder.write("forecasts.csv", "row,label,5_tile,95_tile\n0,1,0,2\n")
            let before = try folder.files()
            let score = ["score", "run/model.safetensors", "--data", "data.csv", "--out"]
            let train = ["train", "small.yaml", "--data", "data.csv", "--out"]
            let cases: [([String], [String])] = [
                (
                    score + ["data.csv/forecasts.csv"],
                    ["data.csv/forecasts.csv", "not a directory"]
                ),
                (score + ["nowhere/forecasts.csv"], ["nowhere/forecasts.csv", "Make the folder"]),
                (score + ["/proc/forecasts.csv"], ["/proc/forecasts.csv"]),
                (score + ["run"], ["run: ", "is a directory"]),
                (score + ["/dev/full"], ["/dev/full", "no space left"]),
                (train + ["data.csv/run"], ["data.csv", "a file has this name"]),
                (train + ["/proc/run"], ["/proc/run"]),
                (["evaluate", "forecasts.csv", "--out", "data.csv/report"], ["data.csv"]),
            ]
            for (arguments, words) in cases {
                expectRefusal(try await folder.run(arguments), exit: 74, words)
            }
            #expect(try folder.files() == before)
        }
    #endif

    @Test("A disk that is full from the start leaves no checkpoint and no temporary file")
    func fullDisk() async throws {
        let folder = try TrainingFolder()
        let run = try await folder.run(
            ["train", "small.yaml", "--data", "data.csv", "--out", "run"], largestFile: 4)
        expectRefusal(run, exit: 74, ["run/state.safetensors", "file too large"])
        #expect(try folder.files() == ["run", "run/metrics.jsonl", "run/recipe.yaml"])
        let resumed = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(resumed.exit == 0, "\(resumed.standardError)")
    }

    @Test("A disk that fills up during training leaves the checkpoint before it intact")
    func diskFillsUp() async throws {
        let folder = try TrainingFolder()
        // The metrics grow beyond 16 kB after some eighty checks; model and state stay below.
        let run = try await folder.run(
            [
                "train", "small.yaml", "--data", "data.csv", "--out", "run", "--set",
                "training.steps=1000",
            ], largestFile: 32)
        expectRefusal(run, exit: 74, ["run/metrics.jsonl", "file too large"])
        #expect(
            try folder.files() == [
                "run", "run/recipe.yaml", "run/model.safetensors", "run/state.safetensors",
                "run/metrics.jsonl",
            ])
        #expect(try folder.bytes("run/metrics.jsonl").last == UInt8(ascii: "\n"))
        let before = try folder.files()
        let score = [
            "score", "run/model.safetensors", "--data", "data.csv", "--out", "forecasts.csv",
        ]
        let refused = try await folder.run(score, largestFile: 4)
        expectRefusal(refused, exit: 74, ["forecasts.csv", "file too large"])
        #expect(try folder.files() == before)
        #expect(try await folder.run(score).exit == 0)
        // With room again the run goes on from its last state, to the end of one that had it all along.
        let resumed = try await folder.run(["train", "--resume", "--out", "run"])
        #expect(resumed.exit == 0, "\(resumed.standardError)")
        let whole = try await folder.run([
            "train", "small.yaml", "--data", "data.csv", "--out", "whole", "--set",
            "training.steps=1000",
        ])
        #expect(whole.exit == 0)
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl"] {
            #expect(try folder.bytes("run/\(name)") == folder.bytes("whole/\(name)"), "\(name)")
        }
    }

    @Test("A loss that turns NaN stops with its step, and the checkpoint before it scores")
    func nonFiniteLoss() async throws {
        let folder = try TrainingFolder()
        let layers = [String](repeating: "32", count: 20).joined(separator: ",")
        let run = try await folder.train(
            "--set", "training.learning_rate=10", "--set", "model.hidden=[\(layers)]",
            "--set", "model.residual=true", "--set", "validation.every=1",
            "--set", "training.steps=1000")
        expectRefusal(
            run, exit: 65, ["run: training stopped at step ", "checkpoint of step", "is intact"])
        let score = try await folder.run([
            "score", "run/model.safetensors", "--data", "data.csv", "--out", "forecasts.csv",
        ])
        #expect(score.exit == 0, "\(score.standardError)")
    }

    @Test("A run is not overwritten, nor resumed as another one")
    func existingRun() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        let before = try folder.bytes("run/model.safetensors")
        expectRefusal(
            try await folder.train(), exit: 65, ["run: the folder holds a run", "--resume"])
        expectRefusal(
            try await folder.train("--resume", "--set", "training.seed=2"), exit: 65,
            ["run: ", "expected training.seed=1", "found training.seed=2"])
        #expect(try folder.bytes("run/model.safetensors") == before)
    }

    @Test("Results do not replace what they are made from")
    func inputsStay() async throws {
        let folder = try TrainingFolder()
        #expect(try await folder.train().exit == 0)
        for name in ["data.csv", "./run/../data.csv", "run/model.safetensors"] {
            let before = try folder.bytes(name)
            let run = try await folder.run([
                "score", "run/model.safetensors", "--data", "data.csv", "--out", name,
            ])
            expectRefusal(run, exit: 65, ["would replace an input", "Choose another --out"])
            #expect(try folder.bytes(name) == before)
        }
        try folder.write("recipe.yaml", "# mine\nmodel: {hidden: [8]}\n")
        let run = try await folder.run([
            "train", "recipe.yaml", "--data", "data.csv", "--out", ".",
        ])
        expectRefusal(run, exit: 65, ["recipe.yaml", "Choose another --out"])
        #expect(try folder.bytes("recipe.yaml").starts(with: Array("# mine".utf8)))
    }

    @Test(
        "Labels that single precision cannot tell apart, and networks that cannot be, are refused")
    func outOfReach() async throws {
        let folder = try TrainingFolder()
        let rows = (0..<60).map { row in
            "\(row),\(1_000_000_000 + row),\(row % 3 == 0 ? "validation" : "train")"
        }
        try folder.write("offset.csv", "a,label,split\n" + rows.joined(separator: "\n") + "\n")
        expectRefusal(
            try await folder.run(["train", "small.yaml", "--data", "offset.csv", "--out", "o"]),
            exit: 65, ["offset.csv, column 'label'", "single precision", "Subtract a constant"])
        let large = (0..<60).map { row in
            "\(row),\(row % 2 == 0 ? "-" : "")3.3e38,\(row % 3 == 0 ? "validation" : "train")"
        }
        try folder.write("large.csv", "a,label,split\n" + large.joined(separator: "\n") + "\n")
        expectRefusal(
            try await folder.run(["train", "small.yaml", "--data", "large.csv", "--out", "l"]),
            exit: 65, ["large.csv, column 'label'", "too large", "Divide the label"])
        expectRefusal(
            try await folder.train("--set", "model.hidden=[65536, 65536]"), exit: 65,
            ["model.hidden", "too large", "at most 1000 million"])
    }

    @Test("A run is not written among the files of a feature store or a market")
    func runAmongInputs() async throws {
        let folder = try TrainingFolder()
        try folder.write("sweep.yaml", "grid:\n  training.seed: [1, 2]\n")
        for (name, file, kind) in [
            ("store", "schema.json", "a feature store"), ("market", "bonds.csv", "a market"),
        ] {
            try FileManager.default.createDirectory(
                at: folder.url(name), withIntermediateDirectories: true)
            try folder.write("\(name)/\(file)", "{}\n")
            for options in [[], ["--sweep", "sweep.yaml"]] {
                let run = try await folder.run(
                    ["train", "small.yaml", "--data", "data.csv", "--out", name] + options)
                expectRefusal(run, exit: 65, ["\(name): the folder is \(kind)", "another --out"])
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.url(name).path)
                    == [file])
        }
    }

    @Test("--resume without a run to name is a usage error")
    func resumeWithoutFolder() async throws {
        let folder = try TrainingFolder()
        let run = try await folder.run(["train", "small.yaml", "--data", "data.csv", "--resume"])
        expectRefusal(run, exit: 64, ["--resume needs --out"])
    }
}
