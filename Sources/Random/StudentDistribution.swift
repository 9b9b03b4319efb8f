import Foundation

/// Returns the probability that a Student t variable is at most `value`.
///
/// The tail comes from the regularised incomplete beta function by Lentz's continued fraction, so it
/// keeps its digits however small it is.
///
/// Source: DLMF 8.17.22; Press et al., "Numerical Recipes", third edition, section 6.4.
/// - Precondition: `degreesOfFreedom` is at least 2; infinite for a normal variable.
public func studentProbability(atMost value: Double, degreesOfFreedom: Double) -> Double {
    if degreesOfFreedom == .infinity { return 0.5 * erfc(-value / 2.0.squareRoot()) }
    let distribution = StudentDistribution(degreesOfFreedom)
    let tail = distribution.tail(abs(value))
    return value < 0 ? tail : 1 - tail
}

/// Returns the quantile of the Student t distribution at a probability in (0, 1), to about 1e-14;
/// minus and plus infinity at 0 and 1, NaN outside.
///
/// Source: Hill, "Algorithm 396: Student's t-quantiles", CACM 13 (1970), then Newton's steps with the
/// second derivative.
/// - Precondition: `degreesOfFreedom` is at least 2; infinite for a normal variable.
public func studentQuantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
    if degreesOfFreedom == .infinity { return normalQuantile(probability) }
    let smaller = min(probability, 1 - probability)
    guard smaller > 0 else {
        return smaller == 0 ? (probability < 0.5 ? -.infinity : .infinity) : .nan
    }
    let value = StudentDistribution(degreesOfFreedom).value(tail: smaller)
    return probability < 0.5 ? -value : value
}

/// Draws Student t numbers of one number of degrees of freedom by inversion, at little more than the
/// cost of a normal number.
///
/// The t quantile as a function of the normal quantile is smooth, so cubics between the exact values
/// and slopes at steps of 1/64 are right to 1e-7 of the value.
public struct StudentTable: Sendable {
    private static let steps = 64.0
    private static let end = 9.0
    private let values: [Double]
    private let slopes: [Double]

    /// - Precondition: `degreesOfFreedom` is at least 2.
    public init(degreesOfFreedom: Double) {
        let distribution = StudentDistribution(degreesOfFreedom)
        let knots = (0...Int(Self.end * Self.steps)).map { Double($0) / Self.steps }
        let values = knots.map { distribution.value(tail: 0.5 * erfc($0 / 2.0.squareRoot())) }
        self.values = values
        slopes = zip(knots, values).map { knot, value in
            exp(-0.5 * knot * knot) / (2 * Double.pi).squareRoot() / distribution.density(value)
        }
    }

    /// Returns the quantile at the level whose normal quantile is `normal`.
    @inline(__always)
    public func value(normal: Double) -> Double {
        let position = min(abs(normal), Self.end - 1e-9) * Self.steps
        let index = Int(position)
        let share = position - Double(index)
        let rest = 1 - share
        let low = values[index]
        let high = values[index + 1]
        let lowSlope = slopes[index] / Self.steps
        let highSlope = slopes[index + 1] / Self.steps
        let value =
            rest * rest * ((1 + 2 * share) * low + share * lowSlope)
            + share * share * ((1 + 2 * rest) * high - rest * highSlope)
        return normal < 0 ? -value : value
    }
}

/// The upper half of a t distribution.
private struct StudentDistribution {
    private let degrees: Double
    /// The logarithm of the beta function of half the degrees and a half.
    private let logBeta: Double

    init(_ degrees: Double) {
        precondition(degrees >= 2, "a t distribution of \(degrees) degrees of freedom")
        self.degrees = degrees
        logBeta = lgamma(degrees / 2) + lgamma(0.5) - lgamma((degrees + 1) / 2)
    }

    /// The probability above a value that is not negative.
    func tail(_ value: Double) -> Double {
        let square = value * value
        if square < 0.5 * degrees {
            let share = square / (degrees + square)
            return 0.5 - 0.5 * incompleteBeta(share, 0.5, degrees / 2)
        }
        return 0.5 * incompleteBeta(degrees / (degrees + square), degrees / 2, 0.5)
    }

    func density(_ value: Double) -> Double {
        exp(-0.5 * (degrees + 1) * log1p(value * value / degrees) - logBeta) / degrees.squareRoot()
    }

    /// The value above which a probability of at most a half lies.
    func value(tail probability: Double) -> Double {
        var value = hill(probability)
        for _ in 0..<20 {
            let step = (tail(value) - probability) / density(value)
            let bend = 0.5 * step * value * (degrees + 1) / (value * value + degrees)
            let next = max(0, value + step * (1 + (abs(bend) < 0.3 ? bend : 0)))
            let moved = abs(next - value)
            value = next
            // The next step would be of the third order in this one.
            if moved <= 1e-6 * value + 1e-12 { break }
        }
        return value
    }

    /// Hill's approximation, good to four digits or so.
    private func hill(_ probability: Double) -> Double {
        let both = 2 * probability
        if degrees < 2.1 { return (2 / (both * (2 - both)) - 2).squareRoot() }
        let a = 1 / (degrees - 0.5)
        let b = 48 / (a * a)
        var c = ((20_700 * a / b - 98) * a - 16) * a + 96.36
        let d = ((94.5 / (b + c) - 3) / b + 1) * (a * .pi / 2).squareRoot() * degrees
        var y = pow(d * both, 2 / degrees)
        if y > 0.05 + a {
            let x = normalQuantile(probability)
            y = x * x
            if degrees < 5 { c += 0.3 * (degrees - 4.5) * (x + 0.6) }
            c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
            y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
            y = expm1(a * y * y)
        } else {
            let inner = (degrees + 6) / (degrees * y) - 0.089 * d - 0.822
            y =
                ((1 / (inner * (degrees + 2) * 3) + 0.5 / (degrees + 4)) * y - 1) * (degrees + 1)
                / (degrees + 2) + 1 / y
        }
        return (degrees * max(y, 0)).squareRoot()
    }

    /// The regularised incomplete beta function at `share`, of parameters one of which is a half.
    private func incompleteBeta(_ share: Double, _ first: Double, _ second: Double) -> Double {
        guard share > 0 else { return 0 }
        let front = exp(first * log(share) + second * log1p(-share) - logBeta) / first
        let tiny = 1e-300
        var c = 1.0
        var d = 1 - (first + second) * share / (first + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var fraction = d
        for step in 1...500 {
            let m = Double(step)
            let even = m * (second - m) * share / ((first + 2 * m - 1) * (first + 2 * m))
            d = 1 / nonZero(1 + even * d)
            c = nonZero(1 + even / c)
            fraction *= d * c
            let odd =
                -(first + m) * (first + second + m) * share
                / ((first + 2 * m) * (first + 2 * m + 1))
            d = 1 / nonZero(1 + odd * d)
            c = nonZero(1 + odd / c)
            fraction *= d * c
            if abs(d * c - 1) < 1e-16 { break }
        }
        return front * fraction
    }

    private func nonZero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
}
