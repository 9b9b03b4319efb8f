import Files
import Foundation

/// The folder of one training: its recipe, checkpoint, state and metrics. One writer at a time.
public struct RunDirectory: Sendable {
    public let path: String
    private let lock: FileLock

    public var recipe: String { "\(path)/recipe.yaml" }
    /// The best checkpoint so far.
    public var model: String { "\(path)/model.safetensors" }
    /// All that a resume needs.
    public var state: String { "\(path)/state.safetensors" }
    /// One JSON object a check.
    public var metrics: String { "\(path)/metrics.jsonl" }

    /// Opens a folder for a new run, or an existing one to go on with it.
    ///
    /// - Throws: ``Files/FileError`` where another process writes to it, where a new run would
    ///   overwrite one, or where there is nothing to resume.
    public init(path: String, resume: Bool) throws(FileError) {
        self.path = path
        let files = FileManager.default
        let state = "\(path)/state.safetensors"
        if resume && !files.fileExists(atPath: state) {
            throw FileError(
                .missing, file: path, "no run to resume", expected: "a state.safetensors in it",
                advice: "Leave out --resume to start one")
        }
        try Folder.make(path)
        lock = try FileLock(path: "\(path)/lock")
        // Looked for under the lock: a run that ended a moment ago is not overwritten.
        if !resume,
            let held = ["state.safetensors", "model.safetensors", "recipe.yaml"].first(where: {
                files.fileExists(atPath: "\(path)/\($0)")
            })
        {
            throw FileError(
                .badData, file: path, "the folder holds a run already",
                found: held,
                advice: held == "state.safetensors"
                    ? "Choose another --out, add --resume to go on with it, or remove it"
                    : "Choose another --out, or remove it")
        }
    }

    /// Replaces the metrics by those up to a step: what a resumed run has not done yet is dropped.
    func truncateMetrics(after step: Int) throws(FileError) {
        guard let text = try? String(contentsOfFile: metrics, encoding: .utf8) else { return }
        let kept = text.split(separator: "\n").filter { line in
            guard
                let record = try? JSONDecoder().decode(
                    MetricsRecord.self, from: Data(line.utf8))
            else { return false }
            return record.step <= step
        }
        try AtomicFile.write(
            Array(kept.map { $0 + "\n" }.joined().utf8), to: metrics)
    }

    /// Adds a line to the metrics.
    func append(_ record: MetricsRecord) throws(FileError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line: Data
        do {
            line = try encoder.encode(record)
        } catch {
            throw FileError(.inputOutput, file: metrics, "the metrics cannot be encoded: \(error)")
        }
        try JournalFile.append(line: Array(line), to: metrics)
    }
}

/// One line of `metrics.jsonl`: a check on the validation rows, losses in the label's unit.
struct MetricsRecord: Codable {
    let step: Int
    let trainingPinball: Double
    let validationPinball: Double
    let learningRate: Double
    let gradientNorm: Double
    let isBest: Bool

    enum CodingKeys: String, CodingKey {
        case step
        case trainingPinball = "training_pinball"
        case validationPinball = "validation_pinball"
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case isBest = "best"
    }
}
