import Files
import Foundation
import Quantiles

/// All that was measured on one forecast table.
public struct EvaluationResult: Sendable {
    /// The table, and the oracle's if one was given.
    public let file: String
    public let oracleFile: String?
    /// All rows together.
    public let total: ForecastMetrics
    /// A few rows from the lowest to the highest median, to look at.
    public let examples: [ExampleForecast]

    /// What a reader should know before the numbers, in sentences.
    public var notes: [String] {
        var notes = ["One cohort: without a market, rows are not split by rating, sector or time."]
        let levels = total.levels
        let median = levels.values[levels.medianIndex]
        if median != 0.5 {
            notes.append(
                "There is no 50 % level: the \(QuantileLevels.percent(median)) % level stands for "
                    + "the median.")
        }
        if total.crossings > 0 {
            notes.append(
                "Tiles cross in \(grouped(total.crossingRows)) of \(grouped(total.rows)) rows; they "
                    + "are judged as they are.")
        }
        let ties = total.calibration.reduce(0) { $0 + $1.ties }
        if ties > 0 {
            notes.append(
                "Labels equal a tile \(grouped(ties)) times; calibration counts them as below it.")
        }
        return notes
    }
}

/// One forecast with its label.
public struct ExampleForecast: Sendable, Equatable {
    /// The 0-based row of the forecast table.
    public let index: Int
    public let label: Double
    /// In the order of the levels.
    public let tiles: [Double]

    /// Rows at even distances in the order of their medians, so that the choice is nobody's.
    static func pick(from table: ForecastTable, label: [Double], count: Int = 36) -> [Self] {
        let order = ascendingOrder(of: table.tiles(level: table.levels.medianIndex))
        let shown = min(count, order.count)
        return (0..<shown).map { step in
            let index = order[(2 * step + 1) * order.count / (2 * shown)]
            return Self(index: index, label: label[index], tiles: Array(table.tiles(row: index)))
        }
    }
}
