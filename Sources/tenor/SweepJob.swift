import Datasets
import Files
import QuantileTraining
import Terminal

/// The runs of a sweep, one after the other, each in a folder of its own.
struct SweepJob {
    let sweep: Sweep
    /// Of one run.
    let recipe: (Sweep.Run) throws -> Recipe
    let data: [String]
    let label: String
    /// The folder of the runs.
    let path: String

    /// Trains every run that is not finished.
    ///
    /// A run that fails is told and left; the others go on.
    /// - Returns: The names of those that failed.
    /// - Throws: `ExitCode` 130 where Ctrl-C stopped it.
    func run(resume: Bool) throws -> [String] {
        // Every recipe is read first, so that a wrong value shows before the first hour is spent.
        let jobs = try sweep.runs.map { run in
            TrainingJob(
                recipe: try recipe(run), data: data, label: label,
                path: "\(path)/\(run.name)")
        }
        guard jobs.allSatisfy({ $0.recipe.walkForward == nil }) else {
            throw FileError(
                .badData, file: path,
                "'walk_forward': a sweep is of single trainings",
                expected: "a recipe without walk_forward",
                advice: "Walk forward with the best settings afterwards")
        }
        var names: [String: String] = [:]
        for (run, job) in zip(sweep.runs, jobs) {
            if let twin = names.updateValue(run.name, forKey: job.recipe.resolved) {
                throw FileError(
                    .badData, file: run.settings[0].place.file,
                    "runs \(twin) and \(run.name) are the same training",
                    expected: "settings that differ", found: run.text,
                    advice: "Give each value once, and a section before the keys in it")
            }
        }
        try TrainingJob.check(jobs, in: path, resume: resume)
        // A table that no run can train on is told once.
        if !FeatureStore.isStore(data[0]) { _ = try jobs[0].source() }
        var failed: [String] = []
        for (index, (run, job)) in zip(sweep.runs, jobs).enumerated() {
            do {
                if try job.isFinished() { continue }
                StandardError.write("\(run.name): \(run.text)\n")
                try job.complete(name: "run \(index + 1) of \(jobs.count)")
            } catch let error as FileError where error.kind == .badData {
                StandardError.write("\(run.name) failed: \(error)\n")
                failed.append(run.name)
                job.noteRefusal(error)
            }
        }
        return failed
    }
}
