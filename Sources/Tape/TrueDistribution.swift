import Random

/// The exact distribution of a simulated trade's price given everything before it: a Student t
/// distribution whose two sides are scaled apart.
///
/// With `m = lowerScale / (lowerScale + upperScale)` the mass below the location, a price is
/// `location - lowerScale |T|` with probability `m` and `location + upperScale |T|` else, where T
/// has a t distribution; so the density is continuous at the location.
///
/// Source: Fernández, Steel, "On Bayesian modeling of fat tails and skewness", JASA 93 (1998), in the
/// parametrisation of two scales.
public struct TrueDistribution: Sendable, Equatable {
    /// The mode.
    public var location: Double
    /// Price points; positive.
    public var lowerScale: Double
    /// Price points; positive.
    public var upperScale: Double
    public var degreesOfFreedom: Double

    public init(
        location: Double, lowerScale: Double, upperScale: Double, degreesOfFreedom: Double
    ) {
        self.location = location
        self.lowerScale = lowerScale
        self.upperScale = upperScale
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// The probability of a price below the location.
    public var lowerMass: Double { lowerScale / (lowerScale + upperScale) }

    /// Returns the quantile at a level in (0, 1).
    public func quantile(_ level: Double) -> Double {
        let mass = lowerMass
        if level < mass {
            let tail = studentQuantile(level / (2 * mass), degreesOfFreedom: degreesOfFreedom)
            return location + lowerScale * tail
        }
        // By the upper tail, which keeps its digits near the level 1.
        let tail = studentQuantile(
            (1 - level) / (2 * (1 - mass)), degreesOfFreedom: degreesOfFreedom)
        return location - upperScale * tail
    }

    /// Returns the probability of a price that is at most `price`.
    public func probability(atMost price: Double) -> Double {
        let mass = lowerMass
        if price < location {
            return 2 * mass
                * studentProbability(
                    atMost: (price - location) / lowerScale, degreesOfFreedom: degreesOfFreedom)
        }
        return 1 - 2 * (1 - mass)
            * studentProbability(
                atMost: (location - price) / upperScale, degreesOfFreedom: degreesOfFreedom)
    }
}
