import Arrays
import Quantiles

/// A correction of forecast quantiles, fitted on rows that training did not see.
public struct Recalibration: Sendable, Equatable {
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// Quantiles as the network gives them.
        case none
        /// Each level moves by a constant.
        case shift
    }

    public let kind: Kind
    /// What each level moves by, in the unit of the label.
    public let shifts: [Float]

    public init(shifts: [Float]) {
        kind = .shift
        self.shifts = shifts
    }

    /// Leaves forecasts as they are.
    public init() {
        kind = .none
        shifts = []
    }

    /// The shift of each level is the `ceil((n + 1) level)`-th smallest of the n residuals
    /// label - quantile, the largest where there is no such one: on new rows from the same
    /// distribution a label then lies at or below with at least that probability.
    ///
    /// Shape: forecasts `[row, level]`, labels `[row]`.
    /// Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019.
    public static func shift(
        fitting forecasts: NDArray<Float>, labels: [Float], levels: QuantileLevels
    ) -> Recalibration {
        let n = labels.count
        let quantiles = forecasts.elements
        let shifts = levels.values.enumerated().map { index, level in
            let residuals = (0..<n).map { labels[$0] - quantiles[$0 * levels.count + index] }
                .sorted()
            // The small number keeps (n + 1) x 0.15 from being rounded up past a whole number.
            let rank = Int((Double(n + 1) * level - 1e-9).rounded(.up))
            return residuals[min(max(rank, 1), n) - 1]
        }
        return Recalibration(shifts: shifts)
    }

    /// The corrected forecasts, each row sorted again.
    ///
    /// Shape: `[row, level]` to the same.
    public func callAsFunction(_ forecasts: NDArray<Float>) -> NDArray<Float> {
        guard kind == .shift else { return forecasts }
        var result = NDArray.combine(.add, forecasts, NDArray(shifts))
        result.sortRows()
        return result
    }
}

extension NDArray<Float> {
    /// Sorts each row, nearly sorted already, by insertion.
    mutating func sortRows() {
        let (rows, columns) = (rows, columns)
        withUnsafeMutablePointer { pointer in
            for r in 0..<rows {
                let row = pointer + r * columns
                for i in 1..<max(columns, 1) {
                    let value = row[i]
                    var j = i
                    while j > 0 && row[j - 1] > value {
                        row[j] = row[j - 1]
                        j -= 1
                    }
                    row[j] = value
                }
            }
        }
    }
}
