import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Testing

@Suite("Report")
struct ReportTests {
    private func result(oracle: Bool = true) throws -> EvaluationResult {
        try Evaluation.run(
            forecasts: ForecastTable(path: fixture("forecasts.csv")),
            oracle: oracle ? ForecastTable(path: fixture("oracle.csv")) : nil)
    }

    @Test("metrics.json has the keys that others depend on")
    func metricsKeys() throws {
        let result = try result()
        let object = try JSONSerialization.jsonObject(with: Data(try result.json().utf8))
        let metrics = try #require(object as? [String: Any])
        for key in [
            "rows", "pinball", "pinball_by_level", "calibration_by_level", "calibration_error",
            "coverage", "deviance", "durbin_watson", "width_error", "crps", "crossings", "regret",
            "rmse", "mae", "cohorts", "notes",
        ] {
            #expect(metrics[key] != nil, "\(key)")
        }
        let deviance = try #require(metrics["deviance"] as? [String: Double])
        #expect(Set(deviance.keys) == ["50", "75", "80", "95"])
        let byLevel = try #require(metrics["calibration_by_level"] as? [String: Double])
        #expect(byLevel.count == 19 && byLevel["50"] == result.total.calibration[9].share)
        let width = try #require(metrics["width_error"] as? [String: Any])
        #expect(width["pearson"] is Double && width["spearman"] is Double)
        #expect(try self.result(oracle: false).json().contains("\"regret\"") == false)
    }

    @Test("every key of metrics.json is explained in the room's README")
    func schema() throws {
        let readme = try String(
            contentsOfFile: fixture("../../../Evaluation/README.md"), encoding: .utf8)
        // What is keyed by levels, quantiles, bands, cohorts or names.
        let byName: Set = [
            "pinball_by_level", "calibration_by_level", "calibration_interval", "ties_by_level",
            "coverage", "mean_width", "interval_score", "deviance", "regret_by_level", "cohorts",
            "comparison", "against", "differences", "holm", "skill", "durbin_watson_by_bond",
            "filtered_by",
        ]
        func unexplained(_ value: Any, isByName: Bool = false) -> Set<String> {
            if let list = value as? [Any] {
                return list.reduce(into: []) { $0.formUnion(unexplained($1)) }
            }
            guard let object = value as? [String: Any] else { return [] }
            return object.reduce(into: []) { names, entry in
                if !isByName, !readme.contains("`\(entry.key)`") { names.insert(entry.key) }
                names.formUnion(
                    unexplained(entry.value, isByName: byName.contains(entry.key)))
            }
        }
        let quotes = try ForecastTable(path: fixture("quotes.csv"))
        let rules = try EvaluationProtocol("default")
        let market = try MarketReference(folder: fixture("market"))
        let tables = try ["trades_first", "trades_second"].map {
            try ForecastTable(path: fixture($0 + ".csv"))
        }
        let documents = [
            try result().json(), try JudgedTrades().result.json(),
            try Evaluation.run(
                forecasts: quotes,
                tape: ReferenceTrades(path: fixture("tape.csv"), for: [quotes])
            ).json(),
            try Comparison.run(tables, market: market).json()
                .replacing("\"trades_first\"", with: "\"matched\"")
                .replacing("\"trades_second\"", with: "\"matched\""),
        ]
        for document in documents {
            let object = try JSONSerialization.jsonObject(with: Data(document.utf8))
            #expect(unexplained(object) == [])
        }
    }

    @Test("the page needs nothing else: no scripts, no links to elsewhere, well-formed figures")
    func page() throws {
        let page = try EvaluationReport(result(), version: "1.2.3").html()
        #expect(!page.contains("<script"))
        #expect(!page.contains("{{"))
        let outside = page.replacing("http://www.w3.org/2000/svg", with: "")
        #expect(!outside.contains("http") && !outside.contains("@import"))
        #expect(page.contains("1.2.3") && page.contains("400"))
        #expect(page.components(separatedBy: "<svg").count == 9)
        #expect(page.components(separatedBy: "<desc").count == 9)
        #expect(!page.lowercased().contains("nan"))
    }

    @Test("names in the data cannot break out of the page")
    func escaping() throws {
        var table = try ForecastTable(path: fixture("forecasts.csv"))
        table.file = "<b>&\".csv"
        let page = try EvaluationReport(Evaluation.run(forecasts: table), version: "1").html()
        #expect(!page.contains("<b>"))
        #expect(page.contains("&lt;b&gt;"))
    }

    @Test("the folder holds the page, the numbers, figures that are XML, and tables")
    func files() throws {
        try withTemporaryFolder { folder in
            let output = folder + "/deep/report"
            let page = try EvaluationReport(result(), version: "1").write(to: output)
            #expect(page == output + "/report.html")
            let names = try FileManager.default.contentsOfDirectory(atPath: output).sorted()
            #expect(
                names == [
                    "calibration-departure.svg", "calibration.svg", "deviance.csv", "deviance.svg",
                    "examples.svg", "levels.csv", "metrics.json", "model-card.md", "pinball.svg",
                    "pit.svg",
                    "regret.svg",
                    "report.html", "width.csv", "width.svg",
                ])
            let levels = try CSVReader(path: output + "/levels.csv")
            #expect(try levels.nextChunk(rows: 100)?.rowCount == 19)
        }
    }

    @Test("levels other than the standard ones, a single level, a single row")
    func unusualTables() throws {
        let single = ForecastTable(
            file: "one.csv", levels: try QuantileLevels([0.4]), tiles: [1], label: [2])
        let result = try Evaluation.run(forecasts: single)
        #expect(result.terminalTable.contains("the 40 % level stands for the median"))
        #expect(try EvaluationReport(result, version: "1").html().contains("<svg"))
    }

    @Test("the terminal table shows every number in its place, and one cohort is said")
    func terminal() throws {
        let text = try result().terminalTable
        #expect(text.contains("One cohort"))
        #expect(text.contains("400 rows, 19 levels from 5 % to 95 %"))
        #expect(text.split(separator: "\n").contains { $0.hasPrefix("Regret") })
        #expect(!text.lowercased().contains("nan"))
    }

    @Test("a folder that cannot be made is an error of input and output")
    func unwritable() throws {
        let result = try result()
        #expect(throws: FileError.self) {
            try EvaluationReport(result, version: "1").write(to: "/dev/null/report")
        }
    }
}
