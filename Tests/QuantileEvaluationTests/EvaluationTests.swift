import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Testing

@Suite("Metrics agree with scikit-learn, statsmodels and NumPy")
struct MetricsParityTests {
    let reference: Reference
    let total: ForecastMetrics

    init() throws {
        reference = try Reference()
        total = try Evaluation.run(
            forecasts: ForecastTable(path: fixture("forecasts.csv")),
            oracle: ForecastTable(path: fixture("oracle.csv"))
        ).total
    }

    @Test("pinball, by level and in the mean, and CRPS")
    func pinball() {
        #expect(total.rows == 400)
        #expect(agree(total.pinballByLevel, reference.numbers("pinball_by_level")))
        #expect(agrees(total.pinball, reference.number("pinball")))
        #expect(agrees(total.crps, 2 * reference.number("pinball")))
    }

    @Test("calibration with ties, Wilson's interval and the mean error")
    func calibration() {
        #expect(agree(total.calibration.map(\.share), reference.numbers("calibration")))
        #expect(agree(total.calibration.map(\.lower), reference.numbers("wilson_lower")))
        #expect(agree(total.calibration.map(\.upper), reference.numbers("wilson_upper")))
        #expect(total.calibration.map { Double($0.ties) } == reference.numbers("ties"))
        #expect(agrees(total.calibrationError, reference.number("calibration_error")))
        #expect(agree(total.sharesBetweenTiles, reference.numbers("between")))
        #expect(
            agrees(
                total.bands.first { $0.name == "5-95" }?.coverage, reference.number("coverage_90")))
        #expect(
            agrees(
                total.bands.first { $0.name == "25-75" }?.coverage, reference.number("coverage_50"))
        )
    }

    @Test("deviance, MAE, RMSE, bias")
    func errors() {
        #expect(total.deviance.map(\.percent) == [50, 75, 80, 95])
        #expect(agree(total.deviance.map(\.value), reference.numbers("deviance")))
        #expect(agrees(total.meanAbsoluteError, reference.number("mae")))
        #expect(agrees(total.rootMeanSquareError, reference.number("rmse")))
        #expect(agrees(total.meanError, reference.number("bias")))
    }

    @Test("Durbin-Watson in time order, equal times in table order")
    func durbinWatson() {
        #expect(agrees(total.durbinWatson, reference.number("durbin_watson")))
    }

    @Test("width against error, with tied widths")
    func width() {
        #expect(agrees(total.widthAgainstError.pearson, reference.number("pearson")))
        #expect(agrees(total.widthAgainstError.spearman, reference.number("spearman")))
        let deciles = total.widthAgainstError.deciles.map {
            [$0.meanWidth, $0.meanAbsoluteError, $0.medianAbsoluteError, $0.coverage]
        }
        #expect(agree(deciles.flatMap(\.self), reference.table("deciles").flatMap(\.self)))
    }

    @Test("tiles that cross are counted in pairs and rows, and not refused")
    func crossings() {
        #expect(total.crossings == Int(reference.number("crossings")))
        #expect(total.crossingRows == Int(reference.number("crossing_rows")))
    }

    @Test("regret with its standard error, joined on rows in another order")
    func regret() throws {
        let regret = try #require(total.regret)
        #expect(agrees(regret.value, reference.number("regret")))
        #expect(agrees(regret.standardError, reference.number("regret_standard_error")))
        #expect(agree(regret.byLevel.compactMap(\.self), reference.numbers("regret_by_level")))
        #expect(agrees(regret.oraclePinball, reference.number("oracle_pinball")))
        #expect(
            agrees(regret.oracleCalibrationError, reference.number("oracle_calibration_error")))
    }
}

@Suite("Evaluation")
struct EvaluationTests {
    private func table(
        levels: [Double] = [0.25, 0.5, 0.75], tiles: [Double], label: [Double]?,
        row: [Int]? = nil, times: [Int64]? = nil
    ) throws -> ForecastTable {
        ForecastTable(
            levels: try QuantileLevels(levels), tiles: tiles, label: label, row: row,
            executionDate: times)
    }

    @Test("numbers that cannot be computed are nil with a reason, never NaN")
    func omissions() throws {
        let result = try Evaluation.run(
            forecasts: table(tiles: [1, 2, 3], label: [2], times: [1_700_000_000_000_000_000]))
        let total = result.total
        #expect(total.durbinWatson == nil)
        #expect(total.bands.map(\.coverage) == [nil, 1])
        #expect(total.widthAgainstError == WidthAgainstError.none)
        #expect(
            Set(total.omissions.map(\.metric)) == ["coverage.5-95", "durbin_watson", "width_error"])
        #expect(!result.terminalTable.lowercased().contains("nan"))
        #expect(result.terminalTable.contains("–  needs the levels 5 % and 95 %"))
    }

    @Test("constant widths have no correlation and no deciles, and say so")
    func constantWidths() throws {
        let result = try Evaluation.run(
            forecasts: table(
                levels: [0.05, 0.5, 0.95],
                tiles: (0..<12).flatMap { [Double($0), Double($0) + 1, Double($0) + 2] },
                label: (0..<12).map { Double($0 * $0) }))
        #expect(result.total.widthAgainstError == WidthAgainstError.none)
        #expect(
            result.total.omissions.filter { $0.metric.hasPrefix("width_error") }
                .allSatisfy { $0.reason == "all widths are equal" })
    }

    @Test("a perfect forecast: no loss, no error, regret undefined against itself")
    func perfect() throws {
        let forecasts = try table(
            tiles: [1, 1, 1, 4, 4, 4], label: [1, 4], row: [0, 1],
            times: [1_700_000_000_000_000_000, 1_700_000_000_000_000_001])
        let result = try Evaluation.run(forecasts: forecasts, oracle: forecasts)
        #expect(result.total.pinball == 0)
        #expect(result.total.regret?.value == nil)
        #expect(result.total.durbinWatson == nil)
        #expect(result.total.sharesBetweenTiles == [0.5, 0, 0, 0.5])
        #expect(try result.json().contains("\"regret\" : null"))
    }

    @Test("sums that overflow are null in JSON")
    func overflow() throws {
        let result = try Evaluation.run(
            forecasts: table(tiles: [1, 2, 3, 1, 2, 3], label: [1e200, -1e200]))
        #expect(try result.json().contains("\"rmse\" : null"))
    }

    @Test("the standard error of the regret against itself is zero")
    func selfRegret() throws {
        let forecasts = try table(tiles: [1, 2, 3, 4, 5, 6], label: [0, 9], row: [4, 2])
        let regret = try Evaluation.run(forecasts: forecasts, oracle: forecasts).total.regret
        #expect(regret?.value == 0 && regret?.standardError == 0)
    }

    @Test("what cannot be judged is refused with a reason")
    func refusals() throws {
        let good = try table(tiles: [1, 2, 3, 4, 5, 6], label: [0, 9], row: [0, 1])
        let unlabelled = try table(tiles: [1, 2, 3], label: nil)
        let empty = try table(tiles: [], label: [])
        let otherRows = try table(tiles: [1, 2, 3, 4, 5, 6], label: nil, row: [1, 7])
        let otherLabels = try table(tiles: [1, 2, 3, 4, 5, 6], label: [0, 8], row: [0, 1])
        let noRows = try table(tiles: [1, 2, 3, 4, 5, 6], label: nil)
        let otherLevels = try table(levels: [0.5], tiles: [1, 2], label: nil, row: [0, 1])

        #expect(problem { _ = try Evaluation.run(forecasts: unlabelled) }.contains("'label'"))
        #expect(problem { _ = try Evaluation.run(forecasts: empty) }.contains("no rows"))
        #expect(
            problem { _ = try Evaluation.run(forecasts: good, oracle: otherRows) }
                .contains("1 of 2 forecast rows are not in the oracle's table, the first is row 0"))
        #expect(
            problem { _ = try Evaluation.run(forecasts: good, oracle: otherLabels) }
                .contains("1 of 2 labels differ"))
        #expect(
            problem { _ = try Evaluation.run(forecasts: good, oracle: noRows) }.contains("'row'"))
        #expect(
            problem { _ = try Evaluation.run(forecasts: good, oracle: otherLevels) }
                .contains("25_tile, 75_tile"))
    }
}
