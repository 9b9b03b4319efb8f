import Foundation
import Quantiles

/// Keys that are names of tables and cohorts.
private struct NameKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The metrics of one table with what became of its rows.
private struct EncodedSignal: Encodable {
    let metrics: ForecastMetrics
    let file: String
    let unit: ForecastUnit
    let funnel: Funnel

    enum CodingKeys: String, CodingKey {
        case file, unit, funnel, matched
    }

    func encode(to encoder: any Encoder) throws {
        try metrics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        try container.encode(unit.rawValue, forKey: .unit)
        try container.encode(funnel, forKey: .funnel)
        try container.encode(funnel.matched, forKey: .matched)
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
                    metrics: metrics[index], file: files[index], unit: units[index],
                    funnel: funnels[index]), forKey: NameKey(name))
        }
        try container.encode(matched, forKey: NameKey("matched"))
        try container.encode(rules.name, forKey: NameKey("protocol"))
        try container.encodeIfPresent(market?.isSimulated, forKey: NameKey("simulated"))
        var parts = container.nestedContainer(
            keyedBy: NameKey.self, forKey: NameKey("comparison"))
        for part in self.parts { try parts.encode(part, forKey: NameKey(part.name.key)) }
        try container.encodeIfPresent(spaces, forKey: NameKey("spaces"))
        if !skill.isEmpty {
            try container.encode(
                Dictionary(
                    skill.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                forKey: NameKey("skill"))
        }
        try container.encode(verdicts, forKey: NameKey("verdict"))
        try container.encode(remarks, forKey: NameKey("notes"))
    }

    /// The text of metrics.json, with a line end.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
