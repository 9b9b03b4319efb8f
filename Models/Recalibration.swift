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
    /// label - quantile, the largest where there is no such one. On new rows from the same
    /// distribution a label then lies at or below with about that probability; with at least that
    /// where the rows had no part in the training, not even in choosing when to stop.
    ///
    /// With weights it is the smallest residual up to which the weights add up to
    /// `level (n + 1) / n` of their sum, n being Kish's effective number of rows: the same rule
    /// where all weights are equal.
    ///
    /// Shape: forecasts `[row, level]`, labels `[row]`, weights `[row]`.
    /// Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019.
    public static func shift(
        fitting forecasts: NDArray<Float>, labels: [Float], weights: [Float]? = nil,
        levels: QuantileLevels
    ) -> Recalibration {
        let weights = weights?.map(Double.init) ?? [Double](repeating: 1, count: labels.count)
        let total = weights.reduce(0, +)
        let effective = total * total / weights.reduce(0) { $0 + $1 * $1 }
        let rows = labels.indices.filter { weights[$0] > 0 }
        let quantiles = forecasts.elements
        let shifts = levels.values.enumerated().map { index, level in
            let residuals = rows.map {
                (value: labels[$0] - quantiles[$0 * levels.count + index], weight: weights[$0])
            }.sorted { $0.value < $1.value }
            // The small number keeps (n + 1) x 0.15 from being rounded up past a whole number.
            let wanted = total * level * (effective + 1) / effective - 1e-9 * total / effective
            var sum = 0.0
            for residual in residuals {
                sum += residual.weight
                if sum >= wanted { return residual.value }
            }
            return residuals[residuals.count - 1].value
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
