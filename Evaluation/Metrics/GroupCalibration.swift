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

    /// Rows where tiles cross count as if their tiles were sorted.
    static func measure(_ sample: Sample, _ rows: [Int32]) -> [GroupCalibration] {
        let width = sample.levels.count
        guard width < 255 else { return [] }
        // How many tiles lie below the label says at which levels the label is at or below.
        let places: [UInt8] = rows.map { row in
            let start = Int(row) * width
            let label = sample.label[Int(row)]
            var below: UInt8 = 0
            for level in 0..<width where sample.tiles[start + level] < label { below += 1 }
            return below
        }
        let root = RandomStream(seed: 7).stream("group calibration")
        return sizes.filter { 5 * $0 <= rows.count }.map { size in
            var stream = root.stream(size)
            var worst = 0.0
            var worstByChance = 0.0
            for _ in 0..<trials {
                var largest = 0.0
                var largestByChance = 0.0
                for _ in 0..<groups {
                    var ours = [Int](repeating: 0, count: width + 1)
                    var perfect = ours
                    for _ in 0..<size {
                        ours[Int(places[stream.integer(below: places.count)])] += 1
                        perfect[sample.levels.interval(of: stream.uniform())] += 1
                    }
                    largest = max(largest, error(ours, sample.levels, size))
                    largestByChance = max(largestByChance, error(perfect, sample.levels, size))
                }
                worst += largest
                worstByChance += largestByChance
            }
            return GroupCalibration(
                groupRows: size, worst: worst / Double(trials),
                worstByChance: worstByChance / Double(trials))
        }
    }

    private static func error(_ counts: [Int], _ levels: QuantileLevels, _ size: Int) -> Double {
        var below = 0
        var sum = 0.0
        for (index, level) in levels.values.enumerated() {
            below += counts[index]
            sum += abs(Double(below) / Double(size) - level)
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
