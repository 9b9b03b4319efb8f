import Arrays
import Quantiles

/// A correction of forecast quantiles, fitted on rows that training did not see.
public struct Recalibration: Sendable, Equatable {
    public enum Kind: String, CaseIterable, Sendable, Codable {
        /// Quantiles as the network gives them.
        case none
        /// Each level moves by a constant.
        case shift
        /// Each level moves by a constant times the row's width between 25 % and 75 %.
        case conformal
        /// Each level's distance from the median is multiplied by a constant.
        case multiplier
    }

    public let kind: Kind
    /// One a level: shifts in the unit of the label, shifts in widths, or factors.
    public let values: [Float]

    /// - Parameter values: One a level; none for the kind `none`.
    public init(_ kind: Kind = .none, values: [Float] = []) {
        self.kind = kind
        self.values = kind == .none ? [] : values
    }

    /// What forecasts can be multiplied by: beyond that the forecasts are at fault, not their width.
    static let multipliers: ClosedRange<Double> = 0.3...3

    /// Learns the correction from forecasts of rows that training did not see, and their labels.
    ///
    /// A shift is the `ceil((n + 1) level)`-th smallest of the n residuals label - quantile,
    /// the largest where there is no such one; a conformal one is that of the residuals divided by
    /// the row's width. On new rows from the same distribution a label then lies at or below with
    /// about that probability; with at least that where the rows had no part in the training, not
    /// even in choosing when to stop. A multiplier is the `ceil(n level)`-th smallest ratio of
    /// (label - median) to (quantile - median), from the far side for levels below the median, so
    /// that the share of these rows below each level is right; the median stays.
    ///
    /// With weights it is the smallest value up to which the weights add up to the same share of
    /// their sum, n being Kish's effective number of rows: the same rule where all are equal.
    ///
    /// Shape: forecasts `[row, level]`, labels `[row]`, weights `[row]`.
    /// Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019.
    public init(
        _ kind: Kind, fitting forecasts: NDArray<Float>, labels: [Float], weights: [Float]? = nil,
        levels: QuantileLevels
    ) {
        let sample = WeightedSample(weights: weights, count: labels.count)
        let quantiles = forecasts.elements
        let (count, median) = (levels.count, levels.medianIndex)
        let spread = WidthLevels(levels)
        let floor = Self.leastWidth(quantiles, levels: levels)
        func values(_ value: (_ row: Int, _ forecasts: ArraySlice<Float>) -> Double) -> [Double] {
            sample.rows.map { value($0, quantiles[$0 * count..<($0 + 1) * count]) }
        }
        func residuals(_ index: Int) -> [Double] {
            values { Double(labels[$0] - $1[$1.startIndex + index]) }
        }
        switch kind {
        case .none:
            self.init()
        case .shift:
            self.init(
                kind,
                values: levels.values.enumerated().map { index, level in
                    Float(sample.quantile(of: residuals(index), at: level, isConformal: true))
                })
        case .conformal:
            self.init(
                kind,
                values: levels.values.enumerated().map { index, level in
                    let scaled = values { row, forecasts in
                        Double(labels[row] - forecasts[forecasts.startIndex + index])
                            / max(Double(spread.width(of: forecasts)), floor)
                    }
                    return Float(sample.quantile(of: scaled, at: level, isConformal: true))
                })
        case .multiplier:
            self.init(
                kind,
                values: levels.values.enumerated().map { index, level in
                    guard index != median else { return 1 }
                    let side: Double = index > median ? 1 : -1
                    let ratios = values { row, forecasts in
                        let middle = Double(forecasts[forecasts.startIndex + median])
                        let distance = Double(forecasts[forecasts.startIndex + index]) - middle
                        return side * (Double(labels[row]) - middle) / max(side * distance, floor)
                    }
                    let factor = sample.quantile(of: ratios, at: side > 0 ? level : 1 - level)
                    return Float(
                        min(max(factor, Self.multipliers.lowerBound), Self.multipliers.upperBound))
                })
        }
    }

    /// The corrected forecasts, each row sorted again.
    ///
    /// Shape: `[row, level]` to the same.
    public func callAsFunction(_ forecasts: NDArray<Float>, levels: QuantileLevels)
        -> NDArray<Float>
    {
        if kind == .none { return forecasts }
        var result = forecasts
        let (rows, count, median) = (forecasts.rows, levels.count, levels.medianIndex)
        let spread = WidthLevels(levels)
        result.withUnsafeMutablePointer { pointer in
            for row in 0..<rows {
                let forecasts = UnsafeMutableBufferPointer(
                    start: pointer + row * count, count: count)
                let (middle, width) = (forecasts[median], spread.width(of: forecasts[...]))
                for index in 0..<count {
                    switch kind {
                    case .none: break
                    case .shift: forecasts[index] += values[index]
                    case .conformal: forecasts[index] += values[index] * width
                    case .multiplier:
                        if index != median {
                            forecasts[index] = middle + values[index] * (forecasts[index] - middle)
                        }
                    }
                }
            }
        }
        result.sortRows()
        return result
    }

    /// A millionth of the mean distance between the outermost levels: what a width is divided by at
    /// least, so that a row without width has no infinite residual.
    private static func leastWidth(_ quantiles: [Float], levels: QuantileLevels) -> Double {
        let rows = quantiles.count / levels.count
        var sum = 0.0
        for row in 0..<rows {
            let start = row * levels.count
            sum += Double(quantiles[start + levels.count - 1] - quantiles[start])
        }
        return sum > 0 ? 1e-6 * sum / Double(rows) : 1
    }
}

/// The levels between which a row's width is measured: those nearest 25 % and 75 %.
private struct WidthLevels {
    let lower: Int
    let upper: Int

    init(_ levels: QuantileLevels) {
        func nearest(_ level: Double) -> Int {
            levels.values.indices.min {
                abs(levels.values[$0] - level) < abs(levels.values[$1] - level)
            } ?? 0
        }
        (lower, upper) = (nearest(0.25), nearest(0.75))
    }

    func width<Row: RandomAccessCollection<Float>>(of row: Row) -> Float where Row.Index == Int {
        row[row.startIndex + upper] - row[row.startIndex + lower]
    }
}

/// Rows that count, by their weights.
private struct WeightedSample {
    let rows: [Int]
    private let weights: [Double]
    private let total: Double
    private let effective: Double

    init(weights: [Float]?, count: Int) {
        let all = weights?.map(Double.init) ?? [Double](repeating: 1, count: count)
        rows = all.indices.filter { all[$0] > 0 }
        self.weights = rows.map { all[$0] }
        total = self.weights.reduce(0, +)
        effective = total * total / self.weights.reduce(0) { $0 + $1 * $1 }
    }

    /// The smallest of the values up to which the weights add up to a share, the largest where
    /// there is none.
    func quantile(of values: [Double], at share: Double, isConformal: Bool = false) -> Double {
        let sorted = zip(values, weights).sorted { $0.0 < $1.0 }
        let factor = isConformal ? (effective + 1) / effective : 1
        // The small number keeps (n + 1) x 0.15 from being rounded up past a whole number.
        let wanted = total * share * factor - 1e-9 * total / effective
        var sum = 0.0
        for (value, weight) in sorted {
            sum += weight
            if sum >= wanted { return value }
        }
        return sorted.last?.0 ?? 0
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
