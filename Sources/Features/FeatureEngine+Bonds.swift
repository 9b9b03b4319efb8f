import Bonds
import FairValue

extension FeatureEngine {
    /// Writes the features of a bond itself.
    func writeBond(
        _ context: RowContext, facts: BondFacts, groups: RatingGroups,
        estimate: FairValueFilter.Estimate, prior: Double, accrued: Double,
        into row: UnsafeMutablePointer<Float>
    ) {
        let bond = context.bond
        let state = states[bond]
        let isSeen = filters[bond].isSeen
        let notch = Float(notches[bond] < 0 ? Int8(RatingGroups.unrated) : notches[bond])
        let units = context.unitsPerSpread
        row[0] = notch / 9 - 1
        row[1] = context.logYears - 1.6094379
        row[2] = context.years / 10 - 1
        row[3] = facts.coupon - 4.5
        row[4] = facts.logAmount
        let age = Float(moment.date.dayNumber - facts.datedDay) / 365.25
        row[5] = facts.datedDay < 0 ? 0 : ln1p(max(0, age))
        row[6] = context.logSpread - 5
        row[7] = ln(max(25 * context.dv01, 1e-4))
        row[8] = clip((Float(context.price) - 97) / 10, 10)
        row[9] = ln(units)
        row[10] = ln(context.unit)
        row[11] = 10 * Float(estimate.variance.squareRoot())
        let since = isSeen ? Float(max(0, moment.days - filters[bond].days)) : 60
        row[12] = ln1p(60 * since)
        row[13] = clip(Float(estimate.logSpread - prior) * units / 5, 6)
        row[14] = ln(0.001 + state.meanAbsolute)
        row[15] = ln(0.01 + state.meanAbsolute * units)
        row[16] = groups.isHighYield ? 1 : 0
        row[17] = days.value(days.prints, bond, ago: 0) > 0 ? 1 : 0
        row[18] = facts.isCallable ? 1 : 0
        row[19] = callGap(context)
        writeCounts(bond: bond, into: row + 20)
        let large =
            state.lastLargeDays > 0 ? Float(max(0, moment.days - state.lastLargeDays)) : 60
        row[26] = ln1p(60 * large)
        let issuer = Int(facts.issuer)
        row[27] = ln1p(days.issuerCount[issuer])
        row[28] = issuerShare(bond: bond, issuer: issuer)
        let isFitted = days.issuerCount[issuer] > 0
        let gap = context.logSpread - days.issuerMean[issuer]
        row[29] = isFitted ? clip(gap, 3) : 0
        let line =
            days.issuerSlope[issuer] * (context.logYears - days.issuerMeanLogYears[issuer])
        row[30] = isFitted ? clip(gap - line, 3) : 0
        row[31] = ln1p(Float(state.prints))
        row[32] = ln(0.001 + state.meanGap)
        row[33] = state.meanSize
        row[34] = state.meanSide
        row[35] = facts.coupon > 0 ? Float(accrued) / facts.coupon : 0
        row[36] = clip(facts.coupon - Float(context.yield), 15)
        row[37] = clip(Float(context.yield) - 5, 25)
        writeKnots(context.years, Self.maturityKnots, into: row + 38)
        writeKnots(notch, Self.ratingKnots, into: row + 45)
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
    private func callGap(_ context: RowContext) -> Float {
        guard let next = calls[context.bond]?.calls.first(where: { $0.date > context.settlement })
        else { return 0 }
        return clip(Float(context.price - next.price), 5)
    }

    private func issuerShare(bond: Int, issuer: Int) -> Float {
        let first = DecayedSums.quoteHalfLife * DecayedSums.statistics + 3
        let own =
            sums.sums[bond * DecayedSums.width + first]
            * sums.decay(bond, at: moment.days, DecayedSums.quoteHalfLife)
        let group = groups.issuer(issuer)
        let all =
            sums.sums[group * DecayedSums.width + first]
            * sums.decay(group, at: moment.days, DecayedSums.quoteHalfLife)
        return clip(own / (all + 0.5), 0, 1)
    }

    /// Prints and face of today, of five days and of ten.
    private func writeCounts(bond: Int, into row: UnsafeMutablePointer<Float>) {
        var prints: Float = 0
        var face: Float = 0
        for ago in 0..<Int32(10) {
            if ago <= days.age {
                prints += days.value(days.prints, bond, ago: ago)
                face += days.value(days.face, bond, ago: ago)
            }
            let place = ago == 0 ? 0 : ago == 4 ? 1 : ago == 9 ? 2 : -1
            guard place >= 0 else { continue }
            row[place] = ln1p(prints)
            row[3 + place] = ln1p(face)
        }
    }

    /// Writes the signals that need no decayed sums; the finish adds the others.
    func writeSignals(
        _ context: RowContext, facts: BondFacts, groups: RatingGroups,
        into row: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<24 { row[index] = 0 }
        let bond = context.bond
        guard filters[bond].isSeen else { return }
        let x = context.logSpread
        func before(_ ago: Int32) -> Float {
            let spread = days.spread(bond, ago: ago)
            return spread == 0 ? x : spread
        }
        let (one, two, five, ten) = (before(1), before(2), before(5), before(10))
        row[0] = clip(10 * (x - one), 10)
        row[1] = clip(10 * (x - five), 10)
        row[2] = clip(10 * (x - ten), 10)
        row[3] = clip(10 * (x - 2 * one + two), 10)
        row[4] = clip(10 * (x - 2 * five + ten), 10)
        let faces = spike(days.face, bond)
        row[5] = faces.five
        row[6] = spike(days.prints, bond).five
        row[7] = faces.today
        let issuer = Int(facts.issuer)
        if days.issuerCount[issuer] > 0 {
            let slope = days.issuerSlope[issuer]
            row[15] = slope * 1.6094379
            let mean = days.issuerMean[issuer]
            let years = days.issuerMeanLogYears[issuer]
            let ten = mean + slope * (2.3025851 - years)
            let two = mean + slope * (0.6931472 - years)
            row[16] = clip((e(clip(ten, 0, 9)) - e(clip(two, 0, 9))) / 100, 10)
        }
        let sector = days.medians[3 * Int(facts.sector) + groups.grade]
        row[17] = sector == 0 ? 0 : clip(x - sector, 3)
        let bucket = days.medians[3 * self.groups.sectors + groups.bucket]
        row[18] = bucket == 0 ? 0 : clip(x - bucket, 3)
        row[19] = days.beta(bond) - 1
        let mean = days.meanSpread[bond]
        row[22] = mean == 0 ? 0 : clip(x - mean, 3)
        row[23] = ln(0.001 + root(days.spreadVariance[bond]))
    }

    /// How many deviations the mean of five days, and today, lie above the mean of 63.
    private func spike(_ values: Memory<Float>, _ bond: Int) -> (five: Float, today: Float) {
        let count = min(days.age + 1, 63)
        guard count >= 3 else { return (0, 0) }
        var sum: Float = 0
        var squares: Float = 0
        var lately: Float = 0
        let first = values.base + bond * DayBook.days
        let today = Int(days.day)
        for ago in 0..<Int(count) {
            let value = first[(today - ago) & (DayBook.days - 1)]
            sum += value
            squares += value * value
            if ago == 4 { lately = sum }
        }
        if count < 5 { lately = sum }
        let mean = sum / Float(count)
        let deviation = root(max(0, squares / Float(count) - mean * mean)) + 0.1
        let recent = Float(min(count, 5))
        return (
            clip((lately / recent - mean) / (deviation / root(recent)), 8),
            clip((first[today & (DayBook.days - 1)] - mean) / deviation, 8)
        )
    }
}
