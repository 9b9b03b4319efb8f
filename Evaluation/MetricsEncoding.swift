import Foundation
import Quantiles

// The shape of metrics.json. Numbers by level or percent are objects with the percent as key.
// A number that could not be computed is null, and `omissions` says why.

extension ForecastMetrics: Encodable {
    enum CodingKeys: String, CodingKey {
        case rows, pinball, crps, calibration, coverage, deviance, crossings, regret, oracle, bias
        case rmse, mae, omissions
        case pinballByLevel = "pinball_by_level"
        case calibrationByLevel = "calibration_by_level"
        case calibrationInterval = "calibration_interval"
        case calibrationError = "calibration_error"
        case calibrationErrorByChance = "calibration_error_by_chance"
        case tiesByLevel = "ties_by_level"
        case sharesBetweenTiles = "shares_between_tiles"
        case meanWidth = "mean_width"
        case durbinWatson = "durbin_watson"
        case widthError = "width_error"
        case crossingRows = "crossing_rows"
        case regretStandardError = "regret_standard_error"
        case regretByLevel = "regret_by_level"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let percents = levels.values.map(QuantileLevels.percent)
        func byLevel<Value>(_ values: some Sequence<Value>) -> [String: Value] {
            Dictionary(zip(percents, values), uniquingKeysWith: { first, _ in first })
        }
        try container.encode(rows, forKey: .rows)
        try container.encode(pinball.finite, forKey: .pinball)
        try container.encode(byLevel(pinballByLevel.map(\.finite)), forKey: .pinballByLevel)
        try container.encode(crps.finite, forKey: .crps)
        try container.encode(byLevel(calibration.map(\.share)), forKey: .calibrationByLevel)
        try container.encode(
            byLevel(calibration.map { [$0.lower, $0.upper] }), forKey: .calibrationInterval)
        try container.encode(byLevel(calibration.map(\.ties)), forKey: .tiesByLevel)
        try container.encode(calibrationError, forKey: .calibrationError)
        try container.encode(calibrationErrorByChance, forKey: .calibrationErrorByChance)
        try container.encode(sharesBetweenTiles, forKey: .sharesBetweenTiles)
        try container.encode(
            Dictionary(uniqueKeysWithValues: bands.map { ($0.name, $0.coverage) }),
            forKey: .coverage)
        try container.encode(
            Dictionary(
                uniqueKeysWithValues: bands.map { ($0.name, $0.meanWidth.flatMap(\.finite)) }),
            forKey: .meanWidth)
        try container.encode(
            Dictionary(
                uniqueKeysWithValues: deviance.map { (String($0.percent), $0.value.finite) }),
            forKey: .deviance)
        try container.encode(meanAbsoluteError.finite, forKey: .mae)
        try container.encode(rootMeanSquareError.finite, forKey: .rmse)
        try container.encode(meanError.finite, forKey: .bias)
        try container.encode(crossings, forKey: .crossings)
        try container.encode(crossingRows, forKey: .crossingRows)
        try container.encode(durbinWatson.flatMap(\.finite), forKey: .durbinWatson)
        try container.encode(widthAgainstError, forKey: .widthError)
        try container.encode(omissions, forKey: .omissions)
        guard let regret else { return }
        try container.encode(regret.value.flatMap(\.finite), forKey: .regret)
        try container.encode(
            regret.standardError.flatMap(\.finite), forKey: .regretStandardError)
        try container.encode(
            byLevel(regret.byLevel.map { $0.flatMap(\.finite) }), forKey: .regretByLevel)
        var oracle = container.nestedContainer(keyedBy: CodingKeys.self, forKey: .oracle)
        try oracle.encode(regret.oraclePinball.finite, forKey: .pinball)
        try oracle.encode(
            byLevel(regret.oraclePinballByLevel.map(\.finite)), forKey: .pinballByLevel)
        try oracle.encode(regret.oracleCalibrationError, forKey: .calibrationError)
        try oracle.encode(
            regret.oracleCalibrationErrorByChance, forKey: .calibrationErrorByChance)
    }
}

extension WidthAgainstError: Encodable {
    enum CodingKeys: String, CodingKey {
        case pearson, spearman, deciles
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(pearson.flatMap(\.finite), forKey: .pearson)
        try container.encode(spearman.flatMap(\.finite), forKey: .spearman)
        try container.encode(deciles, forKey: .deciles)
    }
}

extension WidthDecile: Encodable {
    enum CodingKeys: String, CodingKey {
        case decile, rows, coverage
        case meanWidth = "mean_width"
        case meanAbsoluteError = "mae"
        case medianAbsoluteError = "median_absolute_error"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(decile, forKey: .decile)
        try container.encode(rows, forKey: .rows)
        try container.encode(meanWidth.finite, forKey: .meanWidth)
        try container.encode(meanAbsoluteError.finite, forKey: .meanAbsoluteError)
        try container.encode(medianAbsoluteError.finite, forKey: .medianAbsoluteError)
        try container.encode(coverage, forKey: .coverage)
    }
}

extension EvaluationResult: Encodable {
    enum CodingKeys: String, CodingKey {
        case forecasts, levels, cohorts, notes
        case oracleFile = "oracle_file"
    }

    /// The metrics of all rows at the top; `cohorts` is for those of each cohort, of the same
    /// shape, and is empty without a market.
    public func encode(to encoder: any Encoder) throws {
        try total.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .forecasts)
        try container.encode(total.levels, forKey: .levels)
        try container.encode([String: ForecastMetrics](), forKey: .cohorts)
        try container.encode(notes, forKey: .notes)
        try container.encodeIfPresent(oracleFile, forKey: .oracleFile)
    }

    /// The text of metrics.json, with a line end.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension Double {
    /// JSON has no infinities: a sum that overflowed is null.
    fileprivate var finite: Double? { isFinite ? self : nil }
}
