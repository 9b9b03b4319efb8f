import Bonds
import FairValue

extension RowFinisher {
    /// Writes what the filter of the market knows beside its estimate: what trades of 1 MM and of
    /// 100,000 with a client cost and how noisy they are, and how large innovations lately were.
    func finishFair(
        _ context: RowContext, _ price: RowPrice, _ estimate: FairEstimate,
        _ row: UnsafeMutablePointer<Float>
    ) {
        let units = price.unitsPerSpread
        row[0] = ln(0.01 + Float(estimate.variance.squareRoot()) * units)
        let spread = max(3, e(estimate.logSpread))
        for (index, quantity) in [1e6, 1e5].enumerated() {
            let (offset, noise) = layout.kalman.observation(
                groups.traits(
                    bond: context.bond, side: 1, quantity: quantity, isATS: false,
                    logAge: context.place.logAge), spread: spread, dv01: price.dv01)
            row[1 + 2 * index] = clip(Float(offset) * units, 12)
            row[2 + 2 * index] = ln(0.01 + Float(noise.squareRoot()) * units)
        }
        row[5] = Float(ln(0.01 + estimate.classScale))
        row[6] = Float(ln(0.01 + estimate.bondScale))
        row[7] = clip(Float(estimate.logSpread - context.ownLogSpread) * units, 12)
    }

    /// Writes the features of a bond itself that come from its price or do not change.
    func finishBond(
        _ context: RowContext, _ price: RowPrice, _ estimate: FairEstimate,
        _ row: UnsafeMutablePointer<Float>
    ) {
        let units = price.unitsPerSpread
        row[0] = context.notch / 9 - 1
        row[1] = context.logYears - 1.6094379
        row[2] = context.years / 10 - 1
        row[6] = price.logSpread - 5
        row[7] = ln(max(25 * Float(price.dv01), 1e-4))
        row[8] = clip((Float(price.price) - 97) / 10, 10)
        row[9] = ln(units)
        row[10] = ln(price.unit)
        row[11] = 10 * Float(estimate.variance.squareRoot())
        row[13] = clip(Float(estimate.logSpread - context.place.prior) * units / 5, 6)
        // The mean of absolute innovations was captured.
        let meanAbsolute = row[14]
        row[14] = ln(0.001 + meanAbsolute)
        row[15] = ln(0.01 + meanAbsolute * units)
        row[19] = callGap(context, price)
        // The mean of the issuer's bonds was captured, and where its curve lies above that.
        let isFitted = row[27] > 0
        let gap = price.logSpread - row[29]
        row[29] = isFitted ? clip(gap, 3) : 0
        row[30] = isFitted ? clip(gap - row[30], 3) : 0
        let coupon = Float(terms[context.bond].coupon)
        row[35] = coupon > 0 ? Float(context.flows.accruedInterest) / coupon : 0
        row[36] = clip(coupon - Float(price.yield), 15)
        row[37] = clip(Float(price.yield) - 5, 25)
        writeKnots(context.years, Self.maturityKnots, into: row + 38)
        writeKnots(context.notch, Self.ratingKnots, into: row + 45)
    }

    private static let maturityKnots: [Float] = [1, 2, 4, 7, 11, 18, 28]
    private static let ratingKnots: [Float] = [2, 4, 6, 8, 10, 12, 15]

    /// Weights of the two knots that a value lies between, which add up to 1.
    private func writeKnots(
        _ value: Float, _ knots: [Float], into row: UnsafeMutablePointer<Float>
    ) {
        for index in knots.indices { row[index] = 0 }
        var below = 0
        while below < knots.count - 2, value > knots[below + 1] { below += 1 }
        let share = clip((value - knots[below]) / (knots[below + 1] - knots[below]), 0, 1)
        row[below] = 1 - share
        row[below + 1] = share
    }

    /// The fair price over that of the next call; 0 where there is none.
    private func callGap(_ context: RowContext, _ price: RowPrice) -> Float {
        guard let next = calls[context.bond]?.calls.first(where: { $0.date > context.settlement })
        else { return 0 }
        return clip(Float(price.price - next.price), 5)
    }

    /// Compares the fair log spread with those that were captured: of the ends of days, of medians,
    /// and of the bond's mean; 0 where there is none.
    func finishSignals(_ price: RowPrice, _ row: UnsafeMutablePointer<Float>) {
        let x = price.logSpread
        func before(_ spread: Float) -> Float { spread == 0 ? x : spread }
        let (one, two, five, ten) = (before(row[0]), before(row[1]), before(row[2]), before(row[3]))
        row[0] = clip(10 * (x - one), 10)
        row[1] = clip(10 * (x - five), 10)
        row[2] = clip(10 * (x - ten), 10)
        row[3] = clip(10 * (x - 2 * one + two), 10)
        row[4] = clip(10 * (x - 2 * five + ten), 10)
        for place in [17, 18, 22] where row[place] != 0 { row[place] = clip(x - row[place], 3) }
    }

    /// Compares the spread of the issuer's default swap with the bond's, where there is one.
    func finishSwaps(_ price: RowPrice, _ row: UnsafeMutablePointer<Float>) {
        guard row[0] != 0 else { return }
        row[1] = clip(row[1] - price.logSpread, 3)
    }
}
