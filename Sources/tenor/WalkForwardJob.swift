import Datasets
import Files
import Foundation
import Inference
import QuantileModels
import QuantileTraining
import Terminal

/// The trainings of a walk forward, one after the other, each in a folder of its own with its
/// checkpoint and the forecasts of its test days; at the end all forecasts are one table.
struct WalkForwardJob {
    let recipe: Recipe
    let walkForward: WalkForward
    let data: [String]
    /// The folder of the windows.
    let path: String

    struct Result: Encodable {
        struct Window: Encodable {
            let checkpoint: String
            let training: String
            let validation: String
            let test: String
            let testRows: Int
            let validationPinball: Double?
        }

        let forecasts: String
        let windows: [Window]
    }

    /// Trains and scores every window that is not finished.
    ///
    /// - Parameter start: The model that the first window goes on from.
    /// - Throws: `ExitCode` 130 where Ctrl-C stopped it.
    func run(resume: Bool, start: WarmStart?) throws -> Result {
        let store = try FeatureStore(path: data[0])
        let dates = store.shards.map(\.date)
        let days = walkForward.windows(recipe.days)
        // Every split is made first, so that too few days show before the first hour is spent.
        let splits = try days.map {
            try ChronologicalSplit($0, of: dates, file: store.path)
        }
        var jobs = days.enumerated().map { index, days in
            var recipe = recipe
            recipe.days = days
            return TrainingJob(
                recipe: recipe, data: data, label: "price", path: "\(path)/window-\(index + 1)")
        }
        jobs[0].start = start
        try TrainingJob.check(jobs, in: path, resume: resume)
        let joined = "\(path)/forecasts.csv"
        let foreign =
            (jobs.contains(where: \.isHeld) ? [] : [joined])
            + jobs.filter { !$0.isHeld }.map(\.forecasts)
        if let file = foreign.first(where: FileManager.default.fileExists) {
            throw FileError(
                .badData, file: file, "a file has the name of forecasts that will be made",
                advice: "Choose another --out")
        }
        for (index, split) in splits.enumerated() {
            let count = dates.count(where: split.train.contains)
            guard let asked = walkForward.trainDays, count < asked else { continue }
            StandardError.warn(
                "window \(index + 1) trains on \(count) days, not on \(asked): the store has no more "
                    + "before them")
        }

        var windows: [Result.Window] = []
        for (index, split) in splits.enumerated() {
            guard let test = split.test else { continue }
            let name = "window \(index + 1) of \(jobs.count)"
            let job = jobs[index]
            if try !job.isFinished() { try job.complete(name: name) }
            let model = try Checkpoint.load(job.checkpoint)
            if walkForward.isWarmStarted, index + 1 < jobs.count {
                jobs[index + 1].start = WarmStart(model, file: job.checkpoint)
            }
            let rows = store.rows(from: test.lowerBound, through: test.upperBound)
            // Anew on a resume too: it takes seconds, and the days of test may be others by now.
            try StoreScorer(model: model).score(store, rows: rows, to: job.forecasts) { _ in
                try Interruption.check()
            }
            windows.append(
                .init(
                    checkpoint: job.checkpoint, training: Self.text(split.train),
                    validation: Self.text(split.validation), test: Self.text(test),
                    testRows: rows.count,
                    validationPinball: try Experiment(path: job.path, name: name).validationPinball)
            )
        }
        try join(jobs.map(\.forecasts), into: joined)
        return Result(forecasts: joined, windows: windows)
    }

    /// Tables of the same columns as one, in their order.
    private func join(_ tables: [String], into output: String) throws {
        try AtomicFile.write(to: output) { sink in
            for (index, table) in tables.enumerated() {
                let bytes = try FileContents.bytes(of: table)
                let header = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
                try sink.append(Array(bytes[(index == 0 ? 0 : header)...]))
            }
        }
    }

    private static func text(_ days: ClosedRange<String>) -> String {
        "\(days.lowerBound) to \(days.upperBound)"
    }
}

extension TrainingJob {
    fileprivate var checkpoint: String { "\(path)/model.safetensors" }
    fileprivate var forecasts: String { "\(path)/forecasts.csv" }
}
