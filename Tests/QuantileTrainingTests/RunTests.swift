import Arrays
import Autodiff
import Datasets
import Files
import Foundation
import Layers
import QuantileModels
import QuantileTraining
import Testing

/// Whole trainings in a run directory.
@Suite struct RunTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func recipe(_ overrides: String...) throws -> Recipe {
        try recipe(overrides: overrides)
    }

    private func recipe(overrides: [String]) throws -> Recipe {
        let yaml = """
            model: {hidden: [8, 8], dropout: 0.1, layer_norm: true}
            levels: [0.1, 0.5, 0.9]
            training: {steps: 30, batch: 16, learning_rate: 0.01, averaging: 0.9, seed: 5, clip: 1}
            validation: {every: 7}
            """
        return try Recipe(
            name: "test", settings: Settings(yaml: yaml, file: "test.yaml"), overrides: overrides)
    }

    /// Trains until a step, or to the end.
    @discardableResult
    private func train(
        _ recipe: Recipe, _ data: TabularData, in folder: String, resume: Bool = false,
        until last: Int = .max
    ) throws -> ModelTraining {
        let run = try RunDirectory(path: scratch.file(folder), resume: resume)
        var training = try ModelTraining(
            recipe: recipe, source: TrainingSource(data), run: run)
        var done = training.stepsDone
        let outcome = try training.run(shouldStop: { done >= last }, onStep: { done = $0 })
        switch outcome {
        case .finished: #expect(last >= training.stepsTotal)
        // Each other worker may finish the step that it is at.
        case .interrupted: #expect(done >= last && done < last + training.nets.count)
        }
        return training
    }

    private func content(_ folder: String, _ name: String) throws -> [UInt8] {
        try bytes(of: scratch.file(folder) + "/" + name)
    }

    @Test("The same seed gives the same checkpoint bit for bit, another seed another one")
    func reproducible() throws {
        let data = try scratch.table()
        try train(recipe(), data, in: "a")
        try train(recipe(), data, in: "b")
        try train(recipe("training.seed=6"), data, in: "c")
        #expect(try content("a", "model.safetensors") == content("b", "model.safetensors"))
        #expect(try content("a", "model.safetensors") != content("c", "model.safetensors"))
    }

    @Test(
        "A run that was interrupted and resumed ends bit for bit like one that was not",
        arguments: [[0], [1], [7], [8, 9], [3, 14, 29], [30]])
    func resumed(_ stops: [Int]) throws {
        let data = try scratch.table()
        try train(recipe(), data, in: "whole")
        for (position, stop) in stops.enumerated() where stop < 30 {
            try train(recipe(), data, in: "parts", resume: position > 0, until: stop)
        }
        let started = FileManager.default.fileExists(atPath: scratch.file("parts"))
        try train(recipe(), data, in: "parts", resume: started)
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl", "recipe.yaml"] {
            #expect(try content("parts", name) == content("whole", name), "\(name)")
        }
    }

    /// Overrides that make the recipe an ensemble of nets with members.
    private static let ensemble = [
        "validation.folds=3", "model.members=3", "kept_members=2", "model.embedding=4",
        "model.dropout=0.1", "inputs.transform=piecewise-linear", "recalibration=multiplier",
    ]

    @Test("Folds that were interrupted and resumed end bit for bit like ones that were not")
    func resumedFolds() throws {
        let data = try scratch.table()
        let recipe = try recipe(overrides: Self.ensemble)
        try train(recipe, data, in: "whole")
        for (position, stop) in [0, 5, 8, 40, 71].enumerated() {
            try train(recipe, data, in: "parts", resume: position > 0, until: stop)
        }
        try train(recipe, data, in: "parts", resume: true)
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl", "recipe.yaml"] {
            #expect(try content("parts", name) == content("whole", name), "\(name)")
        }
        let model = try Checkpoint.load(scratch.file("whole/model.safetensors"))
        #expect(model.nets.count == 3 && model.recalibration.kind == .multiplier)
        #expect(model.spec.members == 2, "of three that were trained")
        let starts = Set(
            model.nets.map { $0.network.parameters[0].parameter.tensor.array.elements })
        #expect(starts.count == 3, "every net has a seed of its own")
    }

    @Test("Every row is checked on by one net, which trains on all others")
    func folds() throws {
        let data = try scratch.table(rows: 61)
        let run = try RunDirectory(path: scratch.file("folds"), resume: false)
        let training = try ModelTraining(
            recipe: recipe(overrides: Self.ensemble), source: TrainingSource(data), run: run)
        let sizes = training.nets.map { ($0.training.rowCount, $0.validation.rowCount) }
        let checkedOn = sizes.map { $0.1 }.sorted()
        #expect(checkedOn == [20, 20, 21])
        #expect(sizes.allSatisfy { $0.0 + $0.1 == 61 })
        let checked = training.nets.flatMap(\.validationLabels).sorted()
        #expect(checked == (data.train.labels + data.validation.labels).sorted())
    }

    @Test("Too few rows for the folds are refused with advice")
    func tooFewRows() throws {
        let data = try scratch.table(rows: 5)
        let error = fileError { try train(recipe(overrides: Self.ensemble), data, in: "few") }
        #expect(error?.kind == .badData)
        #expect(error?.advice?.contains("validation.folds=1") == true)
    }

    @Test("A network that cannot read the inputs is refused before anything is trained")
    func objection() throws {
        let data = try scratch.table()
        for (overrides, word) in [
            (["model.embedding=4"], "piecewise-linear"),
            (["inputs.transform=piecewise-linear"], "model.embedding"),
            (["model={family: two-stage}", "inputs.transform=clipped"], "feature store"),
        ] {
            let error = fileError { try train(recipe(overrides: overrides), data, in: "no") }
            #expect(error?.kind == .badData && error?.problem.contains(word) == true)
            try? FileManager.default.removeItem(atPath: scratch.file("no"))
        }
    }

    @Test("TensorBoard's files say what the metrics say, those of folds in a folder each")
    func events() throws {
        try train(recipe(), scratch.table(), in: "run", until: 15)
        let first = try scalarEvents(in: scratch.file("run"))
        #expect(first.map(\.step) == [0, 7, 14])
        let metrics = try String(contentsOfFile: scratch.file("run/metrics.jsonl"), encoding: .utf8)
            .split(separator: "\n").map {
                try #require(
                    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        for (line, event) in zip(metrics, first.dropFirst()) {
            for (key, tag) in [
                ("training_pinball", "pinball/training"),
                ("validation_pinball", "pinball/validation"), ("learning_rate", "learning_rate"),
                ("gradient_norm", "gradient_norm"), ("update_ratio", "update_ratio"),
            ] {
                let value = try #require(line[key] as? Double)
                #expect(event.values[tag] == Double(Float(value)), "\(tag)")
            }
            #expect((event.values["rows_per_s"] ?? 0) > 0)
        }
        try train(recipe(overrides: Self.ensemble), scratch.table(), in: "folds")
        for net in 1...3 {
            #expect(try scalarEvents(in: scratch.file("folds/net-\(net)")).last?.step == 30)
        }
    }

    @Test("What a killed process left of its last metrics line is dropped on resume")
    func tornMetrics() throws {
        let data = try scratch.table()
        try train(recipe(), data, in: "whole")
        try train(recipe(), data, in: "torn", until: 15)
        let metrics = scratch.file("torn/metrics.jsonl")
        var text = try String(contentsOfFile: metrics, encoding: .utf8)
        // A check after the state was saved, and half a line.
        text += text.split(separator: "\n")[1].replacing("\"step\":14", with: "\"step\":21") + "\n"
        text += "{\"best\":tr"
        try Data(text.utf8).write(to: URL(filePath: metrics))
        try train(recipe(), data, in: "torn", resume: true)
        #expect(try content("torn", "metrics.jsonl") == content("whole", "metrics.jsonl"))
    }

    @Test("The checkpoint in the folder is the best of the run, recalibrated, and loads")
    func checkpoint() throws {
        let data = try scratch.table()
        let training = try train(recipe(), data, in: "run")
        let model = try Checkpoint.load(scratch.file("run/model.safetensors"))
        #expect(model.recalibration.kind == .shift && model.recalibration.values.count == 3)
        #expect(model.provenance["label"] == "label")
        #expect(model.provenance["data.fingerprint"] == data.fingerprint)
        let best = training.nets[0].trainer.best.parameters.map(\.parameter.tensor.array.elements)
        #expect(model.nets[0].network.parameters.map(\.parameter.tensor.array.elements) == best)
        let resolved = try recipe().resolved
        #expect(try content("run", "recipe.yaml") == Array(resolved.utf8))
    }

    @Test("A loss that turns NaN leaves the checkpoint before it intact, and the run says when")
    func nonFiniteLoss() throws {
        let layers = [String](repeating: "32", count: 20).joined(separator: ",")
        let recipe = try recipe(
            "training.learning_rate=10", "training.clip=null", "model.hidden=[\(layers)]",
            "model.residual=true", "model.layer_norm=false", "training.averaging=0",
            "validation.every=1", "training.steps=1000", "training.patience=1000")
        let path = scratch.file("nan")
        let run = try RunDirectory(path: path, resume: false)
        var training = try ModelTraining(
            recipe: recipe, source: TrainingSource(scratch.table()), run: run)
        let error = #expect(throws: NonFiniteLoss.self) {
            _ = try training.run(shouldStop: { false })
        }
        #expect((error?.bestStep ?? 0) > 0 && (error?.step ?? 0) > (error?.bestStep ?? 0))
        let best = training.nets[0].trainer
        #expect(best.bestStep == error?.bestStep)
        let saved = try Checkpoint.load(run.model).nets[0].network.parameters
        for (found, expected) in zip(saved, best.best.parameters) {
            #expect(
                found.parameter.tensor.array.elements == expected.parameter.tensor.array.elements)
        }
    }

    @Test("A resume with another recipe or other data is refused and says what differs")
    func otherIdentity() throws {
        let data = try scratch.table()
        try train(recipe(), data, in: "run", until: 10)
        let before = try content("run", "state.safetensors")
        let recipeError = try #require(
            fileError {
                try train(
                    recipe("training.learning_rate=0.5"), data, in: "run", resume: true)
            })
        #expect(recipeError.kind == .badData)
        #expect(recipeError.expected == "training.learning_rate=0.01")
        #expect(recipeError.found == "training.learning_rate=0.5")
        let several = fileError {
            try train(
                recipe("training.epochs=2", "model.hidden=[3]"), data, in: "run", resume: true)
        }
        #expect(
            several?.found == "model.hidden=[3], no training.steps, training.epochs=2.0",
            "\(several?.found ?? "")")
        let dataError = try #require(
            fileError {
                try train(recipe(), scratch.table(seed: 2), in: "run", resume: true)
            })
        #expect(dataError.problem == "the run was started with other data")
        #expect(try content("run", "state.safetensors") == before)
    }

    @Test("A second writer on a run directory is refused and told who has it")
    func twoWriters() throws {
        let path = scratch.file("run")
        let first = try RunDirectory(path: path, resume: false)
        let error = try withExtendedLifetime(first) {
            try #require(fileError { _ = try RunDirectory(path: path, resume: false) })
        }
        #expect(error.description.contains("process \(getpid())"), "\(error)")
    }

    @Test("A directory in which nothing was begun goes, with the folders made for it")
    func unused() throws {
        let outer = scratch.file("new")
        try RunDirectory(path: outer + "/deep/run", resume: false).removeIfUnused()
        #expect(!FileManager.default.fileExists(atPath: outer))
        try FileManager.default.createDirectory(
            atPath: outer, withIntermediateDirectories: false)
        try RunDirectory(path: outer + "/run", resume: false).removeIfUnused()
        #expect(try FileManager.default.contentsOfDirectory(atPath: outer) == [])
        try train(recipe(), scratch.table(), in: "run", until: 10)
        let before = try content("run", "state.safetensors")
        try RunDirectory(path: scratch.file("run"), resume: true).removeIfUnused()
        #expect(try content("run", "state.safetensors") == before)
    }

    @Test("A run that was killed before its first state goes on with its own data only")
    func onlyBegun() throws {
        let data = try scratch.table()
        do {
            // Made and let go: all that a kill before the first check leaves.
            let run = try RunDirectory(path: scratch.file("run"), resume: false)
            _ = try ModelTraining(recipe: recipe(), source: TrainingSource(data), run: run)
        }
        let other = fileError {
            try train(recipe(), scratch.table(seed: 2), in: "run", resume: true)
        }
        #expect(other?.problem == "the run was started with other data")
        try train(recipe(), data, in: "run", resume: true)
        try train(recipe(), data, in: "whole")
        #expect(try content("run", "model.safetensors") == content("whole", "model.safetensors"))
        // Without its state and its summary, but with a checkpoint, it does not begin anew.
        for name in ["state.safetensors", "summary.json"] {
            try FileManager.default.removeItem(atPath: scratch.file("run/\(name)"))
        }
        let lost = fileError { try train(recipe(), data, in: "run", resume: true) }
        #expect(lost?.problem.contains("state of the run is lost") == true)
    }

    @Test("A folder that is refused keeps every file in it as it was")
    func refusedFolder() throws {
        let files = ["lock": "mine", ".download.partial": "half", "summary.json": "{}"]
        try FileManager.default.createDirectory(
            atPath: scratch.file("mine"), withIntermediateDirectories: false)
        for (name, text) in files { _ = try scratch.write(text, to: "mine/\(name)") }
        let error = fileError { _ = try RunDirectory(path: scratch.file("mine"), resume: false) }
        #expect(error?.found == "summary.json")
        for (name, text) in files { #expect(try content("mine", name) == Array(text.utf8)) }
        try FileManager.default.removeItem(atPath: scratch.file("mine/summary.json"))
        let lock = fileError { _ = try RunDirectory(path: scratch.file("mine"), resume: false) }
        #expect(lock?.file.hasSuffix("mine/lock") == true)
        #expect(try content("mine", "lock") == Array("mine".utf8))
    }

    @Test("A finished run is not overwritten, and a run that is not there not resumed")
    func existingRun() throws {
        let data = try scratch.table()
        #expect(
            fileError { try train(recipe(), data, in: "run", resume: true) }?.kind == .missing)
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run")))
        try train(recipe(), data, in: "run")
        let before = try content("run", "model.safetensors")
        let error = fileError { try train(recipe(), data, in: "run") }
        #expect(error?.kind == .badData && error?.advice?.contains("--resume") == true)
        #expect(try content("run", "model.safetensors") == before)
    }

    @Test("Where there is a checkpoint there is a state: a killed run can go on")
    func stateFromTheFirstCheckOn() throws {
        let data = try scratch.table()
        let run = try RunDirectory(path: scratch.file("run"), resume: false)
        var training = try ModelTraining(
            recipe: recipe(), source: TrainingSource(data), run: run)
        var checks = 0
        _ = try training.run(
            shouldStop: {
                if checks == 1 {
                    #expect(FileManager.default.fileExists(atPath: run.model))
                    #expect(FileManager.default.fileExists(atPath: run.state))
                }
                return false
            }, onCheck: { _ in checks += 1 })
        #expect(checks == 5)
    }

    @Test("A damaged state is refused, whatever happened to it")
    func damagedState() throws {
        let data = try scratch.table()
        try train(recipe(), data, in: "run", until: 10)
        let path = scratch.file("run/state.safetensors")
        let whole = try bytes(of: path)
        for length in [0, 7, 100, whole.count / 2, whole.count - 1] {
            try Data(whole[..<length]).write(to: URL(filePath: path))
            let error = fileError { try train(recipe(), data, in: "run", resume: true) }
            #expect(error?.kind == .badData)
            #expect(error?.advice?.contains("--start") == true, "the checkpoint is whole")
        }
        for place in [3, 60, whole.count / 2, whole.count - 1] {
            var damaged = whole
            damaged[place] ^= 4
            try Data(damaged).write(to: URL(filePath: path))
            #expect(
                fileError { try train(recipe(), data, in: "run", resume: true) }?.kind == .badData)
        }
    }
}
