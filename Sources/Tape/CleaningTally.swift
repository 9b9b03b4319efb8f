/// How many rows each step touched, with the first few of them.
struct CleaningTally: Sendable {
    struct Count: Sendable {
        var removed = 0
        var changed = 0
        var merged = 0
        /// The lowest row numbers, ascending: the same whatever thread saw them first.
        var examples: [Int32] = []
    }

    private(set) var counts: [Count] = Array(repeating: Count(), count: CleaningStep.allCases.count)

    subscript(step: CleaningStep) -> Count { counts[Int(step.rawValue)] }

    enum Effect { case removed, changed, merged }

    mutating func note(_ step: CleaningStep, _ effect: Effect, row: Int32) {
        let index = Int(step.rawValue)
        switch effect {
        case .removed: counts[index].removed += 1
        case .changed: counts[index].changed += 1
        case .merged: counts[index].merged += 1
        }
        let examples = counts[index].examples
        if examples.count < ImportAudit.exampleCount || row < examples[examples.count - 1] {
            counts[index].examples = Self.lowest(examples + [row])
        }
    }

    /// Counts a removed row under another step.
    mutating func move(_ step: CleaningStep, to other: CleaningStep, row: Int32) {
        let index = Int(step.rawValue)
        counts[index].removed -= 1
        counts[index].examples.removeAll { $0 == row }
        note(other, .removed, row: row)
    }

    mutating func add(_ other: CleaningTally) {
        for index in counts.indices {
            counts[index].removed += other.counts[index].removed
            counts[index].changed += other.counts[index].changed
            counts[index].merged += other.counts[index].merged
            counts[index].examples = Self.lowest(
                counts[index].examples + other.counts[index].examples)
        }
    }

    private static func lowest(_ rows: [Int32]) -> [Int32] {
        Array(Set(rows).sorted().prefix(ImportAudit.exampleCount))
    }
}
