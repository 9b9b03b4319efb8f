/// What a protocol may ask for: metrics that stand and fall together, in the report and in
/// metrics.json.
public enum MetricFamily: String, Sendable, CaseIterable {
    /// Quantiles and mean of |median - label|, RMSE, bias; between signals also trades won.
    case deviance
    /// Pinball by level and in the mean, CRPS.
    case pinball
    /// Shares of labels at or below each tile and between tiles.
    case calibration
    /// Coverage, width and interval score of the central bands.
    case coverage
    case crossings
    /// The width q95 - q5 against |median - label|.
    case widthError = "width_error"
    /// Durbin-Watson, autocorrelation, Ljung-Box.
    case independence
    /// The worst of many groups.
    case groupCalibration = "group_calibration"
    case nextTrade = "next_trade"
    /// Regret against an oracle; between signals of a simulated market skill.
    case regret
    /// The baskets of bond funds.
    case funds
    /// Diebold-Mariano on daily means.
    case dieboldMariano = "diebold_mariano"
    /// Deviance in price, by DV01 and in basis points.
    case spaces
}

extension CodingUserInfoKey {
    /// The metric families that metrics.json holds.
    static let metricFamilies = CodingUserInfoKey(rawValue: "metric families")
}

extension Encoder {
    /// Whether metrics of a family are wanted; all are unless somebody said which.
    func wants(_ family: MetricFamily) -> Bool {
        let wanted = CodingUserInfoKey.metricFamilies
            .flatMap { userInfo[$0] as? Set<MetricFamily> }
        return wanted?.contains(family) ?? true
    }
}
