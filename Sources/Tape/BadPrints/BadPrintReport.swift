import Bonds
import Foundation

/// How well a bad-print classifier does on days that it was not fitted on.
public struct BadPrintReport: Sendable, Encodable, Equatable {
    /// Bad prints of one kind.
    public struct Kind: Sendable, Encodable, Equatable {
        public var prints = 0
        public var found = 0
    }

    /// What was found with, or without, knowing the prints that came later.
    public struct Score: Sendable, Encodable, Equatable {
        /// All prints that were judged.
        public private(set) var prints = 0
        /// Prints that were taken for bad, rightly or not.
        public private(set) var taken = 0
        /// The bad prints by what is wrong with them.
        public private(set) var kinds: [String: Kind] = [:]

        public var bad: Int { kinds.values.reduce(0) { $0 + $1.prints } }
        public var found: Int { kinds.values.reduce(0) { $0 + $1.found } }
        /// The share of the prints taken for bad that are; NaN where none was taken.
        public var precision: Double { Double(found) / Double(taken) }
        /// The share of the bad prints that were found; NaN where there are none.
        public var recall: Double { Double(found) / Double(bad) }

        private enum CodingKeys: CodingKey {
            case prints, bad, taken, found, precision, recall, kinds
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(prints, forKey: .prints)
            try container.encode(bad, forKey: .bad)
            try container.encode(taken, forKey: .taken)
            try container.encode(found, forKey: .found)
            try container.encode(precision.isNaN ? nil : precision, forKey: .precision)
            try container.encode(recall.isNaN ? nil : recall, forKey: .recall)
            try container.encode(kinds, forKey: .kinds)
        }

        mutating func note(_ spoiling: BadPrintTraining.Spoiling?, isTaken: Bool) {
            prints += 1
            if isTaken { taken += 1 }
            guard let spoiling else { return }
            kinds[spoiling.rawValue, default: Kind()].prints += 1
            if isTaken { kinds[spoiling.rawValue, default: Kind()].found += 1 }
        }
    }

    public let fittedDays: Int
    public let heldOutDays: Int
    /// The first of the days that judge.
    public let heldOutFrom: String
    /// The share of prints that were spoilt on purpose.
    public let share: Double
    public let withHindsight: Score
    public let withoutHindsight: Score

    init(
        fittedDays: Int, heldOutDays: Int, heldOutFrom: CalendarDate, share: Double,
        withHindsight: Score, withoutHindsight: Score
    ) {
        self.fittedDays = fittedDays
        self.heldOutDays = heldOutDays
        self.heldOutFrom = heldOutFrom.description
        self.share = share
        self.withHindsight = withHindsight
        self.withoutHindsight = withoutHindsight
    }
}

extension BadPrintReport: CustomStringConvertible {
    /// A table for the terminal.
    public var description: String {
        var lines = [
            "Fitted on \(fittedDays) days, judged on the \(heldOutDays) from \(heldOutFrom) on; "
                + "\(share * 100) % of the prints were spoilt.",
            Self.row("", "bad prints", "found", "found at once"),
        ]
        for kind in BadPrintTraining.Spoiling.allCases.map(\.rawValue) {
            guard let later = withHindsight.kinds[kind] else { continue }
            let sooner = withoutHindsight.kinds[kind]?.found ?? 0
            lines.append(Self.row(kind, "\(later.prints)", "\(later.found)", "\(sooner)"))
        }
        let scores = [withHindsight, withoutHindsight]
        lines.append(
            Self.row("taken for bad", "", "\(scores[0].taken)", "\(scores[1].taken)"))
        lines.append(Self.row("precision", [""] + scores.map { Self.percent($0.precision) }))
        lines.append(Self.row("recall", [""] + scores.map { Self.percent($0.recall) }))
        return lines.joined(separator: "\n")
    }

    private static func percent(_ share: Double) -> String {
        share.isNaN ? "-" : String(format: "%.1f %%", 100 * share)
    }

    private static func row(_ title: String, _ cells: String...) -> String { row(title, cells) }

    private static func row(_ title: String, _ cells: [String]) -> String {
        title.padding(toLength: 18, withPad: " ", startingAt: 0)
            + cells.map { String(repeating: " ", count: max(1, 15 - $0.count)) + $0 }.joined()
    }
}
