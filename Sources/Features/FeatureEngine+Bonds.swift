import Bonds
import FairValue

extension FeatureEngine {
    /// Writes the features of a bond itself, but for those that its fair price belongs to: of these
    /// what the finisher needs.
    func captureBond(
        _ context: RowContext, facts: BondFacts, groups: RatingGroups,
        into row: UnsafeMutablePointer<Float>
    ) {
        let bond = context.bond
        let state = states[bond]
        row[3] = facts.coupon - 4.5
        row[4] = facts.logAmount
        let age = Float(moment.date.dayNumber - facts.datedDay) / 365.25
        row[5] = facts.datedDay < 0 ? 0 : ln1p(max(0, age))
        let since = context.isSeen ? Float(max(0, moment.days - filters[bond].days)) : 60
        row[12] = ln1p(60 * since)
        row[14] = state.meanAbsolute
        row[16] = groups.isHighYield ? 1 : 0
        row[17] = days.value(days.prints, bond, ago: 0) > 0 ? 1 : 0
        row[18] = facts.isCallable ? 1 : 0
        writeCounts(bond: bond, into: row + 20)
        let large =
            state.lastLargeDays > 0 ? Float(max(0, moment.days - state.lastLargeDays)) : 60
        row[26] = ln1p(60 * large)
        let issuer = Int(facts.issuer)
        row[27] = ln1p(days.issuerCount[issuer])
        row[28] = issuerShare(bond: bond, issuer: issuer)
        row[29] = days.issuerMean[issuer]
        row[30] =
            days.issuerSlope[issuer] * (context.logYears - days.issuerMeanLogYears[issuer])
        row[31] = ln1p(Float(state.prints))
        row[32] = ln(0.001 + state.meanGap)
        row[33] = state.meanSize
        row[34] = state.meanSide
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

    /// Writes the signals that need neither the fair price nor decayed sums, and what the finisher
    /// makes the others of: log spreads of days, of medians and of the bond's mean.
    func captureSignals(
        _ context: RowContext, facts: BondFacts, groups: RatingGroups,
        into row: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<24 { row[index] = 0 }
        let bond = context.bond
        guard context.isSeen else { return }
        for (place, ago) in [Int32(1), 2, 5, 10].enumerated() {
            row[place] = days.spread(bond, ago: ago)
        }
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
        row[17] = days.medians[3 * Int(facts.sector) + groups.grade]
        row[18] = days.medians[3 * self.groups.sectors + groups.bucket]
        row[19] = days.beta(bond) - 1
        row[22] = days.meanSpread[bond]
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
