import Foundation
import Random

/// Whether the mean of a series of loss differences is zero, given that neighbours hang together.
public struct DieboldMariano: Sendable, Equatable, Encodable {
    /// The length of the series: days.
    public let days: Int
    /// Autocovariances that count, by Newey and West's rule 4 (n/100)^(2/9).
    public let lags: Int
    public let mean: Double
    public let statistic: Double
    /// Two-sided, of a t distribution with one degree less than days.
    public let probability: Double

    enum CodingKeys: String, CodingKey {
        case days, lags, mean, statistic
        case probability = "p"
    }

    /// Nil for fewer than five values, or where they do not vary.
    ///
    /// Sources: Diebold and Mariano, Comparing Predictive Accuracy, JBES 13 (1995); Newey and West,
    /// Econometrica 55 (1987), Bartlett weights; Harvey, Leybourne and Newbold, International
    /// Journal of Forecasting 13 (1997), eq. 9 for one step.
    public init?(_ differences: [Double]) {
        let count = Double(differences.count)
        guard differences.count >= 5, !isConstant(differences) else { return nil }
        let mean = differences.reduce(0, +) / count
        let centred = differences.map { $0 - mean }
        let lags = Int(4 * pow(count / 100, 2.0 / 9))
        var variance = centred.reduce(0) { $0 + $1 * $1 } / count
        for lag in 1..<(lags + 1) where lag < centred.count {
            var sum = 0.0
            for index in lag..<centred.count { sum += centred[index] * centred[index - lag] }
            variance += 2 * (1 - Double(lag) / Double(lags + 1)) * sum / count
        }
        guard variance > 0 else { return nil }
        days = differences.count
        self.lags = lags
        self.mean = mean
        statistic = mean / (variance / count).squareRoot() * ((count - 1) / count).squareRoot()
        probability =
            2 * studentProbability(atMost: -abs(statistic), degreesOfFreedom: count - 1)
    }
}

/// Probabilities of many tests, adjusted so that the chance of even one false alarm stays at the
/// level; in the order given.
///
/// Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
/// Statistics 6 (1979).
public func holmAdjusted(_ probabilities: [Double]) -> [Double] {
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    var adjusted = probabilities
    var largest = 0.0
    for (rank, index) in order.enumerated() {
        largest = max(largest, min(1, Double(order.count - rank) * probabilities[index]))
        adjusted[index] = largest
    }
    return adjusted
}

/// The two-sided probability that two samples have one mean: Welch's t test; nil where a sample has
/// fewer than three values or nothing varies.
public func welchProbability(_ first: [Double], _ second: [Double]) -> Double? {
    guard first.count >= 3, second.count >= 3 else { return nil }
    func moments(_ sample: [Double]) -> (mean: Double, share: Double, degrees: Double) {
        let count = Double(sample.count)
        let mean = sample.reduce(0, +) / count
        let variance = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        return (mean, variance / count, count - 1)
    }
    let (one, two) = (moments(first), moments(second))
    let variance = one.share + two.share
    guard variance > 0 else { return nil }
    let degrees =
        variance * variance
        / (one.share * one.share / one.degrees + two.share * two.share / two.degrees)
    let statistic = abs(one.mean - two.mean) / variance.squareRoot()
    return 2 * studentProbability(atMost: -statistic, degreesOfFreedom: max(2, degrees))
}
