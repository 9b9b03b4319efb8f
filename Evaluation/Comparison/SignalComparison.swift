import Foundation
import Quantiles

/// All that a comparison of signals found.
public struct SignalComparison: Sendable {
    /// Ours first, as `names`.
    public let files: [String]
    public let names: [String]
    public let units: [ForecastUnit]
    public let isPoint: [Bool]
    public let rules: EvaluationProtocol
    public let market: MarketReference?
    public let isBond: Bool
    /// Of each table, on the matched trades.
    public let metrics: [ForecastMetrics]
    public let funnels: [Funnel]
    public let commonLevels: [Double]
    /// All trades, the grades, the cohorts.
    public let parts: [ComparedPart]
    public let spaces: SpaceTable?
    let notes: [String]

    /// The trades that all tables have.
    public var matched: Int { funnels[0].matched }
    var unit: String { isBond ? "points" : "label's units" }
    /// All trades and the grades.
    var segments: [ComparedPart] { parts.filter { $0.name.dimension == nil } }
    var cohorts: [ComparedPart] { parts.filter { $0.name.dimension != nil } }

    /// What was measured of one signal in a part: an index into `names` and a measure.
    func value(_ part: ComparedPart, _ signal: Int, _ measure: String) -> Double? {
        signal == 0
            ? part.pairs[0].difference(measure)?.ours
            : part.pairs[signal - 1].difference(measure)?.theirs
    }

    /// What the numbers come to, one sentence or two a competitor.
    public var verdicts: [String] {
        let all = parts[0]
        return all.pairs.map { pair in
            let median = Self.phrase(
                pair.difference("50"), "the median deviance", unit, names[0], pair.theirs)
            let loss = Self.phrase(
                pair.difference("pinball"), "mean pinball", unit, names[0], pair.theirs)
            let wins = pair.difference("won").map {
                " \(names[0]) is nearer to the price on \(percent($0.ours)) of the trades."
            }
            return [median, loss].compactMap(\.self).joined(separator: " ") + (wins ?? "")
        }
    }

    /// A sentence that says no more than the interval allows.
    private static func phrase(
        _ difference: PairedDifference?, _ what: String, _ unit: String, _ ours: String,
        _ theirs: String
    ) -> String? {
        guard let difference else { return nil }
        let numbers =
            "\(text(difference.ours, digits: 3)) against \(text(difference.theirs, digits: 3)) \(unit)"
        guard let interval = difference.interval else {
            return
                "By \(what), \(ours) has \(numbers) of \(theirs); there are too few days or bonds "
                + "to say whether that is chance."
        }
        let range =
            "95 % interval of the difference \(text(interval.lowerBound, digits: 3)) to "
            + text(interval.upperBound, digits: 3)
        switch difference.outcome {
        case .better: return "By \(what), \(ours) is better than \(theirs): \(numbers), \(range)."
        case .worse: return "By \(what), \(ours) is worse than \(theirs): \(numbers), \(range)."
        case .undecided:
            return "By \(what), \(ours) and \(theirs) cannot be told apart: \(numbers), \(range)."
        }
    }

    /// Where each signal stands between the last trade and the oracle, in pinball: 0 is the last
    /// trade, 1 the oracle. Empty unless tables of those names are compared.
    public var skill: [(name: String, value: Double)] {
        func position(_ word: String) -> Int? {
            names.firstIndex { $0.lowercased().replacing("_", with: "-").contains(word) }
        }
        guard let last = position("last-trade"), let oracle = position("oracle"),
            let worst = value(parts[0], last, "pinball"),
            let best = value(parts[0], oracle, "pinball"), worst != best
        else { return [] }
        return names.indices.compactMap { index in
            value(parts[0], index, "pinball").map { (names[index], (worst - $0) / (worst - best)) }
        }
    }

    /// What a reader should know, in sentences.
    public var remarks: [String] {
        var lines: [String] = []
        if market?.isSimulated == true {
            lines.append("Simulated market: these figures are no evidence about real markets.")
        }
        if market == nil, isBond {
            lines.append("Without a market, trades are not split by rating, sector or issue.")
        }
        if let filter = rules.filterText { lines.append("Protocol \(rules.name): \(filter).") }
        lines += notes
        for (name, funnel) in zip(names, funnels) {
            guard let check = funnel.selection, let p = check.probability, p < 0.05 else {
                continue
            }
            lines.append(
                "Selection: \(name)'s \(grouped(funnel.unmatched)) trades left out have "
                    + (check.droppedMean > check.keptMean ? "larger" : "smaller")
                    + " errors (mean \(text(check.droppedMean, digits: 3)) against "
                    + "\(text(check.keptMean, digits: 3)), p \(text(p, digits: 2))), so its own "
                    + "figures on all of its trades are another thing.")
        }
        if let spaces, spaces.isInverted {
            lines.append(
                "The order of the signals is another one in basis points than in price: the same "
                    + "basis point is worth more on a long bond.")
        }
        return lines
    }
}

// MARK: - metrics.json

extension PairedDifference: Encodable {
    enum CodingKeys: String, CodingKey {
        case ours, theirs, difference, interval, p, outcome
        case standardError = "standard_error"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ours, forKey: .ours)
        try container.encode(theirs, forKey: .theirs)
        try container.encode(difference, forKey: .difference)
        try container.encode(
            interval.map { [$0.lowerBound, $0.upperBound] }, forKey: .interval)
        try container.encode(standardError, forKey: .standardError)
        try container.encode(probability, forKey: .p)
        try container.encode(outcome.rawValue, forKey: .outcome)
    }
}

extension ComparedPair: Encodable {
    enum CodingKeys: String, CodingKey {
        case differences, holm
        case dieboldMarianoPinball = "diebold_mariano_pinball"
        case dieboldMarianoError = "diebold_mariano_error"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(
            Dictionary(uniqueKeysWithValues: differences.map { ($0.measure, $0) }),
            forKey: .differences)
        try container.encode(dieboldMarianoPinball, forKey: .dieboldMarianoPinball)
        try container.encode(dieboldMarianoError, forKey: .dieboldMarianoError)
        try container.encode(adjusted, forKey: .holm)
    }
}

extension ComparedPart: Encodable {
    enum CodingKeys: String, CodingKey {
        case rows, days, bonds, against
        case isSmall = "small_sample"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(rows, forKey: .rows)
        try container.encode(days, forKey: .days)
        try container.encode(bonds, forKey: .bonds)
        try container.encode(isSmall, forKey: .isSmall)
        try container.encode(
            Dictionary(uniqueKeysWithValues: pairs.map { ($0.theirs, $0) }), forKey: .against)
    }
}
