import Bonds
import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Testing

@Suite("Quotes joined with trades agree with NumPy and pandas, trade by trade")
struct QuoteParityTests {
    let reference: [String: Any]
    let result: EvaluationResult

    init() throws {
        reference = try quoteReference()
        let rules = try EvaluationProtocol("default")
        let quotes = try ForecastTable(path: fixture("quotes.csv"))
        result = try Evaluation.run(
            forecasts: quotes,
            tape: ReferenceTrades(path: fixture("tape.csv"), for: [quotes]),
            rules: rules)
    }

    private func number(_ key: String) -> Double {
        let funnel = reference["funnel"] as? [String: Any]
        return ((reference[key] ?? funnel?[key]) as? NSNumber)?.doubleValue ?? .nan
    }

    private func numbers(_ key: String) -> [Double] {
        (reference[key] as? [NSNumber])?.map(\.doubleValue) ?? []
    }

    @Test("every trade is counted once, with why it has no quote")
    func funnel() throws {
        let funnel = try #require(result.quotes)
        let ours = [
            "prints": funnel.prints, "before_quotes": funnel.beforeQuotes,
            "withdrawn": funnel.withdrawn, "pieces": funnel.pieces,
            "piecewise_trades": funnel.piecewiseTrades, "trades": funnel.trades,
            "other_bond": funnel.otherBond, "other_side_or_venue": funnel.otherSideOrVenue,
            "not_yet_quoted": funnel.notYetQuoted, "too_old": funnel.tooOld,
            "interpolated": funnel.interpolated, "beyond_sizes": funnel.beyondSizes,
            "priced": funnel.priced,
        ]
        for (name, count) in ours { #expect(Double(count) == number(name), "\(name)") }
        let absent =
            funnel.otherBond + funnel.otherSideOrVenue + funnel.notYetQuoted + funnel.tooOld
        #expect(funnel.priced + absent + funnel.otherSize == funnel.trades)
        #expect(agrees(funnel.medianAge, number("median_age")))
        #expect(agrees(funnel.highAge, number("high_age")))
    }

    @Test("the last quote strictly before, linear in the size between two sizes")
    func errors() {
        #expect(agree(result.total.deviance.map(\.value), numbers("deviance")))
        let band = result.total.bands.first { $0.name == "5-95" }
        #expect(agrees(band?.meanWidth, number("mean_width")))
    }

    @Test("the age is a cohort, and Trumid's regular next-trade metric")
    func ages() throws {
        let young = try #require(result.segments[0].detail).regularNextTrade
        let values = [young.deviance[0].value, young.deviance[3].value]
        #expect(agree([Double(young.pairs)] + values, numbers("young")))
        let old = try #require(
            result.cohorts.first { $0.name.key == "quote_age=4 hours and more" }?.metrics)
        #expect(agree([Double(old.rows), old.deviance[0].value], numbers("old")))
    }
}

@Suite("Quotes")
struct QuoteTests {
    private let header = "cusip,execution_date,ats_indicator,buy_sell,side,quantity,"
    private let tapeHeader =
        "cusip,execution_date,ats_indicator,buy_sell,side,quantity,price\n"
    private let time = 1_709_650_800_000_000_000

    private func run(
        quotes: String, tape: String, rules yaml: String = "name: test"
    ) throws -> EvaluationResult {
        try withTemporaryFolder { folder in
            try AtomicFile.write(Array(quotes.utf8), to: folder + "/quotes.csv")
            try AtomicFile.write(Array((tapeHeader + tape).utf8), to: folder + "/tape.csv")
            let rules = try EvaluationProtocol(Settings(yaml: yaml, file: "test"))
            let table = try ForecastTable(path: folder + "/quotes.csv")
            return try Evaluation.run(
                forecasts: table,
                tape: ReferenceTrades(path: folder + "/tape.csv", for: [table]),
                rules: rules)
        }
    }

    @Test("the AXOR report's example: 25,000 between 10,000 and 100,000 is a sixth of the way")
    func interpolation() throws {
        let quotes =
            header + "50_tile\nA,\(time),N,B,C,10000,100\nA,\(time),N,B,C,100000,101\n"
        let trade = "A,\(time + 1_000_000_000),N,B,C,25000,100\n"
        let linear = try run(quotes: quotes, tape: trade)
        #expect(agrees(linear.total.meanAbsoluteError, 1.0 / 6))
        let nearest = try run(
            quotes: quotes, tape: trade, rules: "name: test\nquotes: {size: nearest}")
        #expect(nearest.total.meanAbsoluteError == 0)
        #expect(linear.quotes?.interpolated == 1 && nearest.quotes?.interpolated == 0)
        #expect(
            linear.notes.contains {
                $0.hasPrefix("Quotes are judged by 1 of 1 trades of quoted bonds")
            })
    }

    @Test("a quote of the trade's own time is no quote before it; rules loosen side and venue")
    func policies() throws {
        let quotes = header + "50_tile\nA,\(time),N,B,C,1000000,100\n"
        let same = "A,\(time),N,B,C,1000000,100\n"
        #expect(
            problem { _ = try run(quotes: quotes, tape: same) }.contains("no trade has a quote"))
        let other = "A,\(time + 1),Y,S,D,5000,100.5\n"
        #expect(
            problem { _ = try run(quotes: quotes, tape: other) }
                .contains("1 of a side or venue without quotes"))
        let loose = "name: test\nquotes: {side: any, ats: any}"
        #expect(try run(quotes: quotes, tape: other, rules: loose).total.meanAbsoluteError == 0.5)
        let strict = "name: test\nquotes: {side: any, ats: any, beyond_sizes: drop}"
        #expect(
            problem { _ = try run(quotes: quotes, tape: other, rules: strict) }
                .contains("1 of a size without quotes"))
        let late = "A,\(time + 61_000_000_000),N,B,C,1000000,100\n"
        let young = "name: test\nquotes: {maximum_age: 60}"
        #expect(
            problem { _ = try run(quotes: quotes, tape: late, rules: young) }
                .contains("1 last quote too old"))
    }

    @Test(
        "an evening's quote counts through the next trading day, weekends and holidays taking no time",
        arguments: [
            // Quote and trade in UTC, whether the quote still counts.
            ("2025-02-27T22:30:00Z", "2025-02-28T22:30:00Z", true),  // Thursday to Friday
            ("2025-02-27T22:30:00Z", "2025-02-28T22:30:01Z", false),
            ("2025-02-28T22:30:00Z", "2025-03-03T22:30:00Z", true),  // Friday to Monday
            ("2025-02-28T22:30:00Z", "2025-03-03T22:30:01Z", false),
            ("2025-02-28T22:30:00Z", "2025-03-04T14:00:00Z", false),  // to Tuesday
            ("2025-03-07T23:30:00Z", "2025-03-10T22:30:00Z", true),  // the clocks go forward
            ("2025-01-17T22:30:00Z", "2025-01-21T22:00:00Z", true),  // Martin Luther King Day
            ("2025-01-17T22:30:00Z", "2025-01-22T14:00:00Z", false),
            ("2025-07-03T21:30:00Z", "2025-07-07T21:00:00Z", true),  // Independence Day
            ("2025-03-01T15:00:00Z", "2025-03-03T22:30:00Z", true),  // quoted on a Saturday
            ("2025-03-01T15:00:00Z", "2025-03-04T14:00:00Z", false),
        ])
    func tradingDays(quoted: String, traded: String, counts: Bool) throws {
        let quote = try #require(Timestamp.parse(quoted))
        let trade = try #require(Timestamp.parse(traded))
        // A second trade, by which some quote is judged in any case; a third of another bond.
        let tape =
            "A,\(trade),N,B,C,1000,100\nA,\(quote + 1),N,B,C,1000,100\n"
            + "B,\(quote + 1),N,B,C,1000,100\nA,\(quote - 1),N,B,C,1000,100\n"
        let result = try run(
            quotes: header + "50_tile\nA,\(quote),N,B,C,1000,99\n", tape: tape)
        let funnel = try #require(result.quotes)
        #expect(funnel.priced == (counts ? 2 : 1))
        #expect(funnel.tooOld == (counts ? 0 : 1))
        #expect(funnel.beforeQuotes == 1 && funnel.otherBond == 1)
        let told = "\(counts ? 2 : 1) of 2 trades of quoted bonds"
        let tooOld = "Without: \(counts ? 0 : 1) whose last quote is too old, 0 before their first"
        #expect(result.notes.contains { $0.contains(told) && $0.contains(tooOld) })
    }

    @Test("the limit is counted in seconds of trading days, whole days and parts")
    func limit() throws {
        let quote = try #require(Timestamp.parse("2025-02-28T22:59:00Z"))  // 17:59 in New York
        let monday = try #require(Timestamp.parse("2025-03-03T05:00:00Z"))  // midnight there
        func isTooOld(_ second: Int, limit: Int) throws -> Bool {
            let tape =
                "A,\(quote + 1),N,B,C,1000,100\n"
                + "A,\(Int(monday) + second * 1_000_000_000),N,B,C,1000,100\n"
            let result = try run(
                quotes: header + "50_tile\nA,\(quote),N,B,C,1000,99\n", tape: tape,
                rules: "name: test\nquotes: {maximum_age: \(limit)}")
            return result.quotes?.tooOld == 1
        }
        // Six hours and a minute of Friday are left.
        let friday = 21_660
        #expect(try isTooOld(0, limit: friday - 1))
        #expect(try !isTooOld(0, limit: friday))
        #expect(try !isTooOld(100, limit: friday + 100))
        #expect(try isTooOld(101, limit: friday + 100))
        #expect(try !isTooOld(friday + 2 * 86_400, limit: 2 * friday + 2 * 86_400))
        #expect(try isTooOld(friday + 2 * 86_400 + 1, limit: 2 * friday + 2 * 86_400))
    }

    @Test("quotes and a table of trades are compared on the same trades")
    func comparison() throws {
        try withTemporaryFolder { folder in
            let rows = 0..<40
            let trades = rows.map { "A\($0 % 8),\(time + $0 * 1_000_000_000),N,B,C,1000,100" }
            let ours = header + "label,50_tile\n" + trades.map { "\($0),100.5\n" }.joined()
            let quotes =
                header + "50_tile\n"
                + (0..<8).map { "A\($0),\(time - 5),N,B,C,1000,99\n" }.joined()
            try AtomicFile.write(Array(ours.utf8), to: folder + "/ours.csv")
            try AtomicFile.write(Array(quotes.utf8), to: folder + "/quotes.csv")
            let tape = tapeHeader + trades.map { "\($0)\n" }.joined()
            try AtomicFile.write(Array(tape.utf8), to: folder + "/tape.csv")
            let tables = try ["ours", "quotes"].map {
                try ForecastTable(path: "\(folder)/\($0).csv")
            }
            let rules = try EvaluationProtocol("default")
            let result = try Comparison.run(
                tables,
                tape: ReferenceTrades(path: folder + "/tape.csv", for: [tables[1]]))
            #expect(result.matched == 40)
            #expect(result.funnels[0].quotes == nil && result.funnels[1].quotes?.priced == 40)
            let mean = try #require(result.parts[0].pairs[0].difference("mean"))
            #expect(agrees(mean.ours, 0.5) && agrees(mean.theirs, 1))
            let page = try ComparisonReport(result, version: "1").html()
            #expect(page.contains("From the quotes to the trades"))
        }
    }

    @Test("without --trades quotes are refused with what to do")
    func withoutTape() throws {
        let table = try ForecastTable(path: fixture("quotes.csv"))
        #expect(problem { _ = try Evaluation.run(forecasts: table) }.contains("--trades"))
    }
}

@Suite("Bond funds agree with pandas, tick by tick")
struct FundTests {
    @Test("basket, net asset value and price at the day's end and intraday")
    func funds() throws {
        let wanted = try #require(try quoteReference()["funds"] as? [String: [String: Any]])
        let result = try JudgedTrades().result
        #expect(result.funds.map(\.fund) == ["HYG", "LQD"])
        for check in result.funds {
            let own = try #require(wanted[check.fund])
            for (summary, key) in [
                (check.endOfDay, "end_of_day"), (check.netAssetValue, "net_asset_value"),
                (check.intraday, "intraday"),
            ] {
                let theirs = (own[key] as? [NSNumber])?.map(\.doubleValue) ?? []
                let ours = [
                    Double(summary.count), try #require(summary.mean), try #require(summary.high),
                ]
                #expect(agree(ours, theirs), "\(check.fund) \(key)")
            }
            #expect(agrees(check.coverage, (own["coverage"] as? NSNumber)?.doubleValue ?? .nan))
            #expect(agrees(check.age, (own["age"] as? NSNumber)?.doubleValue ?? .nan))
        }
        let page = try EvaluationReport(result, version: "1").html()
        #expect(page.contains("Bond funds") && page.contains("LQD, net asset value"))
    }
}

/// What NumPy and pandas say of the quotes and the funds.
private func quoteReference() throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture("quotes.json")))
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
}
