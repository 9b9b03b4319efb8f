import Files
import Foundation
import Quantiles

/// Which trades count, into which cohorts they fall and how tables are joined: a YAML file.
public struct EvaluationProtocol: Sendable {
    public let name: String
    /// What it is after, in a sentence.
    public let description: String
    /// Trades below this many dollars of par do not count.
    public let minimumQuantity: Double
    /// Whether bonds without a rating do not count.
    public let ratedOnly: Bool
    /// The agency whose ratings count; nil for the middle of all.
    public let ratingAgency: String?
    public let sides: [TradeSide]
    /// Whether only trades on an alternative trading system count (true), or only others.
    public let ats: Bool?
    /// What rows are split by, beside investment grade and high yield.
    public let cohorts: [CohortDimension]
    /// What the report and metrics.json hold.
    public let metrics: Set<MetricFamily>
    /// Where the cohorts of size begin, in dollars of par.
    public let sizeBounds: [Double]
    /// The spread in basis points from which a bond is distressed.
    public let distressedSpread: Double
    /// What becomes of several prints of one bond, time, side and venue.
    public let aggregation: Aggregation
    /// How quotes are joined with trades.
    public let quotes: QuoteRules
    /// The age up to which a quote or an earlier forecast counts in the time-regularised next-trade
    /// metric, in seconds.
    public let regularAge: Double
    /// Cohorts of fewer rows are marked as small samples.
    public let smallSample: Int
    /// The published figures that stand beside the results.
    public let published: [String]

    /// The two ways with prints that share bond, time, side and venue.
    public enum Aggregation: String, Sendable, CaseIterable {
        /// One trade: quantities add up, prices and forecasts are weighted by quantity.
        case merge
        /// Left out, as they cannot be told apart.
        case drop
    }

    /// Reads a protocol from settings; an unknown key is an error.
    public init(_ settings: Settings) throws(FileError) {
        name = try settings.string("name")
        description = try settings.string("description", default: "")
        let filter = try settings.sectionOrEmpty("filter")
        minimumQuantity = try filter.double("minimum_quantity", default: 0, in: 0...1e15)
        ratedOnly = try filter.bool("rated", default: false)
        ratingAgency = try filter.optionalString("rating_agency")
        sides = try filter.strings("sides", default: TradeSide.allCases.map(\.name))
            .map { (name) throws(FileError) in
                guard let side = TradeSide(named: name) else {
                    throw FileError(
                        .badData, file: settings.file, "'filter.sides' has an unknown side",
                        expected: "bid, offer or dealer", found: FileError.quoted(name))
                }
                return side
            }
        ats =
            switch try filter.choice("ats", default: "any", of: ["any", "only", "none"]) {
            case "only": true
            case "none": false
            default: nil
            }
        cohorts = try Self.names("cohorts", of: settings)
        metrics = Set(try Self.names("metrics", of: settings) as [MetricFamily])
        guard !metrics.isEmpty else {
            throw FileError(
                .badData, file: settings.file, "'metrics' is empty",
                expected: "some of "
                    + Spelling.list(MetricFamily.allCases.map(\.rawValue), limit: 20),
                advice: "Leave the key out for all of them")
        }
        sizeBounds = try settings.doubles(
            "size_bounds", default: [100_000, 1_000_000, 5_000_000], in: 1...1e15)
        guard zip(sizeBounds, sizeBounds.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw FileError(
                .badData, file: settings.file, "'size_bounds' do not ascend",
                expected: "dollars of par, each more than the one before")
        }
        distressedSpread = try settings.double("distressed_spread", default: 1_000, in: 1...1e6)
        let join = try settings.sectionOrEmpty("join")
        let words = Aggregation.allCases.map(\.rawValue)
        let word = try join.choice("aggregated", default: "merge", of: words)
        aggregation = Aggregation(rawValue: word) ?? .merge
        quotes = try QuoteRules(try settings.sectionOrEmpty("quotes"))
        regularAge = try settings.double("regular_age", default: 300, in: 1...1e9)
        smallSample = try settings.int("small_sample", default: 200, in: 1...1_000_000_000)
        published = try settings.strings("published", default: [])
        try settings.finish()
    }

    /// A list of names, all of them where the key is absent; an unknown one is an error with the
    /// list.
    private static func names<Name: RawRepresentable<String> & CaseIterable>(
        _ key: String, of settings: Settings
    ) throws(FileError) -> [Name] {
        let known = Name.allCases.map(\.rawValue)
        return try settings.strings(key, default: known).map { (name) throws(FileError) in
            guard let value = Name(rawValue: name) else {
                throw FileError(
                    .badData, file: settings.file, "'\(key)' has an unknown name",
                    expected: "some of " + Spelling.list(known, limit: 20),
                    found: FileError.quoted(name),
                    advice: Spelling.nearest(to: name, among: known).map {
                        "Did you mean '\($0)'?"
                    })
            }
            return value
        }
    }

    /// The protocol of a file, or one of those in the binary by name.
    public init(_ nameOrPath: String) throws(FileError) {
        if let text = Self.embedded[nameOrPath],
            !FileManager.default.fileExists(atPath: nameOrPath)
        {
            try self.init(Settings(yaml: text, file: nameOrPath))
        } else {
            guard nameOrPath.contains("/") || nameOrPath.contains(".") else {
                throw FileError(
                    .missing, file: nameOrPath, "no such protocol",
                    expected: "a YAML file, or one of "
                        + Spelling.list(Self.embedded.keys.sorted()),
                    advice: Spelling.nearest(to: nameOrPath, among: Self.embedded.keys.sorted())
                        .map { "Did you mean '\($0)'?" })
            }
            try self.init(Settings(path: nameOrPath))
        }
    }

    /// Every trade, every cohort.
    public static func standard() throws(FileError) -> EvaluationProtocol { try Self("default") }

    private static let embedded: [String: String] = [
        "default": text(PackageResources.default_yaml), "axor": text(PackageResources.axor_yaml),
        "fvmp": text(PackageResources.fvmp_yaml),
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What the filter lets through, in words; nil where that is everything.
    public func filterText(in market: MarketReference?) -> String? {
        var parts: [String] = []
        if minimumQuantity > 0 { parts.append("size at least $\(grouped(Int(minimumQuantity)))") }
        if ratedOnly {
            let isSimulated = ratingAgency.map { market?.simulates(agency: $0) ?? false } ?? false
            parts.append(
                isSimulated
                    ? "rated by the simulated market itself, in place of \(ratingAgency ?? "")"
                    : "rated" + (ratingAgency.map { " by \($0)" } ?? ""))
        }
        if sides.count < TradeSide.allCases.count {
            parts.append("side " + sides.map(\.name).joined(separator: " or "))
        }
        if let ats { parts.append(ats ? "on an ATS" : "not on an ATS") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
