/// What cleaning filters, beyond what was cancelled, corrected, reversed or told twice.
///
/// The defaults remove what is no ordinary trade at a market price and keep what merely arrived
/// late. Sources: Dick-Nielsen (2009, 2014); Dickerson, Robotti and Rossetti (2024).
public struct CleaningOptions: Sendable, Equatable, Codable {
    /// Removes trades on a when-issued basis.
    public var whenIssued = true
    /// Removes trades that one dealer reported for both sides (locked in).
    public var lockedIn = true
    /// Removes trades that were flagged as not at the market price.
    public var specialPrice = true
    /// Removes trades with special sale conditions: cash, next day, seller's option, weighted
    /// average price.
    public var specialCondition = true
    /// Removes primary-market trades.
    public var primaryMarket = true
    /// Removes transfers to a dealer's own affiliates.
    public var affiliate = true
    /// Removes a customer's leg of an agency trade without commission that repeats a trade between
    /// dealers.
    public var freeAgency = true
    /// Removes reports that repeat another under a number of their own: the same second, side,
    /// quantity and price, reported within a minute of it. No field tells them from equal trades
    /// that were made at once, such as allocations: turn it off where those should add up.
    public var repeatedReports = true
    /// Removes trades that were reported on a later day than they were made.
    public var asOf = false
    /// Removes trades that settle more than so many calendar days after execution; nil keeps all.
    public var settlementDays: Int? = 7
    /// Removes trades whose price, per 100 of par, is not within; the lower bound is excluded.
    public var prices: ClosedRange<Double>? = TradeBounds.prices
    /// Removes trades of less par, in dollars.
    public var minimumQuantity = TradeBounds.quantities.lowerBound
    /// Removes trades whose price is the yield, to the last digit.
    public var yieldAsPrice = true
    /// Removes trades executed after the bond's maturity, where that is known.
    public var matured = true
    /// Removes trades of more than this share of the bond's offering, where that is known.
    public var offeringShare: Double? = TradeBounds.offeringShare
    /// Moves the decimal point of prices that are ten or a hundred times off their neighbours.
    public var decimalShift = true
    /// Withdraws prices that jump by 35 points or more, or by 30 % of a low price, and are back
    /// within five trades.
    public var bounceBack = true
    /// Merges the pieces of one trade: equal bond, time, side and ATS.
    public var aggregate = true

    public init() {}
}

/// The steps of cleaning, in their order; each row that leaves the tape leaves it in one of them.
public enum CleaningStep: UInt8, CaseIterable, Sendable {
    case kept, unreadable, duplicate
    case cancel, correction, reversal, historicCancel, historicCorrection, historicReversal
    case unmatched, dealerDouble, agencyDouble, repeated
    case whenIssued, lockedIn, specialPrice, specialCondition, primaryMarket, affiliate, asOf
    case settlement, price, quantity, yieldAsPrice, matured, offering
    case decimalShift, bounceBack, badPrint, aggregate

    /// What the step does, for people.
    public var title: String {
        switch self {
        case .kept: "kept"
        case .unreadable: "rows that cannot be read"
        case .duplicate: "exact duplicates"
        case .cancel: "cancels (X, C)"
        case .correction: "corrections (R)"
        case .reversal: "reversals (Y)"
        case .historicCancel: "cancels before 2012 (C)"
        case .historicCorrection: "corrections before 2012 (W)"
        case .historicReversal: "reversals before 2012 (as-of R, X)"
        case .unmatched: "cancels, corrections, reversals of nothing here"
        case .dealerDouble: "dealer purchases whose sale is there"
        case .agencyDouble: "agency legs without commission"
        case .repeated: "reports repeated under another number"
        case .whenIssued: "when-issued"
        case .lockedIn: "locked-in"
        case .specialPrice: "special price"
        case .specialCondition: "special sale conditions"
        case .primaryMarket: "primary market"
        case .affiliate: "affiliates"
        case .asOf: "as-of reports"
        case .settlement: "late settlement"
        case .price: "price out of range"
        case .quantity: "quantity too small"
        case .yieldAsPrice: "yield in place of the price"
        case .matured: "executed after maturity"
        case .offering: "larger than the offering"
        case .decimalShift: "decimal point moved"
        case .bounceBack: "prices that bounced back"
        case .badPrint: "bad prints by the classifier"
        case .aggregate: "pieces of one trade"
        }
    }

    /// The name in `audit.json`.
    public var name: String { String(describing: self) }
}
