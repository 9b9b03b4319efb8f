import Bonds
import Tape

/// Reads a line of `POST /v1/events`.
struct EventReader {
    var rules: EventRules

    enum Result {
        case event(MarketEvent, claims: [TradeClaim])
        /// It is about a bond that the market does not have.
        case unknownBond(String)
        case passedOver(String)
    }

    mutating func read(_ line: [UInt8], at place: String) throws(RequestError) -> Result {
        var fields = try Fields(JSONParser.parse(line), at: place)
        let told = try told(&fields)
        try fields.end()
        do {
            switch told {
            case .trade(let trade):
                return try judged(trade, []) { .reported(trade, bond: $0) }
            case .withdrawal(let trade, let claims):
                return try judged(trade, claims) { .withdrawn(trade, bond: $0) }
            case .data(let event): return try judged(event, [])
            }
        } catch {
            throw RequestError("\(place).\(error)")
        }
    }

    private mutating func judged(
        _ trade: Trade, _ claims: [TradeClaim], _ event: (Int) -> MarketEvent
    ) throws(RequestError) -> Result {
        guard let bond = try rules.bond(of: trade) else {
            return .unknownBond("the market has no bond with the CUSIP '\(trade.cusip)'")
        }
        return try judged(event(bond), claims)
    }

    private mutating func judged(
        _ event: MarketEvent, _ claims: [TradeClaim]
    ) throws(RequestError) -> Result {
        switch try rules.check(event) {
        case .right: .event(event, claims: claims)
        case .unknownBond(let reason): .unknownBond(reason)
        case .passedOver(let reason): .passedOver(reason)
        }
    }

    /// What a line tells, before it is judged.
    private enum Told {
        case trade(Trade)
        case withdrawal(Trade, claims: [TradeClaim])
        case data(MarketEvent)
    }

    private enum Kind: String, CaseIterable {
        case trade, withdrawn, treasury, market, rating

        static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
    }

    private func told(_ fields: inout Fields) throws(RequestError) -> Told {
        switch try fields.choice("event", Kind.byName) {
        case .trade: .trade(try trade(&fields))
        case .withdrawn: try withdrawal(&fields)
        case .treasury: .data(.treasury(try treasury(&fields)))
        case .market: .data(.market(try market(&fields)))
        case .rating: .data(.rating(try rating(&fields)))
        }
    }

    // MARK: Trades

    private static let yesNo = ["Y": true, "N": false]
    private static let buySell = ["B": true, "S": false]
    private static let sides = ["D": true, "C": false]

    private func trade(_ fields: inout Fields) throws(RequestError) -> Trade {
        var trade = Trade()
        trade.tradeID = try fields.identifier("trade_id")
        trade.cusip = try fields.text("cusip")
        trade.figi = try fields.optionalText("figi")
        trade.executionTime = try fields.time("execution_date", rules)
        trade.reportTime = try fields.time("report_date", rules)
        trade.replaces = try fields.optionalIdentifier("replaces")
        trade.isATS = try fields.choice("ats_indicator", Self.yesNo, default: false)
        let buys = try fields.choice("buy_sell", Self.buySell)
        let isDealer = try fields.choice("side", Self.sides)
        guard !(buys && isDealer) else {
            throw RequestError("\(fields.place): trades between dealers are given once, as S")
        }
        trade.side = isDealer ? .dealer : buys ? .bid : .offer
        trade.quantity = try fields.number("quantity", .quantity)
        trade.price = try fields.number("price", .price)
        trade.yield = try fields.optionalNumber("yield", .yield) ?? .nan
        trade.isDisseminated = try fields.choice("disseminated", Self.yesNo, default: true)
        trade.dealer = try fields.optionalText("dealer")
        return trade
    }

    /// What a cancel tells: which trade, and when. Whatever else it says of the trade is a claim.
    private func withdrawal(_ fields: inout Fields) throws(RequestError) -> Told {
        var trade = Trade()
        var claims: [TradeClaim] = []
        trade.tradeID = try fields.identifier("trade_id")
        trade.cusip = try fields.text("cusip")
        trade.figi = try fields.optionalText("figi")
        trade.withdrawnTime = try fields.time("withdrawn_date", rules)
        if let time = try fields.optionalTime("execution_date", rules) {
            claims.append(TradeClaim("execution_date", "\(time)") { "\($0.executionTime)" })
        }
        if let time = try fields.optionalTime("report_date", rules) {
            trade.reportTime = time
            claims.append(TradeClaim("report_date", "\(time)") { "\($0.reportTime)" })
        }
        let replaced = try fields.optionalIdentifier("replaces")
        if !replaced.isEmpty { claims.append(TradeClaim("replaces", replaced) { $0.replaces }) }
        for (name, choices, value) in Self.letters {
            guard let letter = try fields.optionalChoice(name, choices) else { continue }
            claims.append(TradeClaim(name, letter, value))
            if name == "disseminated" { trade.isDisseminated = letter == "Y" }
        }
        for (name, bound, value) in Self.numbers {
            guard let number = try fields.optionalNumber(name, bound) else { continue }
            claims.append(
                TradeClaim(name, "\(number)") { value($0).isNaN ? "" : "\(value($0))" })
        }
        let dealer = try fields.optionalText("dealer")
        if !dealer.isEmpty { claims.append(TradeClaim("dealer", dealer) { $0.dealer }) }
        return .withdrawal(trade, claims: claims)
    }

    private static let letters:
        [(name: String, choices: [String: Bool], value: @Sendable (Trade) -> String)] = [
            ("ats_indicator", yesNo, { $0.isATS ? "Y" : "N" }),
            ("buy_sell", buySell, { $0.side == .bid ? "B" : "S" }),
            ("side", sides, { $0.side == .dealer ? "D" : "C" }),
            ("disseminated", yesNo, { $0.isDisseminated ? "Y" : "N" }),
        ]
    private static let numbers:
        [(name: String, bound: EventRules.Bound, value: @Sendable (Trade) -> Double)] = [
            ("quantity", .quantity, { $0.quantity }), ("price", .price, { $0.price }),
            ("yield", .yield, { $0.yield }),
        ]

    // MARK: Market data

    private func treasury(_ fields: inout Fields) throws(RequestError) -> TreasuryRow {
        let tenor = fields.take("tenor")
        guard let years = tenor?.integer, TreasuryRow.tenors.contains(years) else {
            throw fields.error("tenor", "one of \(TreasuryRow.tenors)", tenor)
        }
        return TreasuryRow(
            time: try fields.time("time", rules), tenor: years, cusip: try fields.text("cusip"),
            coupon: try fields.optionalNumber("coupon", .treasuryCoupon) ?? .nan,
            maturity: try fields.date("maturity"),
            yieldMid: try fields.number("yield_mid", .treasuryYield))
    }

    private func market(_ fields: inout Fields) throws(RequestError) -> MarketRow {
        MarketRow(
            time: try fields.time("time", rules), symbol: try fields.text("symbol"),
            price: try fields.number("price", .seriesPrice))
    }

    private func rating(_ fields: inout Fields) throws(RequestError) -> RatingRow {
        let value = fields.take("rating")
        let text = value?.string ?? ""
        let rating = CreditRating(text)
        guard rating != nil || ["", "NR", "WR", "WD"].contains(text.uppercased()) else {
            throw fields.error("rating", "a rating such as BBB+ or Baa1, or NR", value)
        }
        return RatingRow(
            issuer: try fields.text("issuer"), cusip: try fields.optionalText("cusip"),
            date: try fields.date("date"), agency: try fields.text("agency"), rating: rating)
    }
}

/// What a withdrawal says of its trade.
struct TradeClaim {
    let field: String
    let told: String
    /// The same of a trade that is known.
    let known: @Sendable (Trade) -> String

    init(_ field: String, _ told: String, _ known: @escaping @Sendable (Trade) -> String) {
        self.field = field
        self.told = told
        self.known = known
    }

    func check(_ trade: Trade) throws(RequestError) {
        let known = known(trade)
        guard known != told else { return }
        throw RequestError(
            "\(field): expected \(known.isEmpty ? "none" : known), as the trade '\(trade.tradeID)' "
                + "was reported, found \(told)")
    }
}

extension Fields {
    fileprivate mutating func time(
        _ name: String, _ rules: EventRules
    ) throws(RequestError) -> Int64 {
        guard let time = try optionalTime(name, rules) else {
            throw error(name, rules.expectedTime, nil)
        }
        return time
    }

    fileprivate mutating func optionalTime(
        _ name: String, _ rules: EventRules
    ) throws(RequestError) -> Int64? {
        guard let value = take(name) else { return nil }
        guard case .integer(let number) = value, let time = Int64(exactly: number) else {
            throw error(name, rules.expectedTime, value)
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
        _ name: String, _ bound: EventRules.Bound
    ) throws(RequestError) -> Double {
        let value = take(name)
        guard let number = value?.double else { throw error(name, "\(bound)", value) }
        return number
    }

    fileprivate mutating func optionalNumber(
        _ name: String, _ bound: EventRules.Bound
    ) throws(RequestError) -> Double? {
        guard let value = take(name), value != .null else { return nil }
        guard let number = value.double else { throw error(name, "\(bound)", value) }
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
    fileprivate mutating func optionalIdentifier(_ name: String) throws(RequestError) -> String {
        try optionalText(name, most: 4_096)
    }

    /// Empty where there is none.
    fileprivate mutating func optionalText(
        _ name: String, most: Int = 64
    ) throws(RequestError) -> String {
        guard let value = take(name), value != .null else { return "" }
        guard let text = value.string, text.utf8.count <= most else {
            throw error(name, "a text of at most \(most) characters", value)
        }
        return text
    }

    /// One of some letters; nil where there is none.
    fileprivate mutating func optionalChoice(
        _ name: String, _ choices: [String: Bool]
    ) throws(RequestError) -> String? {
        guard let value = take(name), value != .null else { return nil }
        guard let text = value.string, choices[text] != nil else {
            throw error(name, choices.keys.sorted().joined(separator: ", "), value)
        }
        return text
    }
}
