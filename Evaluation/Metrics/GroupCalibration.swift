import Quantiles
import Random

/// Adversarial group calibration: the calibration error of the worst of many random groups of
/// rows. A forecast that is only calibrated on average has groups that are far off.
///
/// Source: Zhao, Ma and Ermon, Individual Calibration with Randomized Forecasting, ICML 2020.
public struct GroupCalibration: Sendable, Equatable, Encodable {
    /// Rows of a group.
    public let groupRows: Int
    /// Mean over trials of the largest calibration error among the trial's groups.
    public let worst: Double
    /// The same for perfect forecasts of independent rows.
    public let worstByChance: Double

    enum CodingKeys: String, CodingKey {
        case worst
        case groupRows = "group_rows"
        case worstByChance = "worst_by_chance"
    }

    static let sizes = [50, 200, 1_000, 5_000]
    static let groups = 20
    static let trials = 10

    static func measure(_ sample: Sample, _ rows: [Int32]) -> [GroupCalibration] {
        let places = Places(sample.levels, rows.map { sample.order.below[Int($0)] })
        let root = RandomStream(seed: 7).stream("group calibration")
        return sizes.filter { 5 * $0 <= rows.count }.map { size in
            var stream = root.stream(size)
            var worst = 0.0
            var worstByChance = 0.0
            for _ in 0..<trials {
                var largest = 0.0
                var largestByChance = 0.0
                for _ in 0..<groups {
                    let group = (0..<size).map { _ in stream.integer(below: rows.count) }
                    largest = max(largest, places.error(of: group))
                    let perfect = (0..<size).map { _ in
                        Int32(sample.levels.interval(of: stream.uniform()))
                    }
                    largestByChance = max(
                        largestByChance, Places(sample.levels, perfect).error(of: 0..<size))
                }
                worst += largest
                worstByChance += largestByChance
            }
            return GroupCalibration(
                groupRows: size, worst: worst / Double(trials),
                worstByChance: worstByChance / Double(trials))
        }
    }

    /// The largest calibration error among groups of a table's rows.
    public static func worst(
        of groups: [[Int]], _ table: ForecastTable, label: [Double]
    ) -> Double {
        let order = TileOrder(table.levels, tiles: table.tiles, label: label)
        let places = Places(table.levels, order.below)
        return groups.map { places.error(of: $0) }.max() ?? 0
    }
}

/// Where the labels of some rows lie among their tiles; tiles that cross count as if they were
/// sorted.
private struct Places {
    private let levels: QuantileLevels
    /// How many tiles lie below the label; the label is at or below the others.
    private let below: [Int32]

    init(_ levels: QuantileLevels, _ below: [Int32]) {
        self.levels = levels
        self.below = below
    }

    /// Mean over the levels of |share of labels at or below the tile - level|.
    func error(of group: some Collection<Int>) -> Double {
        var counts = [Int](repeating: 0, count: levels.count + 1)
        for row in group { counts[Int(below[row])] += 1 }
        var atOrBelow = 0
        var sum = 0.0
        for (index, level) in levels.values.enumerated() {
            atOrBelow += counts[index]
            sum += abs(Double(atOrBelow) / Double(group.count) - level)
        }
        return sum / Double(levels.count)
    }
}

extension QuantileLevels {
    /// How many levels lie below a probability.
    fileprivate func interval(of probability: Double) -> Int {
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < probability { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
