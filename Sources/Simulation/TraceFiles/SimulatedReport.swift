import Tape

/// One record of a simulated market's TRACE files, before it has its reference number.
struct SimulatedReport: Sendable {
    enum Status: Sendable {
        /// `T`
        case trade
        /// `X`: the report with the same reference number does not hold.
        case cancel
        /// `C`: the same, and a correction follows.
        case correctedCancel
        /// `R`: replaces the report that it refers to.
        case correction
        /// `Y`: the report that it refers to does not hold.
        case reversal

        /// Whether the record has the number of the report that it takes back.
        var isNumberedAsOriginal: Bool { self == .cancel || self == .correctedCancel }
    }

    var status = Status.trade
    /// The row of the market's bonds.
    let bond: Int32
    /// UTC epoch nanoseconds.
    let executionTime: Int64
    /// UTC epoch nanoseconds.
    var reportTime: Int64
    /// Dollars of par.
    var quantity: Double
    /// Per 100 of par.
    var price: Double
    /// In percent; NaN for none.
    var yield: Double
    var side: Trade.Side
    let isATS: Bool
    /// Whether this is the report of a dealer who buys from another.
    var isBuyersReport = false
    var isWhenIssued = false
    var isLockedIn = false
    var isSpecialPrice = false
    let isPrimaryMarket: Bool
    let isInvestmentGrade: Bool
    /// The order in which reports were made up, which decides among those of one second.
    var sequence = 0
    /// What tells the report until it has a number; a cancel has that of the report it takes back.
    var token = 0
    /// The token of the report that this one refers to, 0 for none.
    var prior = 0
    /// The token of the first report of a chain of corrections, 0 where this is the first.
    var first = 0
    /// Whether a later report refers to this one.
    var isReferredTo = false
    /// The row of the clean tape that this print makes, alone or with others; -1 for none.
    var row: Int32 = -1
    /// What is wrong with it.
    var error: InjectedError?

    /// The only print of a trade.
    init(_ trade: SimulatedTrade, isInvestmentGrade: Bool) {
        bond = Int32(trade.bond)
        executionTime = trade.executionTime
        reportTime = trade.reportTime
        (quantity, price, yield) = (trade.quantity, trade.price, trade.yield)
        (side, isATS) = (trade.side, trade.isATS)
        isPrimaryMarket = trade.isPrimaryMarket
        self.isInvestmentGrade = isInvestmentGrade
    }

    /// The same report with something changed.
    func with(_ change: (inout SimulatedReport) -> Void) -> SimulatedReport {
        var report = self
        change(&report)
        return report
    }
}

/// A row of the clean tape, with its truth, that waits until all its prints have been reported.
struct TapeRow: Sendable {
    var trade: Trade
    var truth: TradeTruth
    var unreportedPrints: Int
}

extension Trade {
    /// Makes this the row of a trade that was printed in pieces.
    mutating func aggregate(_ pieces: [SimulatedReport]) {
        var totals = PieceTotals()
        for piece in pieces {
            totals.add(quantity: piece.quantity, price: piece.price, yield: piece.yield)
            reportTime = max(reportTime, piece.reportTime)
        }
        (quantity, price, yield) = (totals.quantity, totals.price, totals.yield)
    }
}
