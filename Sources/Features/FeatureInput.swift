import Bonds
import Files

/// A table of a market folder, and what features are without it.
public struct FeatureInput: Sendable, Hashable, Encodable {
    /// The name of the table: `bonds` for `bonds.csv`.
    public let table: String
    /// What stands in its features where it is not there; nil where it must be there.
    public let without: String?
    /// Whether features are made of it.
    public let isRead: Bool

    private enum CodingKeys: CodingKey { case table, without }

    private init(_ table: String, without: String? = nil, isRead: Bool = true) {
        self.table = table
        self.without = without
        self.isRead = isRead
    }

    /// Every table of a market folder but the truth of a simulated one.
    public static let all = [
        FeatureInput("bonds"), FeatureInput("trades"), FeatureInput("treasuries"),
        FeatureInput(
            "markets",
            without: "credit indices stay at their first level; ETF moves and volatility are 0"),
        FeatureInput(
            "ratings",
            without: "every bond counts as BB-, of high yield, its sizes capped at $1 million"),
        FeatureInput("calls", without: "every bond is priced to its maturity"),
        FeatureInput("entities", without: "no bond has a share or a default swap"),
        FeatureInput("equities", without: "moves of shares and of sectors' shares are 0"),
        FeatureInput("cds", without: "no family swaps, the CDS-bond basis"),
        FeatureInput("holdings", without: "nothing is missing: no feature reads it", isRead: false),
        FeatureInput("funds", without: "nothing is missing: no feature reads it", isRead: false),
    ]

    /// The tables that a market folder does without.
    public static func absent(market folder: String) throws(FileError) -> [FeatureInput] {
        var absent: [FeatureInput] = []
        for input in all where input.without != nil {
            if try MarketFolder.path(of: input.table, in: folder) == nil { absent.append(input) }
        }
        return absent
    }
}
