import Quantiles

/// The distance of forecasts to the best possible ones, whose quantiles are the true ones given
/// the features.
public struct Regret: Sendable {
    /// Pinball divided by the oracle's, minus one; nil where the oracle's pinball is zero.
    public let value: Double?
    /// Standard error of `value` from the differences of the two losses row by row, for
    /// independent rows; nil for fewer than two rows.
    public let standardError: Double?
    /// The same by level; nil where the oracle's loss at the level is zero.
    public let byLevel: [Double?]
    public let oraclePinball: Double
    public let oraclePinballByLevel: [Double]
    /// The oracle's own mean absolute calibration error: sampling noise if it is one.
    public let oracleCalibrationError: Double
    public let oracleCalibrationErrorByChance: Double

    init(_ table: ForecastTable, label: [Double], oracle: ForecastTable) {
        precondition(
            oracle.levels == table.levels && oracle.rowCount == table.rowCount,
            "Regret: the oracle's table is not aligned")
        let count = Double(table.rowCount)
        let rows = (0..<Int32(table.rowCount)).map(\.self)
        let ours = LevelCounts(table.levels, tiles: table.tiles, label: label, rows: rows)
            .loss.map { $0 / count }
        let counts = LevelCounts(oracle.levels, tiles: oracle.tiles, label: label, rows: rows)
        let theirs = counts.loss.map { $0 / count }
        let ourPinball = ours.reduce(0, +) / Double(ours.count)
        let oraclePinball = theirs.reduce(0, +) / Double(theirs.count)
        let calibration = counts.calibration(oracle.levels)

        self.oraclePinball = oraclePinball
        oraclePinballByLevel = theirs
        oracleCalibrationError = calibration.meanAbsoluteError
        oracleCalibrationErrorByChance =
            calibration.meanAbsoluteErrorByChance(rows: oracle.rowCount)
        byLevel = zip(ours, theirs).map { $1 > 0 ? $0 / $1 - 1 : nil }
        guard oraclePinball > 0 else {
            value = nil
            standardError = nil
            return
        }
        let ratio = ourPinball / oraclePinball
        value = ratio - 1
        guard table.rowCount >= 2 else {
            standardError = nil
            return
        }
        // The delta method for a ratio of means: the spread of ours - ratio * oracle's.
        var squares = 0.0
        for row in 0..<table.rowCount {
            let difference =
                table.pinball(row: row, label: label[row])
                - ratio * oracle.pinball(row: row, label: label[row])
            squares += difference * difference
        }
        standardError = (squares / (count - 1) / count).squareRoot() / oraclePinball
    }
}

extension ForecastTable {
    /// Mean pinball of one row over its levels.
    fileprivate func pinball(row: Int, label: Double) -> Double {
        var sum = 0.0
        for (index, level) in levels.values.enumerated() {
            sum += Quantiles.pinball(
                label: label, forecast: tiles[row * levels.count + index], level: level)
        }
        return sum / Double(levels.count)
    }
}
