import Foundation
import Quantiles

/// Autocorrelations of a series at the lags 1, 2, …: covariances about the mean over the variance,
/// all divided by the length. Empty where the series is constant or not longer than the lags.
///
/// Source: Box and Jenkins, Time Series Analysis (1970), section 2.1.6.
public func autocorrelation(_ series: [Double], lags: Int) -> [Double] {
    guard series.count > lags, lags > 0, !isConstant(series) else { return [] }
    let mean = series.reduce(0, +) / Double(series.count)
    let centred = series.map { $0 - mean }
    let variance = centred.reduce(0) { $0 + $1 * $1 }
    guard variance > 0, variance.isFinite else { return [] }
    return centred.withUnsafeBufferPointer { centred in
        (1...lags).map { lag in
            var sum = 0.0
            for index in lag..<centred.count { sum += centred[index] * centred[index - lag] }
            return sum / variance
        }
    }
}

/// A test of the hypothesis that the first autocorrelations of a series are all zero.
public struct LjungBox: Sendable, Equatable, Encodable {
    public let lags: Int
    public let statistic: Double
    /// The probability of a larger statistic where the hypothesis holds.
    public let probability: Double

    enum CodingKeys: String, CodingKey {
        case lags, statistic
        case probability = "p"
    }

    /// Source: Ljung and Box, On a Measure of Lack of Fit in Time Series Models, Biometrika 65
    /// (1978).
    /// - Parameters:
    ///   - autocorrelations: at the lags 1, 2, …; at least one.
    ///   - count: the length of the series.
    public init(autocorrelations: [Double], count: Int) {
        precondition(
            !autocorrelations.isEmpty && count > autocorrelations.count,
            "LjungBox: \(autocorrelations.count) lags of a series of \(count)")
        let length = Double(count)
        var sum = 0.0
        for (index, value) in autocorrelations.enumerated() {
            sum += value * value / (length - Double(index + 1))
        }
        lags = autocorrelations.count
        statistic = length * (length + 2) * sum
        probability = chiSquaredTail(statistic, degreesOfFreedom: autocorrelations.count)
    }
}

/// The probability that a chi-squared variable exceeds a value.
public func chiSquaredTail(_ value: Double, degreesOfFreedom: Int) -> Double {
    precondition(degreesOfFreedom > 0, "chiSquaredTail: \(degreesOfFreedom) degrees of freedom")
    guard value > 0 else { return 1 }
    return upperGamma(Double(degreesOfFreedom) / 2, value / 2)
}

/// The regularised upper incomplete gamma function: by its series below `shape + 1`, by Lentz's
/// continued fraction above, so that small tails keep their digits.
///
/// Source: DLMF 8.7.1 and 8.9.2.
private func upperGamma(_ shape: Double, _ x: Double) -> Double {
    let front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1 {
        var term = 1 / shape
        var sum = term
        var step = shape
        for _ in 0..<10_000 {
            step += 1
            term *= x / step
            sum += term
            if term < sum * 1e-17 { break }
        }
        return max(0, 1 - front * sum)
    }
    let tiny = 1e-300
    var b = x + 1 - shape
    var c = 1 / tiny
    var d = 1 / b
    var fraction = d
    for index in 1..<10_000 {
        let a = -Double(index) * (Double(index) - shape)
        b += 2
        d = a * d + b
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = b + a / c
        if abs(c) < tiny { c = tiny }
        fraction *= c * d
        if abs(c * d - 1) < 1e-16 { break }
    }
    return front * fraction
}

/// The Durbin-Watson statistic of many series at once: squared differences within the series over
/// squares, both summed over all series, without centring.
///
/// Nil where no series has two residuals or all are zero.
/// Source: after Bhargava, Franzini and Narendranathan, Serial Correlation and the Fixed Effects
/// Model, Review of Economic Studies 49 (1982), without their centring.
public func panelDurbinWatson(_ series: [[Double]]) -> Double? {
    var differences = 0.0
    var squares = 0.0
    for residuals in series where residuals.count >= 2 {
        for residual in residuals { squares += residual * residual }
        for index in 1..<residuals.count {
            let difference = residuals[index] - residuals[index - 1]
            differences += difference * difference
        }
    }
    return squares > 0 ? differences / squares : nil
}

/// How successive errors of forecasts hang together.
public struct SerialDependence: Sendable {
    /// Autocorrelations of all residuals in time order, at the lags 1 to 20.
    public let autocorrelation: [Double]
    /// At the lags 1, 5, 10 and 20.
    public let ljungBox: [LjungBox]
    /// Durbin-Watson within bonds.
    public let panelDurbinWatson: Double?
    /// Bonds that have the statistic of their own: those of `minimumTrades` and more.
    public let bonds: Int
    /// The 5, 25, 50, 75 and 95 % quantiles of those bonds' own statistics; empty without any.
    public let bondQuantiles: [Double]

    /// Fewer trades of a bond give a statistic that says little.
    public static let minimumTrades = 20
    public static let bondPercents = [5, 25, 50, 75, 95]

    /// - Parameters:
    ///   - residuals: in time order.
    ///   - bonds: the bond of each residual, from 0.
    init(residuals: [Double], bonds: [Int32], bondCount: Int) {
        let lags = min(20, residuals.count - 1)
        let correlations = QuantileEvaluation.autocorrelation(residuals, lags: lags)
        autocorrelation = correlations
        ljungBox = [1, 5, 10, 20].filter { $0 <= correlations.count }.map {
            LjungBox(autocorrelations: Array(correlations.prefix($0)), count: residuals.count)
        }
        var series = [[Double]](repeating: [], count: bondCount)
        for (residual, bond) in zip(residuals, bonds) { series[Int(bond)].append(residual) }
        panelDurbinWatson = QuantileEvaluation.panelDurbinWatson(series)
        let own = series.filter { $0.count >= Self.minimumTrades }
            .compactMap { durbinWatson($0) }.sorted()
        self.bonds = own.count
        bondQuantiles =
            own.isEmpty
            ? []
            : Self.bondPercents.map { sampleQuantile(ofSorted: own, at: Double($0) / 100) }
    }
}
