import Files

/// How quotes, forecasts without labels, are joined with trades.
public struct QuoteRules: Sendable, Equatable {
    /// Whether a quote counts only for trades of its side, where it has one.
    public let matchesSide: Bool
    /// Whether a quote counts only for trades of its venue, where it has one.
    public let matchesATS: Bool
    /// Whether the forecast for a size between two quoted sizes is interpolated between them;
    /// otherwise it is that of the nearer one.
    public let interpolatesSize: Bool
    /// Whether sizes beyond the quoted ones take the outermost quote; otherwise such trades have
    /// none.
    public let reachesBeyondSizes: Bool
    /// The age up to which a quote counts, in seconds without those of days on which the bond
    /// market is closed.
    public let maximumAge: Double

    init(_ settings: Settings) throws(FileError) {
        matchesSide =
            try settings.choice("side", default: "match", of: ["match", "any"]) == "match"
        matchesATS = try settings.choice("ats", default: "match", of: ["match", "any"]) == "match"
        interpolatesSize =
            try settings.choice("size", default: "linear", of: ["linear", "nearest"])
            == "linear"
        reachesBeyondSizes =
            try settings.choice("beyond_sizes", default: "nearest", of: ["nearest", "drop"])
            == "nearest"
        maximumAge = try settings.double("maximum_age", default: 86_400, in: 1...1e9)
    }
}
