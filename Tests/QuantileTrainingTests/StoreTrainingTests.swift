import Arrays
import Datasets
import Files
import Foundation
import Inference
import QuantileModels
import QuantileTraining
import Quantiles
import Random
import Testing

/// Training on a feature store, and scoring it.
@Suite struct StoreTrainingTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("Days go to training, validation and test in order of time, with a day between")
    func split() throws {
        let dates = (1...20).map { String(format: "2024-01-%02d", $0) }
        let split = try ChronologicalSplit(
            .init(warmUp: 3, validation: 2, test: 4, embargo: 2), of: dates, file: "store")
        #expect(split.train == "2024-01-04"..."2024-01-10")
        #expect(split.validation == "2024-01-13"..."2024-01-14")
        #expect(split.test == "2024-01-17"..."2024-01-20")
        let error = fileError {
            _ = try ChronologicalSplit(
                .init(warmUp: 10, validation: 4, test: 4, embargo: 1), of: dates, file: "store")
        }
        #expect(error?.kind == .badData && error?.found == "20")
    }

    @Test("A row that was reported only after validation began is no training row")
    func purge() throws {
        let source = try TrainingSource(
            [scratch.store("purge", days: 16)],
            days: .init(warmUp: 2, validation: 4, test: 5, embargo: 1))
        // Training is days 3 to 5: only the late report of day 5 comes after day 7 began.
        #expect(source.training.labels.count == 3 * TestStore.rowsPerDay - 1)
        // Validation is days 7 to 10, test begins on day 12: that of day 10 is too late.
        #expect(source.validation.labels.count == 4 * TestStore.rowsPerDay - 1)
        #expect(source.provenance["split.test"] == "2024-01-12..2024-01-16")
        let first = source.training.features([0])
        #expect(first.count == 10 && first[0] == 1)
    }

    @Test("More stores add training rows of their own, none of the first one's validation days on")
    func severalStores() throws {
        let days = ChronologicalSplit.Days(warmUp: 2, validation: 4, test: 5, embargo: 1)
        let (first, other) = try (
            scratch.store("a", days: 16), scratch.store("b", days: 20, seed: 4)
        )
        let one = try TrainingSource([first], days: days)
        let both = try TrainingSource([first, other], days: days)
        let rows = one.training.labels.count
        // Days 3 to 5 of each; the late report of day 5 is purged in both.
        #expect(both.training.labels.count == 2 * rows)
        #expect(both.validation.labels == one.validation.labels)
        #expect(both.training.labels.prefix(rows) == one.training.labels[...])
        #expect(both.training.labels.suffix(rows) != one.training.labels[...])
        #expect(both.fingerprint != one.fingerprint)
        #expect(both.provenance["split.test"] == one.provenance["split.test"])

        // A row is the same wherever it stands among those that are asked for.
        let alone = try TrainingSource([other], days: days)
        let width = 10
        let found = both.training.features([rows + 7, 3, rows])
        #expect(Array(found[..<width]) == alone.training.features([7]))
        #expect(Array(found[width..<2 * width]) == one.training.features([3]))
        #expect(Array(found[(2 * width)...]) == alone.training.features([0]))

        let strange = try scratch.store("c", days: 16, schema: TestStore.schema(version: 2))
        let error = fileError { _ = try TrainingSource([first, strange], days: days) }
        #expect(error?.expected == first.schema.hash && error?.found == strange.schema.hash)
        let early = fileError {
            _ = try TrainingSource([first, scratch.store("d", days: 2)], days: days)
        }
        #expect(early?.problem == "no days to train on")
    }

    @Test("Several stores, interrupted anywhere and resumed: the files of a run left alone")
    func severalStoresResumed() throws {
        let stores = try [scratch.store("a", days: 16), scratch.store("b", days: 16, seed: 4)]
        func train(_ folder: String, resume: Bool = false, until last: Int = .max) throws {
            let recipe = try TestStore.recipe(
                "training.epochs=6", "validation.every=7", "training.batch=50")
            let run = try RunDirectory(path: scratch.file(folder), resume: resume)
            var training = try ModelTraining(
                recipe: recipe, source: TrainingSource(stores, days: recipe.days), run: run)
            // Days 3 to 5 of two stores, less a late report of each.
            #expect(training.stepsTotal == (6 * 2 * (3 * TestStore.rowsPerDay - 1) + 49) / 50)
            var done = training.stepsDone
            _ = try training.run(shouldStop: { done >= last }, onStep: { done = $0 })
        }
        try train("whole")
        for (position, stop) in [3, 4, 11, 20].enumerated() {
            try train("parts", resume: position > 0, until: stop)
        }
        try train("parts", resume: true)
        for name in ["model.safetensors", "state.safetensors", "metrics.jsonl", "recipe.yaml"] {
            #expect(
                try bytes(of: scratch.file("whole/\(name)"))
                    == bytes(of: scratch.file("parts/\(name)")), "\(name)")
        }
    }

    @Test("Trained, interrupted, resumed and scored: prices come near the truth, in their columns")
    func endToEnd() throws {
        let store = try scratch.store("store", days: 22)
        func train(_ folder: String, resume: Bool = false, until last: Int = .max) throws {
            let recipe = try TestStore.recipe()
            let run = try RunDirectory(path: scratch.file(folder), resume: resume)
            var training = try ModelTraining(
                recipe: recipe, source: TrainingSource([store], days: recipe.days), run: run)
            var done = training.stepsDone
            _ = try training.run(shouldStop: { done >= last }, onStep: { done = $0 })
        }
        try train("whole")
        try train("parts", until: 130)
        try train("parts", resume: true)
        let path = scratch.file("whole/model.safetensors")
        #expect(try bytes(of: path) == bytes(of: scratch.file("parts/model.safetensors")))

        let model = try Checkpoint.load(path)
        #expect(model.target == .residual && model.recalibration.kind == .conformal)
        let scorer = StoreScorer(model: model)
        let rows = try scorer.rows(of: store, part: .test)
        #expect(rows == 17 * TestStore.rowsPerDay..<22 * TestStore.rowsPerDay)
        let output = scratch.file("forecasts.csv")
        try scorer.score(store, rows: rows, to: output)
        let table = try ForecastTable(path: output)
        #expect(table.rowCount == 5 * TestStore.rowsPerDay)
        #expect(table.otherColumns.map(\.name).contains("trade_id"))
        let median = table.tiles(level: table.levels.medianIndex)
        let label = try #require(table.label)
        let error = zip(median, label).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(label.count)
        // The label's own mean absolute deviation is about 0.6 points, its noise's 0.04.
        #expect(error < 0.15, "\(error)")
        for row in 0..<table.rowCount {
            let tiles = Array(table.tiles(row: row))
            #expect(tiles == tiles.sorted())
        }
    }

    @Test(
        "Numbers that cannot be are refused by training and scoring, with shard, row and column",
        arguments: [
            (FeatureStore.FloatColumn.label, Float.nan), (.label, .infinity), (.reference, .nan),
            (.scale, 0), (.scale, -1), (.weight, -1), (.weight, .infinity),
        ])
    func unsound(_ column: FeatureStore.FloatColumn, _ value: Float) throws {
        let sound = try scratch.store("sound", days: 22)
        let days = try TestStore.recipe().days
        _ = try TrainingSource([sound], days: days)
        let store = try scratch.store("unsound", days: 22) { day, rows in
            guard day == 7 else { return }
            switch column {
            case .label: rows.label[5] = value
            case .reference: rows.reference[5] = value
            case .scale: rows.scale[5] = value
            case .weight: rows.weight[5] = value
            }
        }
        let scorer = StoreScorer(
            model: try Checkpoint.load(
                "\(CheckpointFixtureTests.folder)/format-2-two-stage.safetensors"))
        for error in [
            fileError { _ = try TrainingSource([store], days: days) },
            fileError {
                try scorer.score(store, rows: 0..<store.rowCount, to: scratch.file("none.csv"))
            },
        ] {
            #expect(error?.file.hasSuffix("unsound/2024-01-08.safetensors") == true)
            #expect(error?.column == column.rawValue && error?.found == "\(value)")
            #expect(error?.problem == "row 5 of the shard is unsound")
        }
    }

    @Test(
        "Times that are not of a shard's day, or not in order, are refused",
        arguments: [
            (FeatureStore.TimeColumn.time, Int64(0)), (.time, .min), (.time, .max),
            (.time, 1_704_672_000_000_000_000 + 36 * 3_600_000_000_000),
            (.time, 1_704_672_000_000_000_000), (.reportTime, .min), (.reportTime, 0),
        ])
    func unsoundTimes(_ column: FeatureStore.TimeColumn, _ value: Int64) throws {
        let store = try scratch.store("unsound", days: 22) { day, rows in
            guard day == 7 else { return }
            switch column {
            case .time: rows.time[5] = value
            case .reportTime: rows.reportTime[5] = value
            }
        }
        let days = try TestStore.recipe().days
        let error = fileError { _ = try TrainingSource([store], days: days) }
        #expect(error?.file.hasSuffix("unsound/2024-01-08.safetensors") == true)
        #expect(error?.column == column.rawValue && error?.found == "\(value)")
    }

    @Test("Weights that are all 0, and features that are not finite, are refused as what they are")
    func unusable() throws {
        let weightless = try scratch.store("weightless", days: 22) { _, rows in
            rows.weight = rows.weight.map { _ in 0 }
        }
        let recipe = try TestStore.recipe()
        let weights = fileError { _ = try TrainingSource([weightless], days: recipe.days) }
        #expect(weights?.column == "weight")
        #expect(weights?.problem == "every training row has weight 0")
        for value in [Float.nan, .infinity] {
            let store = try scratch.store(
                "\(value)", days: 22,
                editFeatures: { _, block in
                    for row in 0..<TestStore.rowsPerDay { block.state(row: row)[3] = value }
                })
            let error = fileError {
                _ = try ModelTraining(
                    recipe: recipe, source: TrainingSource([store], days: recipe.days),
                    run: RunDirectory(path: scratch.file("run-\(value)"), resume: false))
            }
            #expect(error?.column == "s3" && error?.found == "\(value)")
            #expect(error?.problem == "a feature is not finite")
        }
    }

    @Test("A store of another schema is refused, and so is a table for residuals")
    func refused() throws {
        let recipe = try TestStore.recipe("training.steps=2")
        let run = try RunDirectory(path: scratch.file("run"), resume: false)
        var training = try ModelTraining(
            recipe: recipe,
            source: TrainingSource([scratch.store("a", days: 16)], days: recipe.days),
            run: run)
        guard case .finished(let model) = try training.run(shouldStop: { false }) else {
            Issue.record("not finished")
            return
        }
        let other = try scratch.store("b", days: 3, schema: TestStore.schema(version: 2))
        let error = fileError {
            try StoreScorer(model: model).score(other, rows: 0..<5, to: scratch.file("x.csv"))
        }
        #expect(
            error?.kind == .badData
                && error?.found?.hasSuffix("schema " + other.schema.hash) == true)
        let table = try scratch.table()
        let residual = fileError {
            _ = try ModelTraining(
                recipe: recipe, source: TrainingSource(table),
                run: RunDirectory(path: scratch.file("table"), resume: false))
        }
        #expect(residual?.problem.contains("'target'") == true && residual?.advice != nil)
        let folds = fileError {
            let recipe = try TestStore.recipe("validation.folds=3")
            _ = try ModelTraining(
                recipe: recipe,
                source: TrainingSource([scratch.store("c", days: 16)], days: recipe.days),
                run: RunDirectory(path: scratch.file("folds"), resume: false))
        }
        #expect(folds?.problem.contains("'validation.folds'") == true)
    }
}
