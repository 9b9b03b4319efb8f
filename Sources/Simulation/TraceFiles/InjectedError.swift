/// What is done to a report of a simulated market's TRACE files so that cleaning has something to
/// find. Each trade suffers at most one of them.
package enum InjectedError: String, CaseIterable, Sendable {
    /// A cancel takes the print back within a day; half of these prints were wrong.
    case cancel
    /// The print had a wrong price or size; a cancel and a correction follow within a day.
    case correction
    /// A reversal takes the print back after more than 20 days.
    case reversal
    /// The same trade is reported again under another number.
    case duplicate
    /// The decimal point of the price is misplaced; three in five of these are cancelled later.
    case decimalShift = "decimal_shift"
    /// The price is far off, the next one is not.
    case bounceBack = "bounce_back"
    case whenIssued = "when_issued"
    case lockedIn = "locked_in"
    /// Flagged as not at the market price.
    case specialPrice = "special_price"
    case missingYield = "missing_yield"

    /// The share of trades that suffer it.
    package var rate: Double {
        switch self {
        case .cancel: 0.006
        case .correction: 0.008
        case .reversal: 0.0015
        case .duplicate: 0.002
        case .decimalShift: 0.0005
        case .bounceBack: 0.001
        case .whenIssued, .lockedIn, .specialPrice: 0.002
        case .missingYield: 0.01
        }
    }

    /// The error at a point of [0, 1), which they share by their rates; nil for most points.
    init?(at point: Double) {
        var end = 0.0
        for error in Self.allCases {
            end += error.rate
            if point < end {
                self = error
                return
            }
        }
        return nil
    }

    /// Whether cleaning takes the trade out for good, so that the clean tape has no row of it.
    var isRemoved: Bool {
        switch self {
        case .bounceBack, .whenIssued, .lockedIn, .specialPrice: true
        default: false
        }
    }
}
