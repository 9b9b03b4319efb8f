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
        /// For the recipe.
        public let settings: [Setting]

        /// `key.path=value` of each setting.
        public var text: String { settings.map(\.text).joined(separator: " ") }
    }

    /// A key of the recipe with the value that a run gives it.
    public struct Setting: Sendable, Equatable {
        public let key: String
        /// As YAML.
        public let value: String
        /// Where the sweep names it.
        public let place: Settings.Place

        /// `key.path=value`
        public var text: String { "\(key)=\(value)" }
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

    private struct Key {
        let name: String
        let values: Values
        let place: Settings.Place

        func setting(_ value: String) -> Setting { Setting(key: name, value: value, place: place) }
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
        var keys: [Key] = []
        for key in section.keys {
            keys.append(
                Key(
                    name: key, values: try Self.values(of: key, in: section),
                    place: section.place(of: key)))
        }
        let seeds = try settings.ints("seeds", default: [], in: 0...Int.max)
        let combinations: [[Setting]]
        switch search {
        case .grid:
            if settings.keys.contains("runs") {
                throw settings.objection(
                    to: "runs", "a grid has as many runs as there are combinations",
                    advice: "Remove it, or add 'search: random'")
            }
            combinations = try Self.grid(keys, file: settings.file)
        case .random:
            let count = try settings.int("runs", in: 1...Self.mostRuns)
            let seed = try settings.int("seed", default: 0, in: 0...Int.max)
            let stream = RandomStream(seed: UInt64(seed))
            // Drawn twice, a combination is one run.
            combinations = (0..<count).map { Self.draw(keys, stream.stream($0)) }
                .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        try settings.finish()
        guard !keys.isEmpty || !seeds.isEmpty else {
            throw FileError(
                .badData, file: settings.file, "nothing to vary",
                expected: "keys of the recipe with values, or seeds")
        }
        guard seeds.isEmpty || !keys.contains(where: { $0.name == "training.seed" }) else {
            throw section.objection(
                to: "training.seed", "the seeds are named twice", expected: "'seeds' alone",
                advice: "Remove one of the two")
        }
        guard Set(seeds).count == seeds.count else {
            throw settings.objection(
                to: "seeds", "one of them stands there twice", expected: "each seed once",
                found: "\(seeds)")
        }
        let all = combinations.flatMap { combination in
            seeds.isEmpty
                ? [combination]
                : seeds.map {
                    combination + [
                        Setting(
                            key: "training.seed", value: "\($0)",
                            place: settings.place(of: "seeds"))
                    ]
                }
        }
        guard all.count <= Self.mostRuns else { throw Self.tooMany(settings.file) }
        let digits = max(2, String(all.count).count)
        runs = all.enumerated().map { index, settings in
            let number = String(index + 1)
            return Run(
                name: String(repeating: "0", count: max(0, digits - number.count)) + number,
                settings: settings)
        }
    }

    private static func values(of key: String, in section: Settings) throws(FileError) -> Values {
        guard section.isSection(key), let range = try section.section(key) else {
            let items = try section.inlineItems(key)
            guard Set(items).count == items.count else {
                throw section.objection(
                    to: key, "a value stands there twice", expected: "each value once",
                    found: "[\(items.joined(separator: ", "))]")
            }
            return .list(items)
        }
        let (from, to) = (try range.double("from"), try range.double("to"))
        let isLogarithmic =
            try range.choice("scale", default: "linear", of: ["linear", "log"])
            == "log"
        let isWhole = try range.bool("whole", default: false)
        guard from < to, !isLogarithmic || from > 0, !isWhole || max(-from, to) < 1e15 else {
            throw section.objection(
                to: key, "not a range",
                expected: (isLogarithmic ? "0 < from < to" : "from < to")
                    + (isWhole ? ", whole numbers below 1e15" : ""), found: "\(from), \(to)")
        }
        return .range(from: from, to: to, isLogarithmic: isLogarithmic, isWhole: isWhole)
    }

    /// Every combination, the last key varying fastest.
    private static func grid(_ keys: [Key], file: String) throws(FileError) -> [[Setting]] {
        var combinations: [[Setting]] = [[]]
        for key in keys {
            guard case .list(let items) = key.values else {
                throw FileError(
                    .badData, file: key.place.file, line: key.place.line,
                    "'keys.\(key.name)': a grid has no ranges", expected: "a list of values",
                    advice: "Give a list, or 'search: random'")
            }
            guard combinations.count * items.count <= mostRuns else { throw tooMany(file) }
            combinations = combinations.flatMap { combination in
                items.map { combination + [key.setting($0)] }
            }
        }
        return combinations
    }

    private static func draw(_ keys: [Key], _ stream: RandomStream) -> [Setting] {
        keys.map { key in
            // A stream a key: another key more or less does not change what the others are.
            var random = stream.stream(key.name)
            switch key.values {
            case .list(let items): return key.setting(items[random.integer(below: items.count)])
            case .range(let from, let to, let isLogarithmic, let isWhole):
                let part = random.uniform()
                let value =
                    isLogarithmic ? from * pow(to / from, part) : from + part * (to - from)
                return key.setting(isWhole ? "\(Int(value.rounded()))" : "\(rounded(value))")
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
