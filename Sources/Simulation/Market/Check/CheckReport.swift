import Foundation

/// How a simulated market compares with what is known of real ones, and whether its truth is true.
public struct CheckReport: Sendable, Encodable {
    /// A statistic of the market.
    public struct Row: Sendable, Encodable {
        public let statistic: String
        /// What it is in the market that the simulator was calibrated as.
        public let expected: Double
        /// The accepted range; nil where there is no such end.
        public let lowest: Double?
        public let highest: Double?
        /// NaN where the market has too little to tell.
        public let found: Double
        public let isAccepted: Bool

        init(
            _ statistic: String, expected: Double, _ found: Double, from lowest: Double? = nil,
            to highest: Double? = nil
        ) {
            self.statistic = statistic
            self.expected = expected
            self.found = found
            self.lowest = lowest
            self.highest = highest
            isAccepted = found >= lowest ?? -.infinity && found <= highest ?? .infinity
        }

        private enum CodingKeys: String, CodingKey {
            case statistic, expected, lowest, highest, found, isAccepted = "ok"
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(statistic, forKey: .statistic)
            try container.encode(expected, forKey: .expected)
            try container.encodeIfPresent(lowest, forKey: .lowest)
            try container.encodeIfPresent(highest, forKey: .highest)
            // JSON has no NaN.
            try container.encode(found.isFinite ? found : nil, forKey: .found)
            try container.encode(isAccepted, forKey: .isAccepted)
        }
    }

    /// The share of prices that are at most the true quantile of a level.
    public struct Calibration: Sendable, Encodable {
        public let level: Double
        public let share: Double
    }

    /// Empty for a world that does not mean to be like a real market.
    public let statistics: [Row]
    public let trades: Int
    public let calibration: [Calibration]
    /// The largest distance of a share from its level.
    public let calibrationError: Double
    /// The largest distance between the distribution of the true probability integral transform and
    /// the uniform one, and how probable one at least as large is by chance (Kolmogorov-Smirnov).
    public let pitDistance: Double
    public let pitProbability: Double

    /// Below this the transform is not uniform, and the truth is not the truth.
    public static let leastProbability = 1e-4

    public var isUniform: Bool { pitProbability >= Self.leastProbability }
    /// The statistics that are out of their range.
    public var outOfRange: [String] { statistics.filter { !$0.isAccepted }.map(\.statistic) }
}

extension CheckReport: CustomStringConvertible {
    /// The table, then what of it is out of range.
    public var description: String {
        let width = statistics.map(\.statistic.count).max() ?? 0
        func cell(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func number(_ value: Double) -> String {
            value.isFinite ? String(format: "%.4g", value) : "-"
        }
        func range(_ row: Row) -> String {
            switch (row.lowest, row.highest) {
            case (let low?, let high?): "\(number(low)) to \(number(high))"
            case (let low?, nil): "at least \(number(low))"
            case (nil, let high?): "at most \(number(high))"
            case (nil, nil): ""
            }
        }
        var lines: [String] = []
        if !statistics.isEmpty {
            let title = "simulated market".padding(toLength: width, withPad: " ", startingAt: 0)
            lines.append("\(title)  expected          accepted     found")
        }
        for row in statistics {
            let name = row.statistic.padding(toLength: width, withPad: " ", startingAt: 0)
            lines.append(
                "\(name)  \(cell(number(row.expected), 8))  \(cell(range(row), 16))"
                    + "  \(cell(number(row.found), 8))  \(row.isAccepted ? "ok" : "OUT")")
        }
        lines.append("")
        lines.append("Prices at or below the true quantile, of \(trades) trades")
        lines += calibration.map {
            String(format: "  %5.2f  %.4f  %+.4f", $0.level, $0.share, $0.share - $0.level)
        }
        lines.append(
            String(
                format: "Probability integral transform: distance %.5f, probability %.3g",
                pitDistance, pitProbability))
        lines.append("")
        lines.append(conclusion)
        return lines.joined(separator: "\n")
    }

    private var conclusion: String {
        let truth =
            isUniform ? "The truth is true" : "THE TRUTH IS NOT TRUE: its PIT is not uniform"
        if statistics.isEmpty { return truth + "." }
        if outOfRange.isEmpty { return truth + "; every statistic is within its range." }
        return truth + "; out of range: " + outOfRange.joined(separator: ", ") + "."
    }
}
