import Datasets
import Files
import Foundation
import QuantileModels
import QuantileTraining
import Testing

/// Windows of a walk forward, and trainings that go on from a trained network.
@Suite struct WalkForwardTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let dates = (1...30).map { String(format: "2024-01-%02d", $0) }

    private func splits(_ yaml: String) throws -> [ChronologicalSplit] {
        let recipe = try TestStore.recipe("walk_forward=\(yaml)")
        return try #require(recipe.walkForward).windows(recipe.days).map {
            try ChronologicalSplit($0, of: Self.dates, file: "store")
        }
    }

    @Test("Test periods follow one another; an expanding window begins after the warm-up")
    func expanding() throws {
        let splits = try splits("{windows: 3}")
        #expect(
            splits.map(\.test) == [
                "2024-01-16"..."2024-01-20", "2024-01-21"..."2024-01-25",
                "2024-01-26"..."2024-01-30",
            ])
        // Two days of warm-up; an embargo, four days of validation and an embargo before test.
        #expect(
            splits.map(\.train) == [
                "2024-01-03"..."2024-01-09", "2024-01-03"..."2024-01-14",
                "2024-01-03"..."2024-01-19",
            ])
        #expect(splits.map(\.validation.lowerBound) == ["2024-01-11", "2024-01-16", "2024-01-21"])
        #expect(splits.map(\.validation.upperBound) == ["2024-01-14", "2024-01-19", "2024-01-24"])
    }

    @Test("A rolling window keeps its length, where there are so many days")
    func rolling() throws {
        let splits = try splits("{windows: 3, window: rolling, train_days: 10}")
        #expect(
            splits.map(\.train) == [
                "2024-01-03"..."2024-01-09", "2024-01-05"..."2024-01-14",
                "2024-01-10"..."2024-01-19",
            ])
    }

    @Test("What a walk forward cannot be is refused")
    func wrongSections() throws {
        let length = fileError { _ = try splits("{window: rolling}") }
        #expect(length?.problem.contains("walk_forward.train_days") == true)
        #expect(length?.found == "none")
        let fixed = fileError { _ = try splits("{train_days: 10}") }
        #expect(fixed?.problem.contains("walk_forward.train_days") == true && fixed?.found == "10")
        let untested = fileError {
            _ = try TestStore.recipe("walk_forward={windows: 2}", "validation.test_days=0")
        }
        #expect(untested?.problem.contains("validation.test_days") == true)
        let early = fileError { _ = try splits("{windows: 6}") }
        #expect(early?.problem == "too few trading days for the split")
        #expect(early?.expected?.contains("25 of later windows") == true)
    }

    private func training(
        _ recipe: Recipe, _ store: FeatureStore, _ folder: String, resume: Bool = false,
        start: QuantileModel? = nil
    ) throws -> ModelTraining {
        try ModelTraining(
            recipe: recipe, source: TrainingSource([store], days: recipe.days),
            run: RunDirectory(path: scratch.file(folder), resume: resume),
            start: start.map { WarmStart($0, file: "start.safetensors") })
    }

    private func trained(_ training: ModelTraining) throws -> (QuantileModel, Double) {
        var training = training
        guard case .finished(let model) = try training.run(shouldStop: { false }) else {
            throw FileError(.badData, file: "training", "not finished")
        }
        return (model, training.validationPinball)
    }

    /// A recipe of few steps, that leaves so many days for later windows.
    private func short(_ later: Int) throws -> Recipe {
        var recipe = try TestStore.recipe("training.steps=60", "validation.every=20")
        recipe.days.later = later
        return recipe
    }

    @Test("A warm start goes on from the weights and transforms, and never ends below the start")
    func warmStart() throws {
        let store = try scratch.store("store", days: 26)
        let (first, _) = try trained(training(short(5), store, "first"))
        let (cold, coldPinball) = try trained(training(short(0), store, "cold"))
        let beginning = try training(short(0), store, "warm", start: first)
        let startPinball = beginning.validationPinball
        let (warm, warmPinball) = try trained(beginning)
        #expect(startPinball < 0.5)
        #expect(warmPinball <= startPinball)
        // Twice the steps on data of one law: better than from nothing.
        #expect(warmPinball < coldPinball)
        #expect(warm.nets[0].inputs == first.nets[0].inputs)
        #expect(cold.nets[0].inputs != first.nets[0].inputs)
        #expect(warm.provenance["start"] != nil && cold.provenance["start"] == nil)
        #expect(warm.provenance["split.test"] == "2024-01-22..2024-01-26")
    }

    @Test("What the start of a start has seen counts as seen")
    func ancestors() throws {
        let store = try scratch.store("store", days: 26)
        let (late, _) = try trained(training(short(2), store, "late"))
        // Its own days end earlier than those of the one it goes on from.
        var middle = try short(2)
        middle.days.embargo = 3
        middle.days.validation = 2
        middle.days.test = 4
        let (passed, _) = try trained(training(middle, store, "middle", start: late))
        #expect(passed.provenance["split.train"] == "2024-01-03..2024-01-12")
        #expect(passed.provenance["start.train.last"] == "2024-01-13")
        var judge = try short(2)
        judge.days.validation = 6
        let refused = fileError { _ = try training(judge, store, "judge", start: passed) }
        #expect(refused?.found == "days to 2024-01-13", "\(refused?.description ?? "accepted")")
    }

    @Test("A warm start that was interrupted and resumed leaves the same bytes")
    func resumed() throws {
        let store = try scratch.store("store", days: 26)
        let (first, _) = try trained(training(short(5), store, "first"))
        _ = try trained(training(short(0), store, "whole", start: first))
        // In a scope of its own: the folder stays locked as long as its training lives.
        do {
            var part = try training(short(0), store, "part", start: first)
            var done = 0
            _ = try part.run(shouldStop: { done >= 33 }, onStep: { done = $0 })
        }
        let other = fileError { _ = try training(short(0), store, "part", resume: true) }
        #expect(other?.problem == "the run was started from another checkpoint")
        #expect(other?.found == "none", "\(other?.found ?? "")")
        _ = try trained(training(short(0), store, "part", resume: true, start: first))
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl"] {
            #expect(
                try bytes(of: scratch.file("whole/\(name)"))
                    == bytes(of: scratch.file("part/\(name)")), "\(name)")
        }
    }

    @Test("A start of another make, or that saw the days it would be judged on, is refused")
    func refusedStarts() throws {
        let store = try scratch.store("store", days: 26)
        let (late, _) = try trained(training(short(0), store, "late"))
        let seen = fileError { _ = try training(short(5), store, "seen", start: late) }
        func problem(_ text: String) -> String { "cannot start from it: " + text }
        #expect(
            seen?.problem
                == problem("its train days reach into the validation days of this training"))
        #expect(seen?.file == "start.safetensors")
        var wide = try TestStore.recipe("model.hidden=[8]", "model.input_gates=0.5")
        wide.days.later = 0
        let network = fileError { _ = try training(wide, store, "wide", start: late) }
        #expect(network?.problem == problem("the network is another"))
        #expect(network?.expected == "model.hidden=[8] model.input_gates=0.5", "only what differs")
        #expect(network?.found == "model.hidden=[16, 8] model.input_gates=null")
        let levels = fileError {
            _ = try training(
                TestStore.recipe("levels=[0.5]", "recalibration=none"), store, "levels", start: late
            )
        }
        #expect(levels?.problem == problem("the levels differ"))
        var kept = try TestStore.recipe()
        kept.keptMembers = 2
        let members = fileError { _ = try training(kept, store, "kept", start: late) }
        #expect(members?.found == "kept_members=2")
        let transform = fileError {
            _ = try training(
                TestStore.recipe("inputs.transform=standard"), store, "transform", start: late)
        }
        #expect(transform?.expected == "inputs.transform=standard")
        #expect(transform?.found == "inputs.transform=clipped")
        let changed = try scratch.store("changed", days: 26, schema: TestStore.schema(version: 2))
        let schema = fileError { _ = try training(short(0), changed, "changed", start: late) }
        #expect(schema?.problem == problem("the features differ"))
    }
}
