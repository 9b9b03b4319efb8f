/// The constants of the fair value filter; the defaults suit US corporate bonds.
///
/// `dv` is the bond's DV01 in points, `s` its spread in basis points, `z` the decimal logarithm of
/// the quantity in millions.
public struct FairValueParameters: Sendable, Hashable, Codable {
    /// How much of a move of the credit index a bond's log spread follows.
    public var creditLoading = 0.7
    /// Variance that a log spread gains in a trading day.
    public var dailyVariance = 0.0006
    /// What multiplies it for high yield.
    public var highYieldShare = 0.7
    /// Variance that every prediction adds, so that a filter never falls asleep.
    public var leastVariance = 1e-6
    /// The least spread that is believed, in basis points.
    public var leastSpread = 3.0

    /// The half-spread of a trade with a client in points:
    /// `(fixed + dv (perDV01 + perSpread s)) (base + retail max(0, -z)^power)`.
    public var halfSpread = HalfSpread()
    /// The largest correction for the side, in log spread.
    public var largestCorrection = 0.5
    /// The noise of a print in points: `(fixed + dv (perDV01 + perSpread s)) (base + retail
    /// max(0, -z))`, and by what its variance is multiplied.
    public var noise = Noise()

    /// Innovations are cut to so many standard deviations.
    public var largestInnovation = 3.0
    /// The share of the gain that a print gets which was executed before the last one.
    public var lateGain = 0.5
    /// The variance of a bond's log spread around its cohort's, before its first print.
    public var priorVariance = 0.05
    /// Trading days in which a print's weight in its cohort halves.
    public var priorHalfLife = 1.0

    /// The unit of price errors: `fixed + perDTS dv s` points.
    public var unitFixed = 0.02
    public var unitPerDTS = 0.011

    public struct HalfSpread: Sendable, Hashable, Codable {
        public var fixed = 0.012
        public var perDV01 = 0.9
        public var perSpread = 0.011
        public var base = 0.75
        public var retail = 0.55
        public var power = 1.3
        public init() {}
    }

    public struct Noise: Sendable, Hashable, Codable {
        public var varianceFactor = 1.6
        public var fixed = 0.026
        public var perDV01 = 1.15
        public var perSpread = 0.0065
        public var base = 0.8
        public var retail = 0.3
        public init() {}
    }

    public init() {}
}

/// What a print says about its bond's log spread.
public struct LogSpreadObservation: Sendable, Hashable {
    /// The logarithm of the print's spread in basis points, as it stands.
    public let logSpread: Double
    /// The same seen from the middle between bid and offer.
    public let adjusted: Double
    /// The variance of the noise in it.
    public let noiseVariance: Double

    public init(logSpread: Double, adjusted: Double, noiseVariance: Double) {
        self.logSpread = logSpread
        self.adjusted = adjusted
        self.noiseVariance = noiseVariance
    }
}

extension FairValueParameters {
    /// What a print says about its bond.
    /// - Parameters:
    ///   - spread: over the interpolated curve at execution, in basis points.
    ///   - dv01: at the print's yield, in points; positive.
    ///   - side: +1 where the dealer sells to a client, -1 where it buys from one, 0 between dealers.
    ///   - quantity: dollars of par, positive.
    public func observation(
        spread: Double, dv01: Double, side: Double, quantity: Double
    ) -> LogSpreadObservation {
        let spread = max(spread, leastSpread)
        let smallness = max(0, -(quantity / 1e6).decimalLogarithm)
        let logSpread = spread.logarithm
        // A point of price is so much of the log spread.
        let perPoint = 1 / (dv01 * spread)
        var correction = 0.0
        if side != 0 {
            let half =
                (halfSpread.fixed
                    + dv01 * (halfSpread.perDV01 + halfSpread.perSpread * spread))
                * (halfSpread.base + halfSpread.retail * smallness.raised(to: halfSpread.power))
            correction = min(max(side * half * perPoint, -largestCorrection), largestCorrection)
        }
        let deviation =
            (noise.fixed + dv01 * (noise.perDV01 + noise.perSpread * spread))
            * (noise.base + noise.retail * smallness) * perPoint
        return LogSpreadObservation(
            logSpread: logSpread, adjusted: logSpread + correction,
            noiseVariance: noise.varianceFactor * deviation * deviation)
    }

    /// The unit in which errors of prices are alike across bonds, in points.
    public func unit(dv01: Double, logSpread: Double) -> Double {
        unitFixed + unitPerDTS * dv01 * logSpread.exponential
    }
}
