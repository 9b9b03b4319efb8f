import Bonds
import Tape

/// The body of `POST /v1/events`: one JSON object a line, in the order in which they became known.
///
/// `event` says what a line is: `trade` or `withdrawn` with the columns of `trades.csv`, `treasury`,
/// `market` or `rating` with those of their tables. Times are UTC epoch nanoseconds.
package enum EventLines {
    package struct Events {
        package var known: [MarketEvent] = []
        /// Trades of bonds that the market does not have.
        package var unknownBonds = 0
    }

    /// Reads all lines; where one is wrong, none counts.
    package static func parse(_ body: [UInt8], bonds: BondTable) throws(RequestError) -> Events {
        var events = Events()
        var number = 0
        for line in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            let event: MarketEvent?
            do {
                event = try read(Array(line), at: "line \(number)", bonds: bonds)
            } catch {
                let text = error.description
                throw text.hasPrefix("line ") ? error : RequestError("line \(number): \(text)")
            }
            guard let event else {
                events.unknownBonds += 1
                continue
            }
            if let last = events.known.last, event.time < last.time {
                throw RequestError("line \(number): became known before the line above it")
            }
            events.known.append(event)
        }
        return events
    }

    /// Nil for a trade of an unknown bond.
    private static func read(
        _ line: [UInt8], at place: String, bonds: BondTable
    ) throws(RequestError) -> MarketEvent? {
        var fields = try Fields(JSONParser.parse(line), at: place)
        let kind = try fields.choice("event", Kind.byName)
        let event: MarketEvent?
        switch kind {
        case .trade, .withdrawn:
            let trade = try trade(&fields, isWithdrawn: kind == .withdrawn)
            event = bonds.index(cusip: trade.cusip).map {
                kind == .trade ? .reported(trade, bond: $0) : .withdrawn(trade, bond: $0)
            }
        case .treasury: event = .treasury(try treasury(&fields))
        case .market:
            event = .market(
                MarketRow(
                    time: try fields.time("time"), symbol: try fields.text("symbol"),
                    price: try fields.number("price", above: 0)))
        case .rating: event = .rating(try rating(&fields))
        }
        try fields.end()
        return event
    }

    private enum Kind: String, CaseIterable {
        case trade, withdrawn, treasury, market, rating

        static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })
    }

    private static func trade(
        _ fields: inout Fields, isWithdrawn: Bool
    ) throws(RequestError) -> Trade {
        var trade = Trade()
        trade.tradeID = try fields.text("trade_id")
        trade.cusip = try fields.text("cusip")
        trade.figi = fields.take("figi")?.string ?? ""
        trade.executionTime = try fields.time("execution_date")
        trade.reportTime = try fields.time("report_date")
        if isWithdrawn {
            trade.withdrawnTime = try fields.time("withdrawn_date")
            guard trade.withdrawnTime >= trade.reportTime else {
                throw RequestError("\(fields.place): withdrawn before it was reported")
            }
        }
        guard trade.executionTime <= trade.reportTime else {
            throw RequestError("\(fields.place): reported before it was executed")
        }
        trade.replaces = fields.take("replaces")?.string ?? ""
        trade.isATS = try fields.choice("ats_indicator", ["Y": true, "N": false], default: false)
        let buys = try fields.choice("buy_sell", ["B": true, "S": false])
        let isDealer = try fields.choice("side", ["D": true, "C": false])
        guard !(buys && isDealer) else {
            throw RequestError("\(fields.place): trades between dealers are given once, as S")
        }
        trade.side = isDealer ? .dealer : buys ? .bid : .offer
        trade.quantity = try fields.number("quantity", above: 0)
        trade.price = try fields.number("price", above: 0)
        if let value = fields.take("yield"), value != .null {
            guard let yield = value.double else { throw fields.error("yield", "a number", value) }
            trade.yield = yield
        }
        trade.isDisseminated = try fields.choice(
            "disseminated", ["Y": true, "N": false], default: true)
        trade.dealer = fields.take("dealer")?.string ?? ""
        return trade
    }

    private static func treasury(_ fields: inout Fields) throws(RequestError) -> TreasuryRow {
        let tenor = fields.take("tenor")
        guard let years = tenor?.integer, TreasuryRow.tenors.contains(years) else {
            throw fields.error("tenor", "one of \(TreasuryRow.tenors)", tenor)
        }
        return TreasuryRow(
            time: try fields.time("time"), tenor: years, cusip: try fields.text("cusip"),
            coupon: fields.take("coupon")?.double ?? .nan, maturity: try fields.date("maturity"),
            yieldMid: try fields.number("yield_mid", above: -5))
    }

    private static func rating(_ fields: inout Fields) throws(RequestError) -> RatingRow {
        let value = fields.take("rating")
        let text = value?.string ?? ""
        let rating = CreditRating(text)
        guard rating != nil || ["", "NR", "WR"].contains(text) else {
            throw fields.error("rating", "a rating such as BBB+ or Baa1", value)
        }
        return RatingRow(
            issuer: try fields.text("issuer"), cusip: fields.take("cusip")?.string ?? "",
            date: try fields.date("date"), agency: try fields.text("agency"), rating: rating)
    }
}

extension Fields {
    /// UTC epoch nanoseconds from 1970 to 2200.
    fileprivate mutating func time(_ name: String) throws(RequestError) -> Int64 {
        let value = take(name)
        guard case .integer(let time)? = value, (0..<7_258_118_400_000_000_000).contains(time)
        else {
            throw error(name, "UTC epoch nanoseconds", value)
        }
        return Int64(time)
    }

    fileprivate mutating func date(_ name: String) throws(RequestError) -> CalendarDate {
        let value = take(name)
        guard let date = value?.string.flatMap({ CalendarDate($0) }) else {
            throw error(name, "a date YYYY-MM-DD", value)
        }
        return date
    }

    fileprivate mutating func number(
        _ name: String, above least: Double
    ) throws(RequestError) -> Double {
        let value = take(name)
        guard let number = value?.double, number > least else {
            throw error(name, "a number above \(least)", value)
        }
        return number
    }
}
