/// What an engine cannot do with an event or a question.
public enum FeatureError: Error, Equatable, CustomStringConvertible {
    /// The engine has seen a later time; both in UTC epoch nanoseconds.
    case outOfOrder(time: Int64, after: Int64)

    public var description: String {
        switch self {
        case .outOfOrder(let time, let after):
            "an event or a question at \(time), after one at \(after): they must come in order"
        }
    }
}

/// What an engine passed over, and why.
public struct FeatureTally: Sendable, Equatable, Codable {
    /// Prints that the filters and rings took in.
    public var prints = 0
    /// Prints that were taken out again.
    public var withdrawn = 0
    /// Prints that the public did not see.
    public var undisseminated = 0
    /// Prints of a trade identifier that the bond's ring has already.
    public var duplicates = 0
    /// Prints before the first Treasury tick.
    public var withoutMarket = 0
    /// Prints of bonds that had matured.
    public var matured = 0
    /// Prints at prices that have no yield.
    public var unpriced = 0
    /// Withdrawals of prints that the rings no longer, or never, had.
    public var forgotten = 0

    public init() {}
}
