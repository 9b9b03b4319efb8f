import Foundation
import Quantiles

/// Keys that are names of tables and cohorts.
struct NameKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The metrics of one table with what became of its rows.
private struct EncodedSignal: Encodable {
    let metrics: ForecastMetrics
    let grades: [(name: String, metrics: ForecastMetrics)]
    let file: String
    let unit: ForecastUnit
    let funnel: Funnel
    let funds: [FundCheck]?

    enum CodingKeys: String, CodingKey {
        case file, unit, funnel, matched, cohorts, funds
    }

    func encode(to encoder: any Encoder) throws {
        try metrics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        try container.encode(unit.rawValue, forKey: .unit)
        try container.encode(funnel, forKey: .funnel)
        try container.encode(funnel.matched, forKey: .matched)
        try container.encodeIfPresent(funds, forKey: .funds)
        var cohorts = container.nestedContainer(keyedBy: NameKey.self, forKey: .cohorts)
        for grade in grades { try cohorts.encode(grade.metrics, forKey: NameKey(grade.name)) }
    }
}

extension SignalComparison: Encodable {
    /// Each table's metrics on the matched trades under its name; `comparison` has ours against
    /// each of the others on `all`, `IG`, `HY` and the cohorts.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: NameKey.self)
        for (index, name) in names.enumerated() {
            try container.encode(
                EncodedSignal(
                    metrics: metrics[index][0],
                    grades: zip(segments, metrics[index]).dropFirst().map { ($0.name.cohort, $1) },
                    file: files[index], unit: units[index], funnel: funnels[index],
                    funds: funds.isEmpty ? nil : funds[index]), forKey: NameKey(name))
        }
        try container.encode(matched, forKey: NameKey("matched"))
        try container.encode(rules.name, forKey: NameKey("protocol"))
        try container.encodeIfPresent(market?.isSimulated, forKey: NameKey("simulated"))
        var parts = container.nestedContainer(
            keyedBy: NameKey.self, forKey: NameKey("comparison"))
        for part in self.parts { try parts.encode(part, forKey: NameKey(part.name.key)) }
        if encoder.wants(.spaces) {
            try container.encodeIfPresent(spaces, forKey: NameKey("spaces"))
        }
        var skills: [String: [String: Double?]] = [:]
        for (place, segment) in segments.enumerated() {
            let skill = skill(place)
            guard !skill.isEmpty else { continue }
            skills[segment.name.cohort] = Dictionary(uniqueKeysWithValues: zip(names, skill))
        }
        if !skills.isEmpty, encoder.wants(.regret) {
            try container.encode(skills, forKey: NameKey("skill"))
        }
        try container.encode(commonLevels, forKey: NameKey("common_levels"))
        try container.encode(
            [headline].compactMap(\.self) + verdicts, forKey: NameKey("verdict"))
        try container.encode(remarks, forKey: NameKey("notes"))
    }

    /// The text of metrics.json, with a line end.
    public func json() throws -> String { try metricsText(of: self, families: rules.metrics) }
}

/// The text of metrics.json with metrics of some families, with a line end.
func metricsText(of value: some Encodable, families: Set<MetricFamily>) throws -> String {
    let encoder = JSONEncoder()
    if let key = CodingUserInfoKey.metricFamilies { encoder.userInfo[key] = families }
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}

extension PairedDifference: Encodable {
    enum CodingKeys: String, CodingKey {
        case ours, theirs, difference, interval, p, outcome
        case standardError = "standard_error"
        case daysNeeded = "days_needed"
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
        try container.encode(daysNeeded, forKey: .daysNeeded)
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
        let shown = differences.filter { encoder.wants($0.family) }
        try container.encode(
            Dictionary(uniqueKeysWithValues: shown.map { ($0.measure, $0) }),
            forKey: .differences)
        if encoder.wants(.dieboldMariano) {
            try container.encode(dieboldMarianoPinball, forKey: .dieboldMarianoPinball)
            try container.encode(dieboldMarianoError, forKey: .dieboldMarianoError)
        }
        try container.encode(
            adjusted.filter { entry in shown.contains { $0.measure == entry.key } },
            forKey: .holm)
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
