import Foundation

/// How one simulated column is distributed, printed, and read back.
struct SimulatedColumn: Sendable {
    enum Shape: Sendable, CaseIterable {
        case normal
        case uniform
        /// Heavy upper tail.
        case lognormal
        /// Whole multiples of the spread, 0 to 9, equally likely.
        case integer
        /// Normal; the two members of a pair have a correlation of 0.8.
        case firstOfPair, secondOfPair
    }

    let shape: Shape
    /// Added to the standard value; zero for lognormal and integer columns.
    let shift: Double
    /// A power of ten that the shifted value is multiplied by.
    let spread: Double
    /// The first of its pair, for the second.
    let partner: Int?

    private static let lognormalWidth = 0.8
    private static let pairCorrelation = 0.8

    /// Returns the value to print, in steps of a ten thousandth of the spread, so that files stay
    /// small.
    ///
    /// - Parameters:
    ///   - innovation: a standard normal number.
    ///   - partner: that of the first of the pair, for the second.
    func value(innovation: Double, partner: Double?) -> Float {
        let standard: Double
        switch shape {
        case .normal, .firstOfPair:
            standard = innovation
        case .secondOfPair:
            let rho = Self.pairCorrelation
            standard = rho * (partner ?? 0) + (1 - rho * rho).squareRoot() * innovation
        case .uniform:
            standard = Self.normalDistribution(innovation)
        case .lognormal:
            standard = exp(Self.lognormalWidth * innovation)
        case .integer:
            standard = min(9, (10 * Self.normalDistribution(innovation)).rounded(.down))
        }
        return Float(((shift + standard) * 10_000).rounded() * spread / 10_000)
    }

    /// Returns the input that the response is a function of: mean 0, variance 1.
    func standardised(_ value: Float) -> Double {
        let standard = Double(value) / spread - shift
        return switch shape {
        case .normal, .firstOfPair, .secondOfPair: standard
        case .uniform: (standard - 0.5) * 12.0.squareRoot()
        case .lognormal: log(standard) / Self.lognormalWidth
        case .integer: (standard - 4.5) / 8.25.squareRoot()
        }
    }

    private static func normalDistribution(_ value: Double) -> Double {
        0.5 * erfc(-value / 2.0.squareRoot())
    }
}
