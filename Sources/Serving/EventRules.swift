import Bonds
import Tape

/// What no market has: the rules for all that becomes known while a server runs, whichever way it
/// comes.
package struct EventRules {
    private let directory: BondDirectory
    private let symbols: Set<String>
    /// From the day in New York of the market's first report to a minute from now.
    private let times: ClosedRange<Int64>
    private let today: CalendarDate
    /// The last ticks, those of events that were checked among them.
    private var facts: MarketFacts

    package enum Verdict {
        case right
        /// It is about a bond that the market does not have.
        case unknownBond(String)
        /// It is about something else that the market does not have, or tells of what is past.
        case passedOver(String)
    }

    /// How far the clock of whoever sends events may be ahead, in nanoseconds.
    private static let leeway: Int64 = 60_000_000_000
    /// How far TRACE's yield may be above the yield to maturity at the same price: points, and a share
    /// of it. Below it may be far: it is to the worst call.
    private static let yieldExcess = (points: 5.0, share: 0.25)
    /// An on-the-run Treasury has at least this share of its tenor before it, and at most a year more.
    private static let leastRest = 0.5
    /// How long a tick is the measure of those behind it, in nanoseconds: a week.
    private static let memory: Int64 = 7 * 86_400_000_000_000
    /// How far a Treasury's yield may be from its last tick, in points: twice as far as that of two
    /// years fell in three days of March 2023, the most since 1987.
    private static let yieldMove = 2.0
    /// How many times a series' last price the next one may be, or the other way round: more than
    /// funds split, and than markets move.
    private static let priceFactor = 10.0

    /// - Parameters:
    ///   - facts: of the market so far.
    ///   - now: the server's clock, in UTC epoch nanoseconds.
    package init(directory: BondDirectory, facts: MarketFacts, now: Int64) {
        self.directory = directory
        self.facts = facts
        symbols = facts.symbols
        let last = now + Self.leeway
        let first = facts.firstReport.map {
            EasternTime.nanoseconds(EasternTime.date($0), timeOfDay: 0)
        }
        times = min(first ?? 0, last)...last
        today = EasternTime.date(now)
    }

    /// Checks the next event.
    /// - Throws: what is wrong with it: the field, what was expected and what was found.
    package mutating func check(_ event: MarketEvent) throws(RequestError) -> Verdict {
        switch event {
        case .reported(let trade, let bond):
            try check(trade)
            try check(trade, against: directory.bonds.rows[bond])
        case .withdrawn(let trade, _):
            // What should never have been there must be possible to withdraw.
            try check("withdrawn_date", trade.withdrawnTime)
            guard trade.reportTime <= trade.withdrawnTime else {
                throw RequestError(
                    "withdrawn_date: expected at least the report_date \(trade.reportTime), found "
                        + "\(trade.withdrawnTime): withdrawn before it was reported")
            }
        case .treasury(let tick):
            try check(tick)
            if let last = facts.yields[tick.tenor] {
                guard tick.time > last.time else {
                    return .passedOver(
                        "the \(tick.tenor)-year Treasury has a tick of \(Timestamp.text(last.time)) "
                            + "already")
                }
                try check(
                    "yield_mid", tick.yieldMid, at: tick.time, against: last,
                    in: last.value - Self.yieldMove...last.value + Self.yieldMove)
            }
            facts.observe(event, at: tick.time)
        case .market(let tick):
            try check("time", tick.time)
            try Bound.seriesPrice.check("price", tick.price)
            guard symbols.contains(tick.symbol) else {
                return .passedOver(
                    "the market has no series '\(tick.symbol)': expected one of "
                        + symbols.sorted().joined(separator: ", "))
            }
            if let last = facts.prices[tick.symbol] {
                guard tick.time > last.time else {
                    return .passedOver(
                        "the series '\(tick.symbol)' has a tick of \(Timestamp.text(last.time)) "
                            + "already")
                }
                try check(
                    "price", tick.price, at: tick.time, against: last,
                    in: last.value / Self.priceFactor...last.value * Self.priceFactor)
            }
            facts.observe(event, at: tick.time)
        case .rating(let rating): return try check(rating)
        }
        return .right
    }

    // MARK: Trades

    /// What is wrong with a trade by itself.
    private func check(_ trade: Trade) throws(RequestError) {
        try check("execution_date", trade.executionTime)
        try check("report_date", trade.reportTime)
        guard trade.executionTime <= trade.reportTime else {
            throw RequestError(
                "report_date: expected at least the execution_date \(trade.executionTime), found "
                    + "\(trade.reportTime): reported before it was executed")
        }
        try Bound.quantity.check("quantity", trade.quantity)
        try Bound.price.check("price", trade.price)
        if !trade.yield.isNaN { try Bound.yield.check("yield", trade.yield) }
        guard trade.replaces != trade.tradeID else {
            throw RequestError(
                "replaces: expected the trade_id of another trade, found '\(trade.replaces)'")
        }
        _ = try bond(of: trade)
    }

    /// The row of a trade's bond; nil where the market does not have it.
    /// - Throws: where its FIGI is that of another bond.
    package func bond(of trade: Trade) throws(RequestError) -> Int? {
        let named = directory.bonds.index(cusip: trade.cusip)
        guard !trade.figi.isEmpty else { return named }
        let figi = named.map { directory.bonds.rows[$0].figi } ?? ""
        if let named,
            figi == trade.figi || (figi.isEmpty && directory.index(figi: trade.figi) == nil)
        {
            return named
        }
        if let other = directory.index(figi: trade.figi) {
            throw RequestError(
                "figi: expected that of the CUSIP '\(trade.cusip)', found '\(trade.figi)', which is "
                    + "of '\(directory.bonds.rows[other].cusip)'")
        }
        guard named == nil else {
            throw RequestError(
                "figi: expected '\(figi)', that of the CUSIP '\(trade.cusip)', found '\(trade.figi)'"
            )
        }
        return nil
    }

    /// What a trade cannot be, its bond being what it is.
    private func check(_ trade: Trade, against bond: BondRow) throws(RequestError) {
        let date = EasternTime.date(trade.executionTime)
        guard date <= bond.terms.maturity else {
            throw RequestError(
                "execution_date: expected a day up to \(bond.terms.maturity), when \(bond.cusip) "
                    + "matures, found \(date)")
        }
        let most = TradeBounds.offeringShare * bond.offeringAmount
        if most > 0, trade.quantity > most {
            throw RequestError(
                "quantity: expected at most \(most), all that was offered of \(bond.cusip), found "
                    + "\(trade.quantity)")
        }
        guard !trade.yield.isNaN,
            let flows = bond.terms.cashFlows(settlement: Settlement.date(tradedOn: date))
        else { return }
        let atPrice = flows.yield(cleanPrice: trade.price)
        let highest = atPrice + Self.yieldExcess.points + Self.yieldExcess.share * abs(atPrice)
        if trade.yield > highest {
            throw RequestError(
                "yield: expected at most \(rounded(highest)), since the price \(trade.price) is a "
                    + "yield to maturity of \(rounded(atPrice)), found \(trade.yield)")
        }
    }

    // MARK: Market data

    private func check(_ tick: TreasuryRow) throws(RequestError) {
        try check("time", tick.time)
        try Bound.treasuryYield.check("yield_mid", tick.yieldMid)
        if !tick.coupon.isNaN { try Bound.treasuryCoupon.check("coupon", tick.coupon) }
        let rest = YieldCurve.years(from: EasternTime.date(tick.time), to: tick.maturity)
        guard rest >= Self.leastRest * Double(tick.tenor), rest <= Double(tick.tenor) + 1 else {
            throw RequestError(
                "maturity: expected \(Self.leastRest * Double(tick.tenor)) to \(tick.tenor + 1) "
                    + "years after the tick, as a Treasury on the run for \(tick.tenor) years has "
                    + "them, found \(tick.maturity)")
        }
    }

    /// What lies absurdly far from the last tick, where that is not too old to tell.
    private func check(
        _ field: String, _ value: Double, at time: Int64, against last: MarketFacts.Tick,
        in range: ClosedRange<Double>
    ) throws(RequestError) {
        guard time - last.time <= Self.memory, !range.contains(value) else { return }
        throw RequestError(
            "\(field): expected \(rounded(range.lowerBound)) to \(rounded(range.upperBound)), as "
                + "near to \(last.value), the last tick (\(Timestamp.text(last.time))), as ticks of "
                + "a week are, found \(value)")
    }

    private func check(_ rating: RatingRow) throws(RequestError) -> Verdict {
        guard rating.date <= today else {
            throw RequestError("date: expected a day up to today, \(today), found \(rating.date)")
        }
        guard directory.hasIssuer(rating.issuer) else {
            return .passedOver("the market has no bond of the issuer '\(rating.issuer)'")
        }
        guard !rating.cusip.isEmpty else { return .right }
        guard let bond = directory.bonds.index(cusip: rating.cusip) else {
            return .unknownBond("the market has no bond with the CUSIP '\(rating.cusip)'")
        }
        let issuer = directory.bonds.rows[bond].issuer
        guard issuer == rating.issuer else {
            throw RequestError(
                "issuer: expected '\(issuer)', that of the CUSIP '\(rating.cusip)', found "
                    + "'\(rating.issuer)'")
        }
        return .right
    }

    private func rounded(_ number: Double) -> Double { (1_000 * number).rounded() / 1_000 }

    // MARK: Times

    /// What a time must be.
    package var expectedTime: String {
        "UTC epoch nanoseconds from \(times.lowerBound) (\(Timestamp.text(times.lowerBound)), when "
            + "the market begins) to \(times.upperBound) (\(Timestamp.text(times.upperBound)), a "
            + "minute from now)"
    }

    private func check(_ field: String, _ time: Int64) throws(RequestError) {
        guard times.contains(time) else {
            throw RequestError("\(field): expected \(expectedTime), found \(time)")
        }
    }
}

extension EventRules {
    /// The range of a number.
    package struct Bound: Sendable, CustomStringConvertible {
        let range: ClosedRange<Double>
        var excludesLeast = false

        static let price = Bound(range: TradeBounds.prices, excludesLeast: true)
        static let quantity = Bound(range: TradeBounds.quantities)
        static let yield = Bound(range: TradeBounds.yields)
        static let treasuryYield = Bound(range: TreasuryRow.yields)
        static let treasuryCoupon = Bound(range: TreasuryRow.coupons)
        static let seriesPrice = Bound(range: MarketRow.prices, excludesLeast: true)

        package var description: String {
            "a number \(excludesLeast ? "above" : "from") \(range.lowerBound) to \(range.upperBound)"
        }

        fileprivate func check(_ field: String, _ value: Double) throws(RequestError) {
            guard range.contains(value), value > range.lowerBound || !excludesLeast else {
                throw RequestError("\(field): expected \(self), found \(value)")
            }
        }
    }
}
