import Datasets
import Files
import Foundation
import QuantileTraining
import Testing

/// Runs side by side: where their recipes differ and how far they came.
@Suite struct ExperimentTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func train(
        _ folder: String, _ overrides: [String] = [], until last: Int = .max, resume: Bool = false
    ) throws {
        try train(folder, on: scratch.table(), overrides, until: last, resume: resume)
    }

    private func train(
        _ folder: String, on data: TabularData, _ overrides: [String] = [], until last: Int = .max,
        resume: Bool = false
    ) throws {
        let recipe = try Recipe(
            name: "test",
            settings: Settings(
                yaml: """
                    model: {hidden: [8]}
                    training: {steps: 20, batch: 16, learning_rate: 0.01}
                    validation: {every: 5}
                    """, file: "test.yaml"), overrides: overrides)
        let run = try RunDirectory(path: scratch.file(folder), resume: resume)
        var training = try ModelTraining(
            recipe: recipe, source: TrainingSource(data), run: run)
        var done = training.stepsDone
        _ = try training.run(shouldStop: { done >= last }, onStep: { done = $0 })
    }

    @Test("Runs are listed best first, with the keys in which they differ")
    func table() throws {
        try train("runs/a")
        try train("runs/b", ["training.learning_rate=0.0001"])
        try train("runs/deep/c", ["model.hidden=[4, 4]"], until: 12)
        let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(Set(table.experiments.map(\.name)) == ["a", "b", "deep/c"])
        #expect(table.keys == ["model.hidden", "training.learning_rate"])
        let scores = table.experiments.compactMap(\.validationPinball)
        #expect(scores.count == 3 && scores == scores.sorted())
        let best = try #require(table.best)
        #expect(best.validationPinball == scores[0])
        let c = try #require(table.experiments.first { $0.name == "deep/c" })
        #expect(c.state == .interrupted && c.steps == 12 && c.stepsTotal == 20)
        #expect(c.value(of: "model.hidden") == "[4, 4]")
        let a = try #require(table.experiments.first { $0.name == "a" })
        #expect(a.state == .finished && a.steps == 20 && (a.seconds ?? 0) > 0)
        #expect(table.bestOverSeeds == nil)
    }

    @Test("None is the best of runs that were checked on different rows")
    func otherRows() throws {
        try train("runs/a")
        try train("runs/b", ["training.learning_rate=0.0001"])
        try train("runs/c", on: scratch.table(seed: 2))
        let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(table.best == nil)
        #expect(Set(table.comparable.map { Set($0.map(\.name)) }) == [["a", "b"], ["c"]])
    }

    @Test("None is the best of runs of other levels or weights, nor where nobody knows the rows")
    func otherMeaning() throws {
        try train("runs/a")
        try train("runs/b", ["levels=[0.05, 0.5]"])
        let text = try String(contentsOfFile: scratch.table().file, encoding: .utf8)
            .split(separator: "\n").enumerated().map {
                "\($1),\($0 == 0 ? "weight" : "\(1 + $0 % 2)")\n"
            }
        let weighted = try TabularData(path: scratch.write(text.joined(), to: "weighted.csv"))
        try train("runs/c", on: weighted)
        func groups() throws -> Int {
            let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
            #expect(table.best == nil)
            return table.comparable.count
        }
        #expect(try groups() == 3)
        // As versions before this one left it.
        try FileManager.default.removeItem(atPath: scratch.file("runs/c"))
        for name in ["a", "b"] {
            let path = scratch.file("runs/\(name)/summary.json")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            let kept = lines.filter { !$0.contains("validation_fingerprint") }
            try #require(kept.count == lines.count - 1)
            _ = try scratch.write(
                kept.joined(separator: "\n"), to: "runs/\(name)/summary.json")
        }
        #expect(try groups() == 2)
    }

    @Test("Folds check on the same rows whatever the seed that deals them")
    func folds() throws {
        for seed in 0..<2 {
            try train("runs/\(seed)", ["validation.folds=2", "training.seed=\(seed)"])
        }
        let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(table.experiments.count == 2 && table.best != nil)
    }

    @Test("A run that was refused before its first step is listed with the reason")
    func refusal() throws {
        try train("runs/a")
        try Experiment.noteRefusal(
            of: Recipe("tabular-small"), "no room", in: scratch.file("runs/b"))
        let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(table.experiments.map(\.state) == [.finished, .failed])
        #expect(table.experiments[1].problem == "no room" && table.best?.name == "a")
    }

    @Test("What a run says of itself: training while it does, and interrupted where it was killed")
    func states() throws {
        try train("run", until: 12)
        let path = scratch.file("run/summary.json")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try Data(text.replacing("interrupted", with: "training").utf8)
            .write(to: URL(filePath: path))
        func state() throws -> Experiment.State? {
            try Experiment.all(in: scratch.file("run")).first?.state
        }
        #expect(try state() == .interrupted, "nobody holds its lock")
        let held = try RunDirectory(path: scratch.file("run"), resume: true)
        let whileHeld = try withExtendedLifetime(held) { try state() }
        #expect(whileHeld == .running)
        try FileManager.default.removeItem(atPath: path)
        #expect(fileError { _ = try Experiment.all(in: scratch.file("nothing")) }?.kind == .missing)
    }

    @Test("A run whose recipe cannot be read is listed as damaged, beside the others")
    func damaged() throws {
        try train("runs/a")
        try train("runs/b", ["training.learning_rate=0.0001"])
        _ = try scratch.write("{", to: "runs/b/recipe.yaml")
        let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(table.experiments.map(\.name) == ["a", "b"] && table.best?.name == "a")
        #expect(table.experiments.map(\.state) == [.finished, .damaged])
        #expect(table.experiments[1].problem?.contains("runs/b/recipe.yaml") == true)
        #expect(table.keys.isEmpty)
        let alone = fileError { _ = try Experiment.all(in: scratch.file("runs/b")) }
        #expect(alone?.kind == .badData)
    }

    @Test("A run that failed says why; one that goes on adds to its time")
    func failureAndTime() throws {
        #expect(throws: NonFiniteLoss.self) {
            try train(
                "bad",
                [
                    "training.learning_rate=10", "training.clip=null", "model.residual=true",
                    "model.hidden=[32,32,32,32,32,32,32,32,32,32,32,32,32,32,32,32,32,32,32,32]",
                    "validation.every=1", "training.steps=1000", "training.patience=1000",
                ])
        }
        let bad = try #require(try Experiment.all(in: scratch.file("bad")).first)
        #expect(bad.state == .failed && bad.problem?.contains("at ") == true)

        try train("run", until: 12)
        let before = try #require(try Experiment.all(in: scratch.file("run")).first?.seconds)
        try train("run", resume: true)
        let after = try #require(try Experiment.all(in: scratch.file("run")).first)
        #expect(after.state == .finished && (after.seconds ?? 0) > before)
    }

    @Test("With several seeds the best settings are those of the lowest mean")
    func seeds() throws {
        for (name, rate) in [("slow", "0.0001"), ("fast", "0.01")] {
            for seed in 0..<2 {
                try train(
                    "runs/\(name)-\(seed)",
                    ["training.learning_rate=\(rate)", "training.seed=\(seed)"])
            }
        }
        let table = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        let best = try #require(table.bestOverSeeds)
        #expect(best.runs.count == 2)
        #expect(best.runs.allSatisfy { $0.name.hasPrefix("fast") })
        let mean = best.runs.compactMap(\.validationPinball).reduce(0, +) / 2
        #expect(best.meanPinball == mean)
        try train(
            "stopped/fast-1", ["training.learning_rate=0.01", "training.seed=1"], until: 12)
        let stopped =
            try table.experiments.filter { $0.name != "fast-1" }
            + Experiment.all(in: scratch.file("stopped"))
        #expect(stopped.count == 4 && ExperimentTable(stopped).bestOverSeeds == nil)
        // Of a sweep that is half done nothing is known yet, and of one group's runs on other data.
        let three = table.experiments.filter { $0.name != "slow-1" }
        #expect(ExperimentTable(three).bestOverSeeds == nil)
        let two = table.experiments.filter { $0.name.hasPrefix("fast") }
        #expect(ExperimentTable(two).bestOverSeeds?.runs.count == 2)
        try train(
            "others/fast-1", on: scratch.table(seed: 2),
            ["training.learning_rate=0.01", "training.seed=1"])
        let mixed =
            try two.filter { $0.name == "fast-0" } + Experiment.all(in: scratch.file("others"))
        #expect(mixed.count == 2 && ExperimentTable(mixed).bestOverSeeds == nil)
        // One more seed of one of the two, or other rows, and the means are of different things.
        try train("runs/other-2", ["training.learning_rate=0.0001", "training.seed=2"])
        let uneven = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(uneven.bestOverSeeds == nil)
        try FileManager.default.removeItem(atPath: scratch.file("runs/other-2"))
        try FileManager.default.removeItem(atPath: scratch.file("runs/slow-1"))
        try train(
            "runs/slow-1", on: scratch.table(seed: 2),
            ["training.learning_rate=0.0001", "training.seed=1"])
        let other = ExperimentTable(try Experiment.all(in: scratch.file("runs")))
        #expect(other.bestOverSeeds == nil)
    }
}
