import Tape
import Testing

/// Protects the truth of simulated trades: a wrong quantile would make every oracle wrong.
@Suite struct TrueDistributionTests {
    struct Reference: Sendable {
        let distribution: TrueDistribution
        /// The quantiles at 1, 5, 40, 50 and 95 %.
        let quantiles: [Double]
    }

    /// From SciPy 1.17.1's `t.ppf`; the masses agree with `quad` over the two-piece density.
    static let references = [
        Reference(
            distribution: TrueDistribution(
                location: 98.5, lowerScale: 0.08, upperScale: 0.125, degreesOfFreedom: 3.2),
            quantiles: [
                98.18369013996062, 98.33667577181322, 98.50270746686105, 98.53086017723015,
                98.81322871857542,
            ]),
        Reference(
            distribution: TrueDistribution(
                location: 101.25, lowerScale: 0.5, upperScale: 0.32, degreesOfFreedom: 5.4),
            quantiles: [
                99.53241708925886, 100.18354672244091, 101.01445600086252, 101.13055822845273,
                101.82465937330974,
            ]),
        Reference(
            distribution: TrueDistribution(
                location: 60, lowerScale: 1.02, upperScale: 1.02, degreesOfFreedom: 4.5),
            quantiles: [
                56.402408091561384, 57.89311259334391, 59.72587312774698, 60, 62.10688740665609,
            ]),
    ]

    @Test(arguments: references)
    func equalsSciPy(reference: Reference) {
        for (level, expected) in zip([0.01, 0.05, 0.4, 0.5, 0.95], reference.quantiles) {
            #expect(abs(reference.distribution.quantile(level) - expected) < 1e-11)
        }
    }

    @Test(arguments: references)
    func quantileInvertsProbabilityAndAscends(reference: Reference) {
        var last = -Double.infinity
        for step in 1..<500 {
            let level = Double(step) / 500
            let quantile = reference.distribution.quantile(level)
            #expect(quantile > last)
            #expect(abs(reference.distribution.probability(atMost: quantile) - level) < 1e-12)
            last = quantile
        }
    }
}
