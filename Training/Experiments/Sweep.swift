import Files
import Foundation
import Random

/// Settings of a recipe to try: every combination of some values, or random ones.
///
///     search: random
///     runs: 20
///     keys:
///       training.learning_rate: {from: 1e-4, to: 1e-1, scale: log}
///       model.hidden: [[128], [256, 256]]
///     seeds: [0, 1]
public struct Sweep: Sendable {
    /// One training of a sweep.
    public struct Run: Sendable, Equatable {
        /// Of its folder, counted from 1, with leading zeros.
        public let name: String
        /// `key.path=value`, for the recipe.
        public let overrides: [String]
    }

    public let runs: [Run]

    enum Search: String, CaseIterable {
        case grid, random
    }

    /// What values a key takes.
    private enum Values {
        case list([String])
        case range(from: Double, to: Double, isLogarithmic: Bool, isWhole: Bool)
    }

    private static let mostRuns = 10_000

    /// Reads a sweep from a file.
    ///
    /// - Throws: ``Files/FileError`` for what cannot be read, and for a range in a grid.
    public init(path: String) throws(FileError) {
        try self.init(Settings(path: path))
    }

    public init(_ settings: Settings) throws(FileError) {
        let search = try settings.choice("search", default: Search.grid)
        let section = try settings.sectionOrEmpty("keys")
        var keys: [(key: String, values: Values)] = []
        for key in section.keys { keys.append((key, try Self.values(of: key, in: section))) }
        let seeds = try settings.ints("seeds", default: [], in: 0...Int.max)
        let combinations: [[String]]
        switch search {
        case .grid:
            combinations = try Self.grid(keys, file: settings.file)
        case .random:
            let count = try settings.int("runs", default: 20, in: 1...Self.mostRuns)
            let seed = try settings.int("seed", default: 0, in: 0...Int.max)
            let stream = RandomStream(seed: UInt64(seed))
            combinations = (0..<count).map { Self.draw(keys, stream.stream($0)) }
        }
        try settings.finish()
        guard !keys.isEmpty || !seeds.isEmpty else {
            throw FileError(
                .badData, file: settings.file, "nothing to vary",
                expected: "keys of the recipe with values, or seeds")
        }
        let all = combinations.flatMap { overrides in
            seeds.isEmpty ? [overrides] : seeds.map { overrides + ["training.seed=\($0)"] }
        }
        guard all.count <= Self.mostRuns else { throw Self.tooMany(settings.file) }
        let digits = max(2, String(all.count).count)
        runs = all.enumerated().map { index, overrides in
            let number = String(index + 1)
            return Run(
                name: String(repeating: "0", count: max(0, digits - number.count)) + number,
                overrides: overrides)
        }
    }

    private static func values(of key: String, in section: Settings) throws(FileError) -> Values {
        guard section.isSection(key), let range = try section.section(key) else {
            return .list(try section.inlineItems(key))
        }
        let (from, to) = (try range.double("from"), try range.double("to"))
        let isLogarithmic =
            try range.choice("scale", default: "linear", of: ["linear", "log"])
            == "log"
        let isWhole = try range.bool("whole", default: false)
        guard from < to, !isLogarithmic || from > 0 else {
            throw FileError(
                .badData, file: section.file, column: "keys.\(key)", "not a range",
                expected: isLogarithmic ? "0 < from < to" : "from < to", found: "\(from), \(to)")
        }
        return .range(from: from, to: to, isLogarithmic: isLogarithmic, isWhole: isWhole)
    }

    /// Every combination, the last key varying fastest.
    private static func grid(
        _ keys: [(key: String, values: Values)], file: String
    ) throws(FileError) -> [[String]] {
        var combinations: [[String]] = [[]]
        for (key, values) in keys {
            guard case .list(let items) = values else {
                throw FileError(
                    .badData, file: file, column: "keys.\(key)", "a grid has no ranges",
                    expected: "a list of values", advice: "Give a list, or 'search: random'")
            }
            guard combinations.count * items.count <= mostRuns else { throw tooMany(file) }
            combinations = combinations.flatMap { combination in
                items.map { combination + ["\(key)=\($0)"] }
            }
        }
        return combinations
    }

    private static func draw(
        _ keys: [(key: String, values: Values)], _ stream: RandomStream
    ) -> [String] {
        keys.map { key, values in
            // A stream a key: another key more or less does not change what the others are.
            var random = stream.stream(key)
            switch values {
            case .list(let items): return "\(key)=\(items[random.integer(below: items.count)])"
            case .range(let from, let to, let isLogarithmic, let isWhole):
                let part = random.uniform()
                let value =
                    isLogarithmic ? from * pow(to / from, part) : from + part * (to - from)
                return isWhole ? "\(key)=\(Int(value.rounded()))" : "\(key)=\(rounded(value))"
            }
        }
    }

    /// Four digits, which is more than a search needs and all that a person reads.
    private static func rounded(_ value: Double) -> Double {
        Double(String(format: "%.4g", value)) ?? value
    }

    private static func tooMany(_ file: String) -> FileError {
        FileError(
            .badData, file: file, "too many runs", expected: "at most \(mostRuns)",
            advice: "Give fewer values, or 'search: random' with 'runs'")
    }
}
