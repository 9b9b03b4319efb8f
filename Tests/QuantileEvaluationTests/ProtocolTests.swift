import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Testing

@Suite("Protocols")
struct ProtocolTests {
    private func rules(_ yaml: String) throws -> EvaluationProtocol {
        try EvaluationProtocol(Settings(yaml: "name: own\n" + yaml, file: "own.yaml"))
    }

    private func keys(_ json: String) throws -> Set<String> {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
        return Set((object as? [String: Any] ?? [:]).keys)
    }

    @Test("'metrics' says what metrics.json, the page, the terminal and the card of evaluate hold")
    func metrics() throws {
        let result = try Evaluation.run(
            forecasts: ForecastTable(path: fixture("trades_first.csv")),
            market: MarketReference(folder: fixture("market")),
            rules: rules("metrics: [deviance, next_trade]\n"))
        let found = try keys(result.json())
        #expect(found.isSuperset(of: ["deviance", "mae", "next_trade", "cohorts", "rows"]))
        let absent: Set = [
            "pinball", "crps", "calibration_by_level", "coverage", "durbin_watson", "ljung_box",
            "width_error", "crossings", "group_calibration", "funds", "calibration_band",
        ]
        #expect(found.isDisjoint(with: absent))
        let report = EvaluationReport(result, version: "1")
        let page = try report.html()
        #expect(page.contains("Next trade") && page.contains("Trade size"))
        for word in [
            "pinball by", "Durbin-Watson is", "By level", "By width", "Worst groups", "PIT",
        ] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(!result.terminalTable.contains("Mean pinball"))
        try withTemporaryFolder { folder in
            try report.write(to: folder + "/r")
            let names = Set(try FileManager.default.contentsOfDirectory(atPath: folder + "/r"))
            #expect(names.isSuperset(of: ["deviance.csv", "cohorts.csv", "next-trade.csv"]))
            #expect(names.isDisjoint(with: ["levels.csv", "width.csv", "funds.csv", "pit.svg"]))
        }
    }

    @Test("'metrics' says what a comparison holds")
    func comparedMetrics() throws {
        let result = try Comparison.run(
            [
                ForecastTable(path: fixture("trades_first.csv")),
                ForecastTable(path: fixture("trades_second.csv")),
            ], market: MarketReference(folder: fixture("market")),
            rules: rules("metrics: [pinball]\n"))
        let json = try result.json()
        #expect(json.contains("\"pinball\"") && !json.contains("\"diebold_mariano"))
        #expect(!json.contains("\"spaces\"") && !json.contains("\"50\" : {"))
        #expect(result.verdicts[0].contains("pinball") && !result.verdicts[0].contains("nearer"))
        let page = try ComparisonReport(result, version: "1").html()
        #expect(!page.contains("Trade size") && !page.contains("Diebold-Mariano"))
    }

    @Test("an unknown metric is refused with the list, an empty list too")
    func unknownMetric() {
        let message = problem { _ = try rules("metrics: [pinbal]\n") }
        #expect(message.contains("'metrics'") && message.contains("'pinbal'"))
        #expect(message.contains("width_error") && message.contains("Did you mean 'pinball'?"))
        #expect(problem { _ = try rules("metrics: []\n") }.contains("'metrics' is empty"))
    }

    /// A folder with the bonds of the fixtures and ratings by somebody.
    private func market(
        _ ratings: String, manifest: String, in folder: String
    ) throws -> MarketReference {
        try FileManager.default.copyItem(
            atPath: fixture("market/bonds.csv"), toPath: folder + "/bonds.csv")
        try AtomicFile.write(Array(ratings.utf8), to: folder + "/ratings.csv")
        try AtomicFile.write(Array(manifest.utf8), to: folder + "/manifest.json")
        return try MarketReference(folder: folder)
    }

    private func ratings(by agency: String) -> String {
        "issuer,date,agency,rating\n"
            + (0..<12).map { "issuer \($0),2020-01-01,\(agency),A\n" }.joined()
    }

    @Test("the ratings of a simulated market stand for those of an agency that it has not")
    func simulatedRatings() throws {
        try withTemporaryFolder { folder in
            let market = try market(
                ratings(by: "SIM"), manifest: "{\"simulated\": true}", in: folder)
            let result = try Evaluation.run(
                forecasts: ForecastTable(path: fixture("trades_first.csv")), market: market,
                rules: EvaluationProtocol("axor"))
            #expect(result.counts.judged > 0 && result.counts.filteredBy["rating"] == nil)
            #expect(result.counts.filteredBy == ["size": result.counts.filtered])
            #expect(
                result.notes.contains { $0.contains("rated by the simulated market itself") })
        }
    }

    @Test("a real market without ratings of the agency is refused, and told what to do")
    func missingAgency() throws {
        try withTemporaryFolder { folder in
            let market = try market(ratings(by: "Fitch"), manifest: "{}", in: folder)
            let message = problem {
                _ = try Evaluation.run(
                    forecasts: ForecastTable(path: fixture("trades_first.csv")), market: market,
                    rules: EvaluationProtocol("axor"))
            }
            #expect(message.contains("S&P rates, and there are none"))
            #expect(message.contains("'Fitch'") && message.contains("rating_agency"))
        }
    }

    @Test("what a protocol filters by must be there; a competitor may lack it, ours has it")
    func missingColumns() throws {
        let header = "cusip,execution_date,"
        let time = "1709650800000000000"
        let rules = try rules("filter: {minimum_quantity: 100}\n")
        try withTemporaryFolder { folder in
            try AtomicFile.write(
                Array((header + "label,prediction\nA,\(time),100,101\nB,\(time),90,91\n").utf8),
                to: folder + "/bare.csv")
            try AtomicFile.write(
                Array(
                    (header + "quantity,label,50_tile\nA,\(time),500,100,102\nB,\(time),5,90,91\n")
                        .utf8),
                to: folder + "/whole.csv")
            let bare = try ForecastTable(path: folder + "/bare.csv")
            let whole = try ForecastTable(path: folder + "/whole.csv")
            let message = problem { _ = try Evaluation.run(forecasts: bare, rules: rules) }
            #expect(message.contains("'quantity'") && message.contains("filters by"))
            let result = try Comparison.run([whole, bare], rules: rules)
            #expect(result.matched == 1 && result.funnels[1].unmatched == 1)
            #expect(
                problem { _ = try Comparison.run([bare, whole], rules: rules) }.contains(
                    "'quantity'"))
        }
    }
}
