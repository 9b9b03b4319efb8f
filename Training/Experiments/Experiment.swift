import Files
import Foundation

/// A run as one of several: its settings and how far it came.
public struct Experiment: Sendable {
    public enum State: String, Sendable, Encodable {
        case running, finished, interrupted, failed
        /// Its recipe cannot be read.
        case damaged
        /// Of an older version, which did not tell.
        case unknown
    }

    /// The folder, below the one that was looked through.
    public let name: String
    public let state: State
    public let steps: Int?
    public let stepsTotal: Int?
    public let seconds: Double?
    /// The mean over nets of the best pinball on their validation rows, in the target's unit.
    public let validationPinball: Double?
    /// Tells whether the pinballs of two runs are of the same rows, weights and levels; nil in those of
    /// older versions.
    public let validationFingerprint: String?
    /// What went wrong, where something did.
    public let problem: String?
    /// The resolved recipe: every value under its keys joined by points.
    public let settings: [(key: String, value: String)]

    /// Leaves word of a training that was refused before it began, as one of several.
    public static func noteRefusal(
        of recipe: Recipe, _ problem: String, in run: String
    ) throws(FileError) {
        let directory = try RunDirectory(path: run, resume: false)
        try AtomicFile.write(Array(recipe.resolved.utf8), to: directory.recipe)
        try RunSummary(refused: problem).write(to: directory.summary)
    }

    /// Reads a run directory.
    ///
    /// - Throws: ``Files/FileError`` where its recipe cannot be read.
    public init(path: String, name: String) throws(FileError) {
        self.name = name
        settings = try Settings(path: "\(path)/recipe.yaml").leaves
        guard !settings.isEmpty else {
            throw FileError(
                .badData, file: "\(path)/recipe.yaml", "the recipe of the run is empty",
                expected: "every setting, as tenor train wrote them")
        }
        let summary = RunSummary(path: "\(path)/summary.json")
        steps = summary?.steps
        stepsTotal = summary?.stepsTotal
        seconds = summary?.seconds
        validationPinball = summary?.validationPinball
        validationFingerprint = summary?.validationFingerprint
        problem = summary?.problem
        state =
            switch summary?.state {
            case _ where RunDirectory.isInUse(path): .running
            case .finished: .finished
            // Nobody trains, so whoever did was killed.
            case .training, .interrupted: .interrupted
            case .failed: .failed
            case nil: .unknown
            }
    }

    /// One of which nothing can be read but its name.
    private init(damaged name: String, problem: String) {
        self.name = name
        self.problem = problem
        state = .damaged
        (steps, stepsTotal, seconds) = (nil, nil, nil)
        (validationPinball, validationFingerprint) = (nil, nil)
        settings = []
    }

    /// The runs in a folder, the folder itself among them, in the order of their names.
    ///
    /// - Throws: ``Files/FileError`` where there is no folder, no run, or none that can be read.
    public static func all(in folder: String) throws(FileError) -> [Experiment] {
        guard let names = FileManager.default.subpaths(atPath: folder) else {
            throw FileError(.missing, file: folder, "no such folder", expected: "a folder of runs")
        }
        var found: [Experiment] = []
        var damage: FileError?
        for name in names.sorted() where name.split(separator: "/").last == "recipe.yaml" {
            let own = String(name.dropLast("recipe.yaml".count + 1))
            let (path, name) = own.isEmpty ? (folder, ".") : ("\(folder)/\(own)", own)
            do {
                found.append(try Experiment(path: path, name: name))
            } catch {
                found.append(Experiment(damaged: name, problem: error.description))
                damage = error
            }
        }
        if let damage, found.allSatisfy({ $0.state == .damaged }) { throw damage }
        guard !found.isEmpty else {
            throw FileError(
                .missing, file: folder, "no runs", expected: "folders with a recipe.yaml",
                advice: "They are made by tenor train --out")
        }
        return found
    }

    public func value(of key: String) -> String? { settings.first { $0.key == key }?.value }
}

/// Runs side by side.
public struct ExperimentTable: Sendable {
    /// The best first, then those that have not been checked.
    public let experiments: [Experiment]
    /// The keys in which the recipes differ.
    public let keys: [String]

    public init(_ experiments: [Experiment]) {
        self.experiments = experiments.sorted {
            ($0.validationPinball ?? .infinity, $0.name)
                < ($1.validationPinball ?? .infinity, $1.name)
        }
        let experiments = experiments.filter { $0.state != .damaged }
        var keys: [String] = []
        for key in experiments.flatMap({ $0.settings.map(\.key) }) where !keys.contains(key) {
            keys.append(key)
        }
        self.keys = keys.filter { key in Set(experiments.map { $0.value(of: key) }).count > 1 }
    }

    /// The runs whose pinballs are known to be of the same rows, weights and levels, the best of each
    /// group first; without those that failed or were not checked.
    public var comparable: [[Experiment]] {
        var groups: [[Experiment]] = []
        for run in checked {
            let place = groups.firstIndex {
                run.validationFingerprint != nil
                    && $0[0].validationFingerprint == run.validationFingerprint
            }
            if let place { groups[place].append(run) } else { groups.append([run]) }
        }
        return groups
    }

    private var checked: [Experiment] {
        experiments.filter { $0.validationPinball != nil && $0.state != .failed }
    }

    /// The run with the lowest validation pinball; nil where none was checked, and where not all can
    /// be compared.
    public var best: Experiment? {
        let groups = comparable
        return groups.count == 1 ? groups[0][0] : nil
    }

    /// The settings with the lowest mean over their seeds, where some were trained with several, and
    /// all to the end with the same seeds on the same rows.
    public var bestOverSeeds: (runs: [Experiment], meanPinball: Double)? {
        guard keys.contains("training.seed") else { return nil }
        let groups = Dictionary(grouping: checked) { experiment in
            keys.filter { $0 != "training.seed" }.map { experiment.value(of: $0) }
        }.values
        // A seed may split a table anew: then the rows of each are others, but the same for all.
        let rows = groups.map { runs in
            Set(runs.map { [$0.value(of: "training.seed"), $0.validationFingerprint] })
        }
        guard let first = rows.first, first.count > 1, rows.allSatisfy({ $0 == first }),
            groups.allSatisfy({ $0.count == first.count && $0.allSatisfy { $0.state == .finished } }
            ),
            !first.contains(where: { $0.contains(nil) }),
            // One group has no other that tells whether its rows are meant to differ.
            groups.count > 1 || comparable.count == 1
        else { return nil }
        return groups.map { runs in
            (runs, runs.reduce(0) { $0 + ($1.validationPinball ?? 0) } / Double(runs.count))
        }.min { ($0.1, $0.0[0].name) < ($1.1, $1.0[0].name) }
    }
}
