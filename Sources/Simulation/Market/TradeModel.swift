import Foundation
import Tape

/// What a dealer takes, and how much prices scatter.
///
/// Both grow with the price change for a basis point, with the spread, and with age; both fall with
/// liquidity; small trades are dear, and large ones where bonds are illiquid.
struct TradeModel {
    let bond: SimulatedBond
    let age: Double
    /// Price points for a basis point, and the spread in basis points.
    let dv01: Double
    let spread: Double
    let volatility: Double
    let news: Double

    /// The distance between the mid price and what a client pays, in points, before side and venue.
    func halfSpread(quantity: Double) -> Double {
        let size = log10(quantity / 1e6)
        let block = max(0, size - 0.4)
        let sizeFactor =
            0.75 + 0.55 * pow(max(0, -size), 1.3) + 0.22 * block * block * bond.blockScale
        return (0.01 + dv01 * (1.65 + 0.0105 * spread)) * bond.costScale * sizeFactor
            * volatility.squareRoot() * (1 + 0.6 * news) * (0.88 + 0.04 * min(10, age))
    }

    /// The distribution of the price of a trade around the mid price.
    func distribution(
        mid: Double, side: Trade.Side, quantity: Double, isATS: Bool, basketShift: Double?
    ) -> TrueDistribution {
        var half = halfSpread(quantity: quantity)
        if side == .bid { half *= 1.12 }
        if isATS { half *= 0.55 }
        if basketShift != nil { half *= 0.6 }
        let sign: Double =
            switch side {
            case .offer: 1
            case .bid: -1
            case .dealer: -0.06
            }
        let scale = noise(quantity: quantity, isATS: isATS)
        let (lower, upper): (Double, Double) =
            switch side {
            case .offer: (0.8, 1.25)
            case .bid: (1.25, 0.8)
            case .dealer: (1.02, 1.02)
            }
        return TrueDistribution(
            location: mid + sign * half - dv01 * (basketShift ?? 0), lowerScale: lower * scale,
            upperScale: upper * scale, degreesOfFreedom: bond.degreesOfFreedom)
    }

    /// The scale of the noise, in points, before it is split by side.
    func noise(quantity: Double, isATS: Bool) -> Double {
        let size = log10(quantity / 1e6)
        let sizeFactor = 0.8 + 0.24 * max(0, -size) + 0.25 * max(0, size - 0.5)
        let scale =
            (0.024 + dv01 * (1.30 + 0.0044 * spread)) * bond.costScale * sizeFactor
            * pow(volatility, 0.6) * (1 + 1.2 * news) * (0.82 + 0.06 * min(10, age))
        return isATS ? 0.8 * scale : scale
    }

    /// The share of trades on alternative trading systems.
    static func shareOnATS(quantity: Double, side: Trade.Side) -> Double {
        let share =
            switch quantity {
            case ..<100_000: 0.35
            case ..<1_000_000: 0.16
            case ..<5_000_000: 0.06
            default: 0.01
            }
        return side == .dealer ? min(0.75, 1.8 * share) : share
    }

    /// A size in the steps that trades come in, in dollars of par.
    static func rounded(quantity: Double) -> Double {
        let step: Double =
            switch quantity {
            case ..<100_000: 1_000
            case ..<1_000_000: 5_000
            default: 100_000
            }
        return min(max((quantity / step).rounded() * step, 1_000), 60e6)
    }
}
