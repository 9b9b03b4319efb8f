import Foundation
import Quantiles

/// Sums of pairs, for their means and correlation.
struct Moments {
    private(set) var count = 0.0
    private var x = 0.0
    private var y = 0.0
    private var xx = 0.0
    private var yy = 0.0
    private var xy = 0.0

    mutating func add(_ first: Double, _ second: Double) {
        count += 1
        x += first
        y += second
        xx += first * first
        yy += second * second
        xy += first * second
    }

    var meanX: Double { x / count }

    var correlation: Double {
        (count * xy - x * y) / ((count * xx - x * x) * (count * yy - y * y)).squareRoot()
    }
}

/// The few statistics that the checks are made of. NaN where there is nothing to compute from.
enum Statistics {
    static func quantile(_ values: [Double], _ level: Double) -> Double {
        values.isEmpty ? .nan : sampleQuantile(ofSorted: values.sorted(), at: level)
    }

    static func quantile(_ values: [Float], _ level: Double) -> Double {
        quantile(values.map(Double.init), level)
    }

    /// The standard deviation of the differences of successive values.
    static func deviationOfChanges(_ values: [Double]) -> Double {
        let changes = zip(values.dropFirst(), values).map { $0 - $1 }
        guard changes.count > 1 else { return .nan }
        let mean = changes.reduce(0, +) / Double(changes.count)
        let sum = changes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (sum / Double(changes.count - 1)).squareRoot()
    }

    /// The correlation of ranks; those of equal values are in the order of the sample.
    static func spearman(_ first: [Float], _ second: [Float]) -> Double {
        var moments = Moments()
        for (x, y) in zip(ranks(first), ranks(second)) { moments.add(x, y) }
        return moments.correlation
    }

    private static func ranks(_ values: [Float]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        for (rank, index) in order.enumerated() { ranks[index] = Double(rank) }
        return ranks
    }

    /// The share of ascending values that are at most a limit.
    static func share(of sorted: [Float], atMost limit: Float) -> Double {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] <= limit { low = middle + 1 } else { high = middle }
        }
        return Double(low) / Double(sorted.count)
    }

    /// The largest distance of the distribution of ascending values from the uniform one.
    static func distanceFromUniform(_ sorted: [Float]) -> Double {
        let count = Double(sorted.count)
        var distance = 0.0
        for (index, value) in sorted.enumerated() {
            let below = Double(index) / count
            distance = max(distance, Double(value) - below, below + 1 / count - Double(value))
        }
        return distance
    }

    /// How probable a distance at least as large is where the values are uniform.
    ///
    /// Source: Kolmogorov's series with Stephens' correction for finite samples, JRSS B 32 (1970).
    static func kolmogorovProbability(_ distance: Double, count: Int) -> Double {
        let root = Double(count).squareRoot()
        let scaled = (root + 0.12 + 0.11 / root) * distance
        // Below this the series converges slowly, and the probability is one.
        guard scaled > 0.2 else { return 1 }
        var sum = 0.0
        for term in 1...100 {
            let k = Double(term)
            sum += (term % 2 == 1 ? 2 : -2) * exp(-2 * k * k * scaled * scaled)
        }
        return min(max(sum, 0), 1)
    }
}
