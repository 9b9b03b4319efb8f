import ArgumentParser
import Files
import Foundation
import QuantileTraining

/// The runs of a sweep, one after the other, each in a folder of its own.
struct SweepJob {
    let sweep: Sweep
    /// Of one run, with the overrides of the sweep.
    let recipe: (_ overrides: [String]) throws -> Recipe
    let data: [String]
    let label: String
    /// The folder of the runs.
    let path: String

    /// Trains every run that is not finished.
    ///
    /// A run that fails is told and left; the others go on.
    /// - Throws: `ExitCode` 130 where Ctrl-C stopped it.
    func run(resume: Bool) throws {
        // Every recipe is read first, so that a wrong value shows before the first hour is spent.
        let runs = try sweep.runs.map { (run: $0, recipe: try recipe($0.overrides)) }
        if !resume,
            let held = runs.first(where: { isThere("\(path)/\($0.run.name)/recipe.yaml") })
        {
            throw FileError(
                .badData, file: path, "the folder holds runs already", found: held.run.name,
                advice: "Choose another --out, or add --resume to go on with them")
        }
        for (index, (run, recipe)) in runs.enumerated() {
            let folder = "\(path)/\(run.name)"
            let known =
                isThere("\(folder)/recipe.yaml")
                ? try Experiment(path: folder, name: run.name) : nil
            if let known, known.state == .finished {
                try check(folder, isOf: recipe)
                continue
            }
            StandardError.write("\(run.name): \(run.overrides.joined(separator: " "))\n")
            // A run that was killed before its first state starts anew.
            let goesOn = isThere("\(folder)/state.safetensors")
            if known != nil, !goesOn { try? FileManager.default.removeItem(atPath: folder) }
            let job = TrainingJob(recipe: recipe, data: data, label: label, path: folder)
            do {
                let outcome = try job.run(
                    resume: goesOn, name: "run \(index + 1) of \(runs.count)")
                if case .interrupted = outcome {
                    StandardError.write("Stopped; go on with the same command and --resume.\n")
                    throw ExitCode(130)
                }
            } catch let error as FileError where error.kind == .badData {
                StandardError.write("\(run.name) failed: \(error)\n")
            }
        }
    }

    private func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private func check(_ folder: String, isOf recipe: Recipe) throws {
        let known = try FileContents.text(of: "\(folder)/recipe.yaml")
        guard known == recipe.resolved else {
            throw FileError(
                .badData, file: "\(folder)/recipe.yaml", "the run is of another recipe",
                expected: "that of the sweep", advice: "Choose another --out for another sweep")
        }
    }
}
