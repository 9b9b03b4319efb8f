import Bonds
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
        case intervalScore = "interval_score"
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
        func byBand(_ value: (CentralBand) -> Double?) -> [String: Double?] {
            Dictionary(uniqueKeysWithValues: bands.map { ($0.name, value($0)) })
        }
        try container.encode(rows, forKey: .rows)
        if encoder.wants(.pinball) {
            try container.encode(pinball.finite, forKey: .pinball)
            try container.encode(byLevel(pinballByLevel.map(\.finite)), forKey: .pinballByLevel)
            try container.encode(crps.finite, forKey: .crps)
        }
        if encoder.wants(.calibration) {
            try container.encode(byLevel(calibration.map(\.share)), forKey: .calibrationByLevel)
            try container.encode(
                byLevel(calibration.map { [$0.lower, $0.upper] }), forKey: .calibrationInterval)
            try container.encode(byLevel(calibration.map(\.ties)), forKey: .tiesByLevel)
            try container.encode(calibrationError, forKey: .calibrationError)
            try container.encode(calibrationErrorByChance, forKey: .calibrationErrorByChance)
            try container.encode(sharesBetweenTiles, forKey: .sharesBetweenTiles)
        }
        if encoder.wants(.coverage) {
            try container.encode(byBand(\.coverage), forKey: .coverage)
            try container.encode(byBand { $0.meanWidth?.finite }, forKey: .meanWidth)
            try container.encode(byBand { $0.intervalScore?.finite }, forKey: .intervalScore)
        }
        if encoder.wants(.deviance) {
            try container.encode(
                Dictionary(
                    uniqueKeysWithValues: deviance.map { (String($0.percent), $0.value.finite) }),
                forKey: .deviance)
            try container.encode(meanAbsoluteError.finite, forKey: .mae)
            try container.encode(rootMeanSquareError.finite, forKey: .rmse)
            try container.encode(meanError.finite, forKey: .bias)
        }
        if encoder.wants(.crossings) {
            try container.encode(crossings, forKey: .crossings)
            try container.encode(crossingRows, forKey: .crossingRows)
        }
        if encoder.wants(.independence) {
            try container.encode(durbinWatson?.finite, forKey: .durbinWatson)
        }
        if encoder.wants(.widthError) {
            try container.encode(widthAgainstError, forKey: .widthError)
        }
        try container.encode(
            omissions.filter { $0.family.map(encoder.wants) ?? true }, forKey: .omissions)
        if let regret, encoder.wants(.regret) {
            try container.encode(regret.value?.finite, forKey: .regret)
            try container.encode(regret.standardError?.finite, forKey: .regretStandardError)
            try container.encode(
                byLevel(regret.byLevel.map { $0?.finite }), forKey: .regretByLevel)
            var oracle = container.nestedContainer(keyedBy: CodingKeys.self, forKey: .oracle)
            try oracle.encode(regret.oraclePinball.finite, forKey: .pinball)
            try oracle.encode(
                byLevel(regret.oraclePinballByLevel.map(\.finite)), forKey: .pinballByLevel)
            try oracle.encode(regret.oracleCalibrationError, forKey: .calibrationError)
            try oracle.encode(
                regret.oracleCalibrationErrorByChance, forKey: .calibrationErrorByChance)
        }
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

extension SegmentDetail: Encodable {
    enum CodingKeys: String, CodingKey {
        case bonds, days, autocorrelation
        case ljungBox = "ljung_box"
        case panelDurbinWatson = "durbin_watson_panel"
        case bondDurbinWatson = "durbin_watson_by_bond"
        case calibrationBand = "calibration_band"
        case groupCalibration = "group_calibration"
        case nextTrade = "next_trade"
        case regularNextTrade = "next_trade_regular"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(bonds, forKey: .bonds)
        try container.encode(days, forKey: .days)
        if encoder.wants(.independence) {
            try container.encode(serial.autocorrelation, forKey: .autocorrelation)
            try container.encode(serial.ljungBox, forKey: .ljungBox)
            try container.encode(serial.panelDurbinWatson, forKey: .panelDurbinWatson)
            var byBond = Dictionary(
                zip(SerialDependence.bondPercents.map(String.init), serial.bondQuantiles),
                uniquingKeysWith: { first, _ in first })
            byBond["bonds"] = Double(serial.bonds)
            try container.encode(byBond, forKey: .bondDurbinWatson)
        }
        if encoder.wants(.calibration) {
            try container.encode(
                calibrationBands.map { zip($0.lower, $0.upper).map { [$0, $1] } },
                forKey: .calibrationBand)
        }
        if encoder.wants(.groupCalibration) {
            try container.encode(groups, forKey: .groupCalibration)
        }
        if encoder.wants(.nextTrade) {
            try container.encode(nextTrade, forKey: .nextTrade)
            try container.encode(regularNextTrade, forKey: .regularNextTrade)
        }
    }
}

extension NextTradeMetric: Encodable {
    enum CodingKeys: String, CodingKey {
        case pairs, deviance
        case medianAge = "median_age_seconds"
        case highAge = "age_seconds_95"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(pairs, forKey: .pairs)
        try container.encode(
            Dictionary(
                uniqueKeysWithValues: deviance.map { (String($0.percent), $0.value.finite) }),
            forKey: .deviance)
        try container.encode(medianAge, forKey: .medianAge)
        try container.encode(highAge, forKey: .highAge)
    }
}

extension SegmentResult: Encodable {
    public func encode(to encoder: any Encoder) throws {
        try metrics.encode(to: encoder)
        try detail?.encode(to: encoder)
    }
}

extension CohortResult: Encodable {
    enum CodingKeys: String, CodingKey {
        case bonds
        case isSmall = "small_sample"
    }

    public func encode(to encoder: any Encoder) throws {
        try metrics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(bonds, forKey: .bonds)
        try container.encode(isSmall, forKey: .isSmall)
    }
}

extension EvaluationResult: Encodable {
    enum CodingKeys: String, CodingKey {
        case forecasts, levels, cohorts, notes, market, input, simulated, quotes, funds, trades
        case firstDay = "first_day"
        case lastDay = "last_day"
        case protocolName = "protocol"
        case oracleFile = "oracle_file"
    }

    /// The metrics of all rows at the top; `cohorts` has those of `IG`, `HY`, `hour=9`,
    /// `IG hour=9` and so on, of the same shape.
    public func encode(to encoder: any Encoder) throws {
        try segments[0].encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .forecasts)
        try container.encode(total.levels, forKey: .levels)
        try container.encode(rules.name, forKey: .protocolName)
        try container.encodeIfPresent(market?.folder, forKey: .market)
        try container.encodeIfPresent(market?.isSimulated, forKey: .simulated)
        try container.encode(counts, forKey: .input)
        try container.encodeIfPresent(tapeFile, forKey: .trades)
        try container.encodeIfPresent(quotes, forKey: .quotes)
        try container.encodeIfPresent(period?.lowerBound, forKey: .firstDay)
        try container.encodeIfPresent(period?.upperBound, forKey: .lastDay)
        if !funds.isEmpty { try container.encode(funds, forKey: .funds) }
        var named = container.nestedContainer(keyedBy: NameKey.self, forKey: .cohorts)
        for segment in segments.dropFirst() {
            try named.encode(segment, forKey: NameKey(segment.name))
        }
        for cohort in cohorts { try named.encode(cohort, forKey: NameKey(cohort.name.key)) }
        try container.encode(notes, forKey: .notes)
        try container.encodeIfPresent(oracleFile, forKey: .oracleFile)
    }

    /// The text of metrics.json, with a line end.
    public func json() throws -> String { try metricsText(of: self, families: rules.metrics) }
}

extension Double {
    /// JSON has no infinities: a sum that overflowed is null.
    fileprivate var finite: Double? { isFinite ? self : nil }
}
