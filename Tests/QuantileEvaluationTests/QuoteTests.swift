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
            tape: ReferenceTrades(path: fixture("tape.csv"), for: [quotes], rules: rules),
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
            "prints": funnel.prints, "outside_period": funnel.outsidePeriod,
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
                tape: ReferenceTrades(path: folder + "/tape.csv", for: [table], rules: rules),
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
        #expect(linear.notes.contains { $0.hasPrefix("Quotes are judged by 1 of 1 trades") })
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
                .contains("1 outside the quotes' time"))
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
                tape: ReferenceTrades(path: folder + "/tape.csv", for: [tables[1]], rules: rules))
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
