import Random
import Simulation
import Testing

/// Protects the truth itself: a wrong quantile function would make every regret wrong.
@Suite struct ConditionalDistributionTests {
    struct Reference: Sendable {
        let location: Double
        let scale: Double
        let skew: Double
        let tail: Double
        /// The quantiles at 1 %, 30 % and 95 %.
        let quantiles: [Double]
        /// The probability of at most `location + scale`.
        let probability: Double
    }

    /// SciPy 1.17.1's `johnsonsu(-skew / tail, 1 / tail, location - width * sinh(skew), width)`
    /// with `width = scale / (tail * cosh(skew))`.
    static let references = [
        Reference(
            location: 0, scale: 1, skew: 0, tail: 0.6,
            quantiles: [-3.158838655186144, -0.5330959223195925, 1.9251761696518899],
            probability: 0.828445835635454),
        Reference(
            location: 2, scale: 0.5, skew: 0.45, tail: 0.9,
            quantiles: [0.5111490133777685, 1.7545494996541398, 3.4647996346819396],
            probability: 0.788545537394566),
        Reference(
            location: -1, scale: 3, skew: -0.3, tail: 0.35,
            quantiles: [-9.650586535020858, -2.624224996815914, 3.786351062466991],
            probability: 0.8490373905709818),
    ]

    @Test(arguments: references)
    func equalsSciPy(reference: Reference) {
        let distribution = ConditionalDistribution(
            location: reference.location, scale: reference.scale, skew: reference.skew,
            tail: reference.tail)
        for (level, expected) in zip([0.01, 0.3, 0.95], reference.quantiles) {
            #expect(abs(distribution.quantile(level) - expected) < 1e-12)
        }
        let probability = distribution.probability(
            atMost: reference.location + reference.scale)
        #expect(abs(probability - reference.probability) < 1e-13)
    }

    @Test(arguments: references)
    func quantileInvertsProbabilityAndAscends(reference: Reference) {
        let distribution = ConditionalDistribution(
            location: reference.location, scale: reference.scale, skew: reference.skew,
            tail: reference.tail)
        var last = -Double.infinity
        for step in 1..<1000 {
            let level = Double(step) / 1000
            let quantile = distribution.quantile(level)
            #expect(quantile > last)
            #expect(abs(distribution.probability(atMost: quantile) - level) < 1e-13)
            last = quantile
        }
        #expect(distribution.quantile(0.5) == reference.location)
    }
}
