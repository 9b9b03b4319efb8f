import Bonds
import Tape

/// Reads an event of `POST /v1/events`, and refuses what no market has.
struct EventReader {
    let directory: BondDirectory
    let facts: MarketFacts
    /// The server's clock, in UTC epoch nanoseconds.
    let now: Int64

    enum Result {
        case event(MarketEvent)
        /// It is about a bond, or about something else, that the market does not have.
        case unknownBond(String)
        case unknown(String)
    }

    /// How far the clock of whoever sends events may be ahead, in nanoseconds.
    private static let leeway: Int64 = 60_000_000_000
    /// How far TRACE's yield may be above the yield to maturity at the same price: points, and a share
    /// of it. Below it may be far: it is to the worst call.
    private static let yieldExcess = (points: 5.0, share: 0.25)
    /// An on-the-run Treasury has at least this share of its tenor before it, and at most a year more.
    private static let leastRest = 0.5

    func read(_ line: [UInt8], at place: String) throws(RequestError) -> Result {
        var fields = try Fields(JSONParser.parse(line), at: place)
        let kind = try fields.choice("event", Kind.byName)
        let result: Result =
            switch kind {
            case .trade, .withdrawn: try trade(&fields, isWithdrawn: kind == .withdrawn)
            case .treasury: try treasury(&fields)
            case .market: try market(&fields)
            case .rating: try rating(&fields)
            }
        try fields.end()
        return result
    }

    private enum Kind: String, CaseIterable {
        case trade, withdrawn, treasury, market, rating

        static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
    }

    // MARK: Trades

    private func trade(_ fields: inout Fields, isWithdrawn: Bool) throws(RequestError) -> Result {
        var trade = Trade()
        trade.tradeID = try fields.identifier("trade_id")
        trade.cusip = try fields.text("cusip")
        trade.figi = try fields.optionalText("figi")
        trade.executionTime = try fields.time("execution_date", in: times)
        trade.reportTime = try fields.time("report_date", in: times)
        guard trade.executionTime <= trade.reportTime else {
            throw RequestError(
                "\(fields.place).report_date: expected at least the execution_date "
                    + "\(trade.executionTime), found \(trade.reportTime): reported before it was "
                    + "executed")
        }
        if isWithdrawn {
            trade.withdrawnTime = try fields.time("withdrawn_date", in: times)
            guard trade.withdrawnTime >= trade.reportTime else {
                throw RequestError(
                    "\(fields.place).withdrawn_date: expected at least the report_date "
                        + "\(trade.reportTime), found \(trade.withdrawnTime): withdrawn before it was "
                        + "reported")
            }
        }
        if let replaced = fields.take("replaces"), replaced != .null, replaced != .string("") {
            guard let text = replaced.string, text != trade.tradeID else {
                throw fields.error("replaces", "the trade_id of another trade", replaced)
            }
            trade.replaces = text
        }
        trade.isATS = try fields.choice("ats_indicator", ["Y": true, "N": false], default: false)
        let buys = try fields.choice("buy_sell", ["B": true, "S": false])
        let isDealer = try fields.choice("side", ["D": true, "C": false])
        guard !(buys && isDealer) else {
            throw RequestError("\(fields.place): trades between dealers are given once, as S")
        }
        trade.side = isDealer ? .dealer : buys ? .bid : .offer
        trade.quantity = try fields.number("quantity", in: TradeBounds.quantities)
        trade.price = try fields.number("price", in: TradeBounds.prices, excludesLeast: true)
        trade.yield = try fields.numberIfPresent("yield", in: TradeBounds.yields)
        trade.isDisseminated = try fields.choice(
            "disseminated", ["Y": true, "N": false], default: true)
        trade.dealer = try fields.optionalText("dealer")
        guard let bond = try bond(of: trade, at: fields.place) else {
            return .unknownBond("the market has no bond with the CUSIP '\(trade.cusip)'")
        }
        // What should never have been there must be possible to withdraw.
        if !isWithdrawn { try check(trade, against: directory.bonds.rows[bond], at: fields.place) }
        return .event(isWithdrawn ? .withdrawn(trade, bond: bond) : .reported(trade, bond: bond))
    }

    /// The row of a trade's bond; nil where the market does not have it.
    private func bond(of trade: Trade, at place: String) throws(RequestError) -> Int? {
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
                "\(place).figi: expected that of the CUSIP '\(trade.cusip)', found "
                    + "'\(trade.figi)', which is of '\(directory.bonds.rows[other].cusip)'")
        }
        guard named == nil else {
            throw RequestError(
                "\(place).figi: expected '\(figi)', that of the CUSIP '\(trade.cusip)', found "
                    + "'\(trade.figi)'")
        }
        return nil
    }

    /// What a trade cannot be, its bond being what it is.
    private func check(
        _ trade: Trade, against bond: BondRow, at place: String
    ) throws(RequestError) {
        let date = EasternTime.date(trade.executionTime)
        guard date <= bond.terms.maturity else {
            throw RequestError(
                "\(place).execution_date: expected a day up to \(bond.terms.maturity), when "
                    + "\(bond.cusip) matures, found \(date)")
        }
        let most = TradeBounds.offeringShare * bond.offeringAmount
        if most > 0, trade.quantity > most {
            throw RequestError(
                "\(place).quantity: expected at most \(most), all that was offered of "
                    + "\(bond.cusip), found \(trade.quantity)")
        }
        guard !trade.yield.isNaN,
            let flows = bond.terms.cashFlows(settlement: Settlement.date(tradedOn: date))
        else { return }
        let atPrice = flows.yield(cleanPrice: trade.price)
        let highest = atPrice + Self.yieldExcess.points + Self.yieldExcess.share * abs(atPrice)
        if trade.yield > highest {
            throw RequestError(
                "\(place).yield: expected at most \(rounded(highest)), since the price "
                    + "\(trade.price) is a yield to maturity of \(rounded(atPrice)), found "
                    + "\(trade.yield)")
        }
    }

    private func rounded(_ percent: Double) -> Double { (1_000 * percent).rounded() / 1_000 }

    // MARK: Market data

    private func treasury(_ fields: inout Fields) throws(RequestError) -> Result {
        let tenor = fields.take("tenor")
        guard let years = tenor?.integer, TreasuryRow.tenors.contains(years) else {
            throw fields.error("tenor", "one of \(TreasuryRow.tenors)", tenor)
        }
        let row = TreasuryRow(
            time: try fields.time("time", in: times), tenor: years, cusip: try fields.text("cusip"),
            coupon: try fields.numberIfPresent("coupon", in: TreasuryRow.coupons),
            maturity: try fields.date("maturity"),
            yieldMid: try fields.number("yield_mid", in: TreasuryRow.yields))
        let rest = YieldCurve.years(from: EasternTime.date(row.time), to: row.maturity)
        guard rest >= Self.leastRest * Double(years), rest <= Double(years) + 1 else {
            throw RequestError(
                "\(fields.place).maturity: expected \(Self.leastRest * Double(years)) to "
                    + "\(years + 1) years after the tick, as a Treasury on the run for \(years) "
                    + "years has them, found \(row.maturity)")
        }
        return .event(.treasury(row))
    }

    private func market(_ fields: inout Fields) throws(RequestError) -> Result {
        let row = MarketRow(
            time: try fields.time("time", in: times), symbol: try fields.text("symbol"),
            price: try fields.number("price", in: MarketRow.prices, excludesLeast: true))
        guard facts.symbols.contains(row.symbol) else {
            return .unknown(
                "the market has no series '\(row.symbol)': expected one of "
                    + facts.symbols.sorted().joined(separator: ", "))
        }
        return .event(.market(row))
    }

    private func rating(_ fields: inout Fields) throws(RequestError) -> Result {
        let value = fields.take("rating")
        let text = value?.string ?? ""
        let rating = CreditRating(text)
        guard rating != nil || ["", "NR", "WR", "WD"].contains(text.uppercased()) else {
            throw fields.error("rating", "a rating such as BBB+ or Baa1, or NR", value)
        }
        let row = RatingRow(
            issuer: try fields.text("issuer"), cusip: try fields.optionalText("cusip"),
            date: try fields.date("date"), agency: try fields.text("agency"), rating: rating)
        let today = EasternTime.date(now)
        guard row.date <= today else {
            throw RequestError(
                "\(fields.place).date: expected a day up to today, \(today), found \(row.date)")
        }
        guard directory.hasIssuer(row.issuer) else {
            return .unknown("the market has no bond of the issuer '\(row.issuer)'")
        }
        guard !row.cusip.isEmpty else { return .event(.rating(row)) }
        guard let bond = directory.bonds.index(cusip: row.cusip) else {
            return .unknownBond("the market has no bond with the CUSIP '\(row.cusip)'")
        }
        let issuer = directory.bonds.rows[bond].issuer
        guard issuer == row.issuer else {
            throw RequestError(
                "\(fields.place).issuer: expected '\(issuer)', that of the CUSIP '\(row.cusip)', "
                    + "found '\(row.issuer)'")
        }
        return .event(.rating(row))
    }

    /// From the day in New York of the market's first report to a minute from now.
    private var times: ClosedRange<Int64> {
        let last = now + Self.leeway
        let first = facts.firstReport.map {
            EasternTime.nanoseconds(EasternTime.date($0), timeOfDay: 0)
        }
        return min(first ?? 0, last)...last
    }
}

extension Fields {
    fileprivate mutating func time(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(RequestError) -> Int64 {
        let value = take(name)
        guard case .integer(let number)? = value, let time = Int64(exactly: number),
            range.contains(time)
        else {
            throw error(
                name,
                "UTC epoch nanoseconds from \(range.lowerBound) "
                    + "(\(Timestamp.text(range.lowerBound)), when the market begins) to "
                    + "\(range.upperBound) (\(Timestamp.text(range.upperBound)), a minute from now)",
                value)
        }
        return time
    }

    fileprivate mutating func date(_ name: String) throws(RequestError) -> CalendarDate {
        let value = take(name)
        guard let date = value?.string.flatMap({ CalendarDate($0) }) else {
            throw error(name, "a date YYYY-MM-DD", value)
        }
        return date
    }

    fileprivate mutating func number(
        _ name: String, in range: ClosedRange<Double>, excludesLeast: Bool = false
    ) throws(RequestError) -> Double {
        try number(take(name), name, in: range, excludesLeast: excludesLeast)
    }

    /// NaN where there is none.
    fileprivate mutating func numberIfPresent(
        _ name: String, in range: ClosedRange<Double>
    ) throws(RequestError) -> Double {
        guard let value = take(name), value != .null else { return .nan }
        return try number(value, name, in: range, excludesLeast: false)
    }

    private func number(
        _ value: JSONValue?, _ name: String, in range: ClosedRange<Double>, excludesLeast: Bool
    ) throws(RequestError) -> Double {
        guard let number = value?.double, range.contains(number),
            number > range.lowerBound || !excludesLeast
        else {
            let least = "a number \(excludesLeast ? "above" : "from") \(range.lowerBound)"
            throw error(name, least + " to \(range.upperBound)", value)
        }
        return number
    }

    /// Of a trade that was imported in pieces the identifiers of all of them.
    fileprivate mutating func identifier(_ name: String) throws(RequestError) -> String {
        let value = take(name)
        guard let text = value?.string, (1...4_096).contains(text.utf8.count) else {
            throw error(name, "a text of 1 to 4096 characters", value)
        }
        return text
    }

    /// Empty where there is none.
    fileprivate mutating func optionalText(_ name: String) throws(RequestError) -> String {
        guard let value = take(name), value != .null else { return "" }
        guard let text = value.string, text.utf8.count <= 64 else {
            throw error(name, "a text of at most 64 characters", value)
        }
        return text
    }
}
