import Bonds
import Files
import Tape
import Testing

import Serving

/// What may come in at `/v1/events`: what no market has never reaches a filter or a network.
@Suite struct EventLineTests {
    private static let now: Int64 = 1_780_000_000_000_000_000
    private static let first: Int64 = 1_700_000_000_000_000_000
    private let figi = BondDirectory.figis

    /// A market that had one trade, `old` of the first bond, and a withdrawn one, `gone`.
    private static let record: MarketRecord = {
        var record = MarketRecord(bondCount: 4)
        for (name, time) in [("old", first), ("gone", first + 1)] {
            var trade = Trade()
            trade.tradeID = name
            trade.cusip = "000000000"
            trade.reportTime = time
            trade.executionTime = time
            trade.quantity = 250_000
            trade.price = 98.5
            trade.side = .offer
            record.observe(.reported(trade, bond: 0))
            if name == "gone" {
                trade.withdrawnTime = time + 1
                record.observe(.withdrawn(trade, bond: 0))
            }
        }
        return record
    }()

    private func trade(_ changes: [String: String] = [:]) -> String {
        line(
            [
                "event": "\"trade\"", "trade_id": "\"new\"", "cusip": "\"000000000\"",
                "execution_date": "1771000001000000000", "report_date": "1771000005000000000",
                "buy_sell": "\"S\"", "side": "\"C\"", "quantity": "1000000", "price": "99.5",
            ], changes)
    }

    private func treasury(_ changes: [String: String] = [:]) -> String {
        line(
            [
                "event": "\"treasury\"", "time": "1771000006000000000", "tenor": "10",
                "cusip": "\"T\"", "coupon": "4", "maturity": "\"2035-11-15\"", "yield_mid": "4.2",
            ], changes)
    }

    private func market(_ changes: [String: String] = [:]) -> String {
        line(
            [
                "event": "\"market\"", "time": "1771000006000000000", "symbol": "\"LQD\"",
                "price": "108.5",
            ], changes)
    }

    private func rating(_ changes: [String: String] = [:]) -> String {
        line(
            [
                "event": "\"rating\"", "issuer": "\"Issuer 0\"", "date": "\"2026-05-05\"",
                "agency": "\"SP\"", "rating": "\"BBB+\"",
            ], changes)
    }

    private func withdrawn(_ name: String, _ changes: [String: String] = [:]) -> String {
        trade(
            [
                "event": "\"withdrawn\"", "trade_id": "\"\(name)\"",
                "withdrawn_date": "1771000009000000000",
            ].merging(changes) { $1 })
    }

    private func line(_ members: [String: String], _ changes: [String: String]) -> String {
        let all = members.merging(changes) { $1 }
        return "{"
            + all.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private func parse(_ lines: [String]) throws(RequestError) -> EventLines {
        var events = try EventLines(
            Array(lines.joined(separator: "\n").utf8), directory: .sample,
            facts: Self.record.facts, now: Self.now)
        var record = Self.record
        try events.passOver(record.standings(of: events.trades))
        let remembered = record.lastTrades(bond: 0, count: 9).map { ($0.tradeID, $0) }
        try events.compareWithdrawals(with: Dictionary(uniqueKeysWithValues: remembered))
        return events
    }

    /// What is said of a line, in a body whose first line is right.
    private func refusal(_ line: String) -> String? {
        do {
            _ = try parse([trade(["trade_id": "\"first\""]), line])
            return nil
        } catch {
            return error.description
        }
    }

    @Test("Lines that are right")
    func right() throws {
        let lines = [
            trade(["yield": "5.1", "figi": "\"\(figi[0])\"", "replaces": "\"old\""]), treasury(),
            treasury(["tenor": "2", "maturity": "\"2028-01-31\"", "coupon": "null"]), market(),
            rating(), rating(["cusip": "\"000000000\"", "rating": "\"NR\""]),
        ]
        let events = try parse(lines)
        #expect(events.known.map { $0.line } == [1, 2, 3, 4, 5, 6])
        #expect(events.passedOver.isEmpty)
    }

    @Test("Values that no market has are refused, with the range that is expected")
    func values() throws {
        let cases = [
            (
                trade(["price": "1e300"]),
                "price: expected a number above 0.0 to 1000.0, found 1e+300"
            ),
            (trade(["price": "0"]), "price: expected a number above 0.0 to 1000.0, found 0"),
            (trade(["price": "-3"]), "price: expected a number above 0.0"),
            (trade(["price": "null"]), "price: expected a number above 0.0"),
            (trade(["yield": "367"]), "yield: expected a number from -100.0 to 300.0, found 367"),
            (trade(["quantity": "1e12"]), "quantity: expected a number from 0.01 to"),
            (trade(["quantity": "0"]), "quantity: expected a number from 0.01 to"),
            (treasury(["yield_mid": "367"]), "yield_mid: expected a number from -5.0 to 25.0"),
            (treasury(["coupon": "40"]), "coupon: expected a number from 0.0 to 25.0"),
            (treasury(["coupon": "\"4\""]), "coupon: expected a number from 0.0 to 25.0"),
            (treasury(["tenor": "4"]), "tenor: expected one of [2, 3, 5, 7, 10, 20, 30], found 4"),
            (market(["price": "1e300"]), "price: expected a number above 0.0 to 1000000.0"),
            (market(["price": "0"]), "price: expected a number above 0.0"),
            (rating(["rating": "\"QQ\""]), "rating: expected a rating such as BBB+"),
        ]
        for (line, reason) in cases {
            let found = try #require(refusal(line), "\(line)")
            #expect(found.hasPrefix("line 2."), "\(found)")
            #expect(found.contains(reason), "\(found)")
        }
    }

    @Test("A tick that is absurdly far from the last one of its tenor or series is refused")
    func absurdTicks() throws {
        func body(_ ticks: String...) -> String? {
            do {
                _ = try parse(ticks)
                return nil
            } catch { return error.description }
        }
        let day: Int64 = 86_400_000_000_000
        let time: Int64 = 1_771_000_006_000_000_000
        for (yield, days, isRefused) in [
            ("24.9", Int64(1), true), ("1.9", 1, true), ("6.1", 1, false), ("24.9", 8, false),
        ] {
            let later = treasury(["yield_mid": yield, "time": "\(time + days * day)"])
            let reason = body(treasury(), later)
            #expect((reason != nil) == isRefused, "\(yield) after \(days) days")
            #expect(
                reason?.hasPrefix("line 2.yield_mid: expected 2.2 to 6.2, as near to 4.2") ?? true)
        }
        // Of another tenor it is another matter.
        let two = ["tenor": "2", "maturity": "\"2028-01-31\"", "yield_mid": "9.5"]
        #expect(body(treasury(), treasury(two)) == nil)
        for (price, isRefused) in [("1.08", true), ("1086", true), ("50", false)] {
            let reason = body(market(), market(["price": price, "time": "\(time + day)"]))
            #expect(
                (reason?.contains("line 2.price: expected 10.85 to 1085.0") ?? false) == isRefused)
        }
    }

    @Test("A tick that is no later than the last one of its tenor or series is passed over")
    func lateTicks() throws {
        let older = "1771000005000000000"
        let events = try parse([treasury(), market()])
        #expect(events.known.count == 2)
        var rules = EventRules(directory: .sample, facts: Self.record.facts, now: Self.now)
        for (_, event) in events.known { _ = try rules.check(event) }
        for (_, event) in events.known + (try parse([treasury(["time": older])])).known {
            guard case .passedOver(let reason) = try rules.check(event) else {
                Issue.record("\(event)")
                continue
            }
            #expect(reason.contains("has a tick of 2026-02-13T16:26:46.000Z already"))
        }
    }

    @Test("A withdrawal needs no more than which trade and when; what else it says must be so")
    func withdrawals() throws {
        let short =
            #"{"event":"withdrawn","trade_id":"old","cusip":"000000000","#
            + #""withdrawn_date":1771000009000000000"#
        let right = [
            short + "}", short + #","price":98.5,"quantity":250000,"buy_sell":"S","side":"C"}"#,
            short + #","execution_date":1700000000000000000,"report_date":1700000000000000000}"#,
        ]
        for line in right { #expect(try parse([line]).known.count == 1, "\(line)") }
        for (claim, reason) in [
            ("price\":99.5", "price: expected 98.5, as the trade 'old' was reported, found 99.5"),
            ("quantity\":5", "quantity: expected 250000.0, as the trade"),
            ("buy_sell\":\"B", "buy_sell: expected S, as the trade 'old' was reported, found B"),
            ("report_date\":1700000000000000001", "report_date: expected 1700000000000000000"),
            ("yield\":5", "yield: expected none, as the trade"),
            ("figi\":\"\(figi[1])", "figi: expected that of the CUSIP '000000000'"),
            ("price\":\"x", "price: expected a number above 0.0"),
            ("side\":\"X", "side: expected C, D, found 'X'"),
            ("reason\":\"x", "unknown field 'reason'"),
        ] {
            let isText = claim.contains(":\"")
            let found = try #require(refusal(short + ",\"" + claim + (isText ? "\"}" : "}")))
            #expect(found.hasPrefix("line 2") && found.contains(reason), "\(found)")
        }
        let early = short.replacing("1771000009", with: "1699999990")
        #expect(throws: RequestError.self) { try parse([early + "}"]) }
        // Against the line above.
        let contradiction = try #require(
            refusal(withdrawn("first", ["price": "98"])))
        #expect(contradiction.contains("price: expected 99.5, as the trade 'first'"))
    }

    @Test("Times before the market's data and in the future are refused, by the bounds")
    func times() throws {
        let future = "\(Self.now + 61_000_000_000)"
        let cases = [
            (trade(["execution_date": "1", "report_date": "5"]), "execution_date"),
            (trade(["report_date": future]), "report_date"),
            (withdrawn("first", ["withdrawn_date": future]), "withdrawn_date"),
            (treasury(["time": "1600000000000000000"]), "time"),
            (market(["time": future]), "time"), (market(["time": "\"noon\""]), "time"),
        ]
        for (line, name) in cases {
            let found = try #require(refusal(line))
            #expect(found.contains("line 2.\(name): expected UTC epoch nanoseconds"), "\(found)")
            #expect(
                found.contains("(2023-11-14T05:00:00.000Z, when the market begins)"), "\(found)")
        }
        let date = try #require(refusal(rating(["date": "\"2027-01-01\""])))
        #expect(date.contains("date: expected a day up to today, 2026-05-28, found 2027-01-01"))
    }

    @Test("Lines that contradict themselves, their bond or the lines above are refused")
    func contradictions() throws {
        let cases = [
            (trade(["figi": "\"\(figi[1])\""]), "figi: expected that of the CUSIP '000000000'"),
            (
                trade(["figi": "\"BBG000000000\""]),
                "figi: expected '\(figi[0])', that of the CUSIP '000000000', found 'BBG000000000'"
            ),
            (trade(["cusip": "\"999\"", "figi": "\"\(figi[1])\""]), "which is of '000000001'"),
            (trade(["yield": "60"]), "since the price 99.5 is a yield to maturity of 5."),
            (trade(["quantity": "600000000"]), "at most 500000000.0, all that was offered"),
            (trade(["execution_date": "1771000006000000000"]), "reported before it was executed"),
            (
                withdrawn("first", ["withdrawn_date": "1771000004000000000"]),
                "withdrawn before it was reported"
            ),
            (trade(["replaces": "\"new\""]), "replaces: expected the trade_id of another trade"),
            (trade(["buy_sell": "\"B\"", "side": "\"D\""]), "once, as S"),
            (trade(["trade_id": "\"old\"", "cusip": "\"000000001\""]), "which is of another bond"),
            (trade(["trade_id": "\"first\"", "cusip": "\"000000001\""]), "of another bond"),
            (treasury(["maturity": "\"2027-11-15\""]), "maturity: expected 5.0 to 11 years after"),
            (
                rating(["issuer": "\"Issuer 1\"", "cusip": "\"000000000\""]),
                "issuer: expected 'Issuer 0', that of the CUSIP"
            ),
            (trade(["report_date": "1771000004000000000"]), "became known before line 1"),
            (trade(["extra": "1"]), "unknown field 'extra'"),
            (trade(["event": "\"trades\""]), "expected market, rating, trade"),
        ]
        for (line, reason) in cases {
            let found = try #require(refusal(line), "\(line)")
            #expect(found.hasPrefix("line 2"), "\(found)")
            #expect(found.contains(reason), "\(found)")
        }
    }

    @Test(
        "A trade after its bond has matured is refused",
        arguments: [(Int64(2_065_000_000_000_000_000), true), (2_066_000_000_000_000_000, false)])
    func matured(_ time: Int64, _ isAccepted: Bool) {
        let body = trade(["execution_date": "\(time)", "report_date": "\(time)"])
        let events = try? EventLines(
            Array(body.utf8), directory: .sample, facts: Self.record.facts,
            now: 2_100_000_000_000_000_000)
        #expect((events != nil) == isAccepted)
    }

    @Test("What the market does not have, or has already, is passed over by line and reason")
    func passedOver() throws {
        let lines = [
            trade(), trade(["cusip": "\"unknown00\"", "trade_id": "\"a\""]),
            trade(), trade(["trade_id": "\"old\""]),
            market(["symbol": "\"NOBODY\""]), withdrawn("new"), withdrawn("new"),
            withdrawn("never"), withdrawn("gone"), rating(["issuer": "\"Nobody\""]),
            rating(["cusip": "\"unknown00\""]),
        ]
        let events = try parse(lines)
        #expect(events.known.map { $0.line } == [1, 6])
        #expect(events.unknownBonds == 2)
        let reasons = events.passedOver.map { "\($0.line): \($0.reason)" }
        #expect(
            reasons == [
                "2: the market has no bond with the CUSIP 'unknown00'",
                "3: the trade 'new' is known already", "4: the trade 'old' is known already",
                "5: the market has no series 'NOBODY': expected one of HYG, JNK, LQD, QQQ, SPY",
                "7: the trade 'new' is withdrawn already",
                "8: the trade 'never' to be withdrawn is not known",
                "9: the trade 'gone' is withdrawn already",
                "10: the market has no bond of the issuer 'Nobody'",
                "11: the market has no bond with the CUSIP 'unknown00'",
            ])
    }

    @Test("A ledger of many trades knows each, before and after it was put in order")
    func ledger() {
        var ledger = TradeLedger()
        for number in 0..<20_000 { ledger.report("\(number)", bond: number % 300) }
        ledger.sort()
        for number in 20_000..<21_000 { ledger.report("\(number)", bond: number % 300) }
        ledger.withdraw("77")
        ledger.withdraw("20077")
        var wrong = 0
        for number in 0..<21_000 {
            let standing = ledger.standing(of: "\(number)", bond: number % 300)
            let expected: TradeStanding = [77, 20_077].contains(number) ? .withdrawn : .reported
            if standing != expected { wrong += 1 }
            if ledger.standing(of: "\(number)", bond: 301) != .ofAnotherBond { wrong += 1 }
            if ledger.standing(of: "no \(number)", bond: 0) != .unknown { wrong += 1 }
        }
        #expect(wrong == 0)
    }
}
