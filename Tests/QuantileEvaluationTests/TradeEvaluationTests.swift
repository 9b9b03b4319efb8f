import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Testing

/// The generated trades with their market, judged once.
struct JudgedTrades {
    let reference: [String: Any]
    let result: EvaluationResult

    init(protocolName: String = "default") throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("trades.json")))
        reference = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        result = try Evaluation.run(
            forecasts: ForecastTable(path: fixture("trades_first.csv")),
            market: MarketReference(folder: fixture("market")),
            rules: EvaluationProtocol(protocolName))
    }

    func numbers(_ key: String) -> [Double] {
        (reference[key] as? [NSNumber])?.map(\.doubleValue) ?? []
    }

    func number(_ key: String) -> Double { (reference[key] as? NSNumber)?.doubleValue ?? .nan }
}

@Suite("Trades agree with pandas, statsmodels and SciPy")
struct TradeParityTests {
    let judged: JudgedTrades
    let detail: SegmentDetail

    init() throws {
        judged = try JudgedTrades()
        detail = try #require(judged.result.segments[0].detail)
    }

    @Test("autocorrelation to lag 20 and Ljung-Box with its probability")
    func serial() {
        #expect(agree(detail.serial.autocorrelation, judged.numbers("autocorrelation")))
        #expect(agree(detail.serial.ljungBox.map(\.statistic), judged.numbers("ljung_box")))
        #expect(agree(detail.serial.ljungBox.map(\.probability), judged.numbers("ljung_box_p")))
        #expect(detail.serial.ljungBox.map(\.lags) == [1, 5, 10, 20])
    }

    @Test("Durbin-Watson pooled, within bonds, and of single bonds")
    func durbinWatson() {
        #expect(agrees(judged.result.total.durbinWatson, judged.number("durbin_watson")))
        #expect(agrees(detail.serial.panelDurbinWatson, judged.number("durbin_watson_panel")))
        let own = [Double(detail.serial.bonds)] + detail.serial.bondQuantiles
        #expect(agree(own, judged.numbers("durbin_watson_own")))
    }

    @Test("the next-trade metric, with the age of the forecast")
    func nextTrade() throws {
        let ours =
            [Double(detail.nextTrade.pairs)] + detail.nextTrade.deviance.map(\.value)
            + [try #require(detail.nextTrade.medianAge)]
        #expect(agree(ours, judged.numbers("next_trade")))
        #expect(detail.regularNextTrade.pairs < detail.nextTrade.pairs)
    }

    @Test("interval score and width of the central bands")
    func bands() {
        for (name, percent) in [("5-95", 90), ("25-75", 50)] {
            let band = judged.result.total.bands.first { $0.name == name }
            #expect(agrees(band?.intervalScore, judged.number("interval_score_\(percent)")))
            #expect(agrees(band?.meanWidth, judged.number("mean_width_\(percent)")))
        }
    }

    @Test("the worst of some groups, adversarial group calibration")
    func groups() throws {
        let groups = try #require(judged.reference["groups"] as? [[Int]])
        let table = try ForecastTable(path: fixture("trades_first.csv"))
        let worst = GroupCalibration.worst(
            of: groups, table, label: try #require(table.label))
        #expect(agrees(worst, judged.number("worst_group")))
    }

    @Test("bands of the calibration curve are as wide as whole days drawn again make them")
    func calibrationBands() throws {
        let bands = try #require(detail.calibrationBands)
        let deviations = judged.numbers("calibration_band_deviation")
        #expect(deviations.count == 19)
        for (index, deviation) in deviations.enumerated() {
            let ours = (bands.upper[index] - bands.lower[index]) / (2 * 1.96)
            #expect(abs(ours / deviation - 1) < 0.15, "level \(index)")
        }
    }

    @Test("Welch's test of two means")
    func welch() throws {
        let samples = try #require(judged.reference["samples"] as? [[NSNumber]])
            .map { $0.map(\.doubleValue) }
        #expect(agrees(welchProbability(samples[0], samples[1]), judged.number("welch")))
    }

    @Test("an oracle of trades is joined by trade, prints of one trade in their order")
    func oracle() throws {
        let forecasts = try ForecastTable(path: fixture("trades_first.csv"))
        let reversed = forecasts.selecting((0..<forecasts.rowCount).reversed().map(\.self))
        let regret = try #require(
            try Evaluation.run(forecasts: forecasts, oracle: reversed).total.regret)
        #expect(regret.value == 0)
        let part = forecasts.selecting(Array(0..<890))
        let message = problem { _ = try Evaluation.run(forecasts: forecasts, oracle: part) }
        #expect(message.contains("10 of 900 forecast trades are not in the oracle's table"))
    }

    @Test("cohorts: hours over the change of the clock, a rating that falls, sizes, weeks")
    func cohorts() throws {
        let wanted = try #require(judged.reference["cohorts"] as? [String: [NSNumber]])
        var ours: [String: ForecastMetrics] = [:]
        for segment in judged.result.segments { ours[segment.name] = segment.metrics }
        for cohort in judged.result.cohorts { ours[cohort.name.key] = cohort.metrics }
        #expect(wanted.count > 30)
        for (name, numbers) in wanted {
            let metrics = try #require(ours[name], "\(name)")
            let found = [Double(metrics.rows)] + metrics.deviance.map(\.value)
            #expect(agree(found, numbers.map(\.doubleValue)), "\(name)")
        }
    }

    @Test("tails of the chi-squared distribution, far ones too")
    func chiSquared() throws {
        let cases = try #require(judged.reference["chi_squared"] as? [[NSNumber]])
        for row in cases.map({ $0.map(\.doubleValue) }) {
            let ours = chiSquaredTail(row[0], degreesOfFreedom: Int(row[1]))
            #expect(abs(ours / row[2] - 1) < 1e-9)
        }
    }
}

@Suite("Evaluation of trades")
struct TradeEvaluationTests {
    @Test("a simulated market is called so, and small cohorts are marked")
    func notes() throws {
        let result = try JudgedTrades().result
        #expect(result.notes.contains { $0.hasPrefix("Simulated market") })
        #expect(result.terminalTable.contains("Simulated market"))
        let page = try EvaluationReport(result, version: "1").html()
        #expect(page.contains("simulated market") && page.contains("†"))
        #expect(!page.lowercased().contains("nan<"))
    }

    @Test("protocols filter: size, rating, side; what they leave out is counted")
    func protocols() throws {
        let all = try JudgedTrades().result
        let large = try JudgedTrades(protocolName: "axor").result
        let dealers = try JudgedTrades(protocolName: "fvmp").result
        #expect(large.counts.judged < all.counts.judged)
        #expect(large.counts.judged + large.counts.filtered == large.counts.file)
        #expect(dealers.counts.judged < large.counts.judged)
        #expect(dealers.cohorts.allSatisfy { $0.name.dimension != .hour })
        let page = try EvaluationReport(large, version: "1").html()
        #expect(page.contains("CP+, published") && page.contains("0.0877"))
    }

    @Test("rows of one trade are counted, and those that only repeat an earlier one")
    func repeated() throws {
        let forecasts = try ForecastTable(path: fixture("trades_first.csv"))
        let rows = Array(0..<900) + [3, 3, 7]
        let result = try Evaluation.run(forecasts: forecasts.selecting(rows))
        #expect(result.counts.sharedTrades == 5 && result.counts.repeated == 3)
        #expect(result.notes.contains { $0.contains("3 of them only repeat an earlier row") })
    }

    @Test("bands of the calibration curve from whole days; the worst groups beside chance")
    func bands() throws {
        let detail = try #require(JudgedTrades().result.segments[0].detail)
        let bands = try #require(detail.calibrationBands)
        #expect(bands.days == 20)
        #expect(zip(bands.lower, bands.upper).allSatisfy { $0 < $1 })
        #expect(detail.groups.map(\.groupRows) == [50])
        #expect(detail.groups.allSatisfy { $0.worst > 0 && $0.worstByChance > 0 })
    }

    @Test("without a market there is one segment, with the cohorts that the table itself gives")
    func withoutMarket() throws {
        let result = try Evaluation.run(
            forecasts: ForecastTable(path: fixture("trades_first.csv")))
        #expect(result.segments.count == 1)
        #expect(result.notes.contains { $0.hasPrefix("One segment") })
        let dimensions = Set(result.cohorts.compactMap(\.name.dimension))
        #expect(dimensions == [.hour, .week, .volume, .size, .side, .ats, .health])
    }

    @Test("missing tiles and labels are counted and left out")
    func missing() throws {
        let rows =
            "A,1700000000000000000,100,99,101\nA,1700000001000000000,,99,101\n"
            + "A,1700000002000000000,100,,101\n"
        try withTemporaryFolder { folder in
            let path = folder + "/t.csv"
            try AtomicFile.write(
                Array(("cusip,execution_date,label,5_tile,95_tile\n" + rows).utf8), to: path)
            let result = try Evaluation.run(forecasts: ForecastTable(path: path))
            #expect(result.counts.judged == 1 && result.counts.withoutLabel == 1)
            #expect(result.counts.withMissingTiles == 1 && result.counts.missingTiles == 1)
            #expect(try result.json().contains("\"missing_tiles\" : 1"))
        }
    }

    @Test("what is no price, no trade or no protocol is refused with a reason")
    func refusals() throws {
        try withTemporaryFolder { folder in
            func said(_ text: String) throws -> String {
                let path = folder + "/t.csv"
                try AtomicFile.write(Array(text.utf8), to: path)
                return problem { _ = try Evaluation.run(forecasts: ForecastTable(path: path)) }
            }
            let time = "1700000000000000000"
            #expect(try said("cusip,label,50_tile\nA,100,100\n").contains("'execution_date'"))
            #expect(
                try said("cusip,execution_date,label,50_tile\nA,\(time),5.1,5\n")
                    .contains("labels look like yields"))
            #expect(
                try said("cusip,execution_date,label,50_tile\nA,\(time),99,5\n")
                    .contains("forecasts look like yields"))
            #expect(
                try said("cusip,execution_date,side,buy_sell,label,50_tile\nA,\(time),X,B,99,98\n")
                    .contains("'X'"))
            #expect(
                try said("cusip,execution_date,label,ytm_prediction\nA,\(time),99,5\n")
                    .contains("--market"))
            let unlabelled = try said("cusip,execution_date,label,50_tile\nA,\(time),,98\n")
            #expect(unlabelled.contains("no row is left"))
        }
        #expect(problem { _ = try EvaluationProtocol("axxor") }.contains("'axor'"))
    }
}
