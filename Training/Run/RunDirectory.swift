import Files
import Foundation

/// The folder of one training: its recipe, checkpoint, state and metrics. One writer at a time.
public struct RunDirectory: Sendable {
    public let path: String
    private let lock: FileLock
    /// The folders that were made for it, the innermost first.
    private let made: [String]
    /// Whether there is a state to go on from.
    public let goesOn: Bool

    public var recipe: String { "\(path)/\(Self.recipeName)" }
    /// The best checkpoint so far.
    public var model: String { "\(path)/\(Self.modelName)" }
    /// All that a resume needs.
    public var state: String { Self.state(of: path) }
    /// How far the run is.
    public var summary: String { "\(path)/summary.json" }
    /// One JSON object a check.
    public var metrics: String { "\(path)/metrics.jsonl" }

    /// Opens a folder for a new run, or an existing one to go on with it; one that was killed before
    /// its first state begins anew.
    ///
    /// - Throws: ``Files/FileError`` where another process writes to it, where a new run would
    ///   overwrite something, or where there is nothing to resume.
    public init(path: String, resume: Bool) throws(FileError) {
        self.path = path
        func has(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: "\(path)/\(name)")
        }
        guard !resume || [Self.stateName, Self.modelName, Self.recipeName].contains(where: has)
        else {
            throw FileError(
                .missing, file: path, "no run to resume", expected: "a state.safetensors in it",
                advice: "Leave out --resume to start one")
        }
        func requireNew() throws(FileError) {
            guard !resume, let held = Self.names.first(where: has) else { return }
            throw FileError(
                .badData, file: path, "the folder holds a run already, or files like a run's",
                found: held,
                advice: held == Self.stateName || held == Self.recipeName
                    ? "Choose another --out, add --resume to go on with it, or remove it"
                    : "Choose another --out, or remove it")
        }
        // Before anything is written, and again under the lock: a run that ended a moment ago is not
        // overwritten. Of one that goes on the lock tells.
        if !Self.isInUse(path) { try requireNew() }
        try Self.requireOwnLock(in: path)
        made = Self.missing(path)
        try Folder.make(path)
        lock = try FileLock(path: "\(path)/\(Self.lockName)")
        try requireNew()
        // What a process that was killed had not finished writing.
        for name in Self.names { PartialFile.removeAbandoned(in: path, prefix: ".\(name).") }
        goesOn = has(Self.stateName)
        if resume, !goesOn {
            // A checkpoint comes after a state, and so do steps, but those of a training that failed
            // before its first.
            let summary = RunSummary(path: "\(path)/summary.json")
            let hadState = summary.map { $0.steps > 0 && $0.state != .failed } ?? false
            guard !has(Self.modelName), !hadState else { throw Self.lostState(of: path) }
        }
    }

    private static let lockName = "lock"
    private static let stateName = "state.safetensors"
    private static let modelName = "model.safetensors"
    private static let recipeName = "recipe.yaml"
    private static let names = [
        stateName, modelName, recipeName, "summary.json", "metrics.jsonl", "command.json",
    ]

    static func state(of path: String) -> String { "\(path)/\(stateName)" }

    static func lostState(of path: String) -> FileError {
        FileError(
            .badData, file: state(of: path),
            "the state of the run is lost, so that it cannot go on",
            expected: "the file",
            advice:
                "Remove the folder, or choose another --out, to train anew; a checkpoint in it of "
                + "one net can be gone on from with --start \(path)/\(modelName)")
    }

    /// Taking the lock writes into its file, which must be no other's.
    private static func requireOwnLock(in path: String) throws(FileError) {
        let file = "\(path)/\(lockName)"
        guard let kind = try? FileManager.default.attributesOfItem(atPath: file)[.type] else {
            return
        }
        let text =
            kind as? FileAttributeType == .typeRegular ? try FileContents.text(of: file) : nil
        guard let text, text.isEmpty || text.hasPrefix("process ") else {
            throw FileError(
                .badData, file: file, "a file of this name that tenor did not make",
                advice: "Choose another --out")
        }
    }

    /// The folders on the way to a path, it among them, that are not there; the innermost first.
    private static func missing(_ path: String) -> [String] {
        var missing: [String] = []
        var folder = URL(filePath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path) {
            missing.append(folder.path)
            folder.deleteLastPathComponent()
        }
        return missing
    }

    /// Takes back a directory in which nothing was begun: its lock, and the folders that were made
    /// for it.
    public func removeIfUnused() {
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        guard names == [Self.lockName] else { return }
        lock.remove()
        // One that somebody else uses by now is not empty, and stays.
        for folder in made { rmdir(folder) }
    }

    /// Whether a process writes to a run directory right now.
    static func isInUse(_ path: String) -> Bool {
        let descriptor = open("\(path)/\(lockName)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(descriptor, LOCK_UN)
        return false
    }

    /// Replaces the metrics by those up to a step of each net: what a resumed run has not done yet
    /// is dropped.
    func truncateMetrics(after steps: [Int]) throws(FileError) {
        try rewriteMetrics { records in
            records.filter { steps.indices.contains($0.net) && $0.step <= steps[$0.net] }
        }
    }

    /// Puts the metrics in the order of steps, then nets, whichever net was checked first.
    func sortMetrics() throws(FileError) {
        try rewriteMetrics { $0.sorted { ($0.step, $0.net) < ($1.step, $1.net) } }
    }

    private func rewriteMetrics(_ edit: ([MetricsRecord]) -> [MetricsRecord]) throws(FileError) {
        guard let text = try? String(contentsOfFile: metrics, encoding: .utf8) else { return }
        let records = text.split(separator: "\n").compactMap { line in
            try? JSONDecoder().decode(MetricsRecord.self, from: Data(line.utf8))
        }
        var bytes: [UInt8] = []
        for record in edit(records) {
            bytes += try encoded(record)
            bytes.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(bytes, to: metrics)
    }

    /// Adds a line to the metrics.
    func append(_ record: MetricsRecord) throws(FileError) {
        try JournalFile.append(line: encoded(record), to: metrics)
    }

    private func encoded(_ record: MetricsRecord) throws(FileError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(record))
        } catch {
            throw FileError(.inputOutput, file: metrics, "the metrics cannot be encoded: \(error)")
        }
    }
}

/// One line of `metrics.jsonl`: a check on a net's validation rows, losses in the target's unit.
struct MetricsRecord: Codable {
    /// Counted from 0.
    let net: Int
    let step: Int
    let trainingPinball: Double
    let validationPinball: Double
    let learningRate: Double
    let gradientNorm: Double
    /// The norm of what the last step changed, over that of the weights; not in older files.
    let updateRatio: Double?
    let isBest: Bool

    enum CodingKeys: String, CodingKey {
        case net
        case step
        case trainingPinball = "training_pinball"
        case validationPinball = "validation_pinball"
        case learningRate = "learning_rate"
        case gradientNorm = "gradient_norm"
        case updateRatio = "update_ratio"
        case isBest = "best"
    }
}
