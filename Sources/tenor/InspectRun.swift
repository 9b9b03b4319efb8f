import Arrays
import Files
import Foundation
import QuantileTraining

/// What `inspect` says of a run directory.
struct RunDescription: Description {
    let run: String
    let state: Experiment.State
    let steps: Int?
    let stepsTotal: Int?
    let seconds: Double?
    let validationPinball: Double?
    let problem: String?
    let checkpoint: String?
    /// The resolved recipe, every value under its keys joined by points.
    let settings: [String: String]
    private let recipe: [(key: String, value: String)]
    /// What goes on with it: a run that is one of several does not by itself.
    private let resuming: String

    private enum CodingKeys: CodingKey {
        case run, state, steps, stepsTotal, seconds, validationPinball, problem, checkpoint,
            settings
    }

    static func isRun(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/recipe.yaml")
    }

    init(of path: String) throws(FileError) {
        let experiment = try Experiment(path: path, name: path)
        run = path
        state = experiment.state
        steps = experiment.steps
        stepsTotal = experiment.stepsTotal
        seconds = experiment.seconds
        validationPinball = experiment.validationPinball
        let model = path + "/model.safetensors"
        checkpoint = FileManager.default.fileExists(atPath: model) ? model : nil
        let command = "\(path)/\(TrainingCommand.fileName)"
        resuming =
            FileManager.default.fileExists(atPath: command)
            ? "tenor train --resume --out \(path)"
            : "the command that began it, or the sweep or walk forward it is of, and --resume"
        problem =
            experiment.problem ?? Self.damage(in: path, isFinished: state == .finished)
        recipe = experiment.settings
        settings = Dictionary(recipe.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// What is wrong with the checkpoint or the state of a run; nil where nothing is.
    private static func damage(in run: String, isFinished: Bool) -> String? {
        for (name, advice) in [
            ("state.safetensors", ""),
            ("model.safetensors", "; a resume makes it anew from the state"),
        ] {
            do {
                _ = try SafetensorsFile(path: "\(run)/\(name)", checksum: .required)
            } catch {
                if error.kind != .missing { return error.description }
                if isFinished { return "\(name) is gone" + advice }
            }
        }
        return nil
    }

    var text: String {
        var rows = [("Run", state.rawValue)]
        if let steps, let stepsTotal { rows.append(("Steps", "\(steps) of \(stepsTotal)")) }
        if let seconds { rows.append(("Seconds", String(format: "%.0f", seconds))) }
        if let validationPinball {
            rows.append(("Validation", String(format: "pinball %.4g", validationPinball)))
        }
        if let problem { rows.append(("Problem", problem)) }
        rows.append(("Checkpoint", checkpoint ?? "none yet"))
        // A run that was killed while it saved may not tell its state yet.
        if state != .finished, state != .running {
            rows.append(("Goes on with", resuming))
        }
        let width = max(recipe.map(\.key.count).max() ?? 0, 16)
        let lines =
            rows.map { $0.0.padding(toLength: 18, withPad: " ", startingAt: 0) + $0.1 } + ["Recipe"]
            + recipe.map {
                "  " + $0.key.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
                    + $0.value
            }
        return lines.joined(separator: "\n")
    }
}
