import Foundation
import Random

/// The log spread of a bond over a day, on the grid, without what trades do to it.
///
/// Its dealers take in every factor with a delay of their own: minutes where the bond is liquid,
/// hours where it is not. Related bonds that trade more tell what is still to come.
struct BondPath {
    private static let idiosyncraticDecays = MarketClock.decays(halfLife: 5)
    /// By step: the deviation of a shock that keeps the stationary deviation at one.
    private static let idiosyncraticShocks: [Double] = (0..<MarketClock.steps).map { step in
        let decay = idiosyncraticDecays[step]
        // More of the variance in the morning and at the close.
        let shape =
            MarketClock.deviations[step] * MarketClock.deviations[step] / MarketClock.weights[step]
        return ((1 - decay * decay) * shape).squareRoot()
    }
    private static let concessionDecays = MarketClock.decays(halfLife: 3)

    /// Moves a bond through a day and writes its path.
    /// - Parameters:
    ///   - years: To maturity.
    ///   - path: Shape: `[step]`.
    ///   - normals: Working space; shape: `[step]`.
    static func advance(
        _ bond: SimulatedBond, _ state: inout BondState, sector: Int, notch: Int, age: Double,
        years: Double, factors: IssuerFactors, context: DayContext,
        path: UnsafeMutablePointer<Double>, normals: UnsafeMutableBufferPointer<Double>
    ) {
        var draws = context.settings.draws(.bondPath, entity: bond.number, day: context.index)
        draws.fillNormal(normals)

        let isInvestmentGrade = CreditModel.isInvestmentGrade(notch)
        let bucket = CreditModel.bucket(notch)
        let marketLoading = CreditModel.marketLoadings[bucket]
        let highYieldLoading = CreditModel.highYieldLoadings[bucket]
        let sectorLoading = CreditModel.sectorLoading(isInvestmentGrade)
        let curveLoading = CreditModel.curveLoading(years)
        let toneLoading = isInvestmentGrade ? marketLoading : 1
        let deviation =
            0.034 * (isInvestmentGrade ? 1 : 0.50) * bond.costScale
            * (0.82 + 0.07 * min(10, age))
        // How much of a new issue's concession is left at the start of the day.
        let isNew = bond.issueDay >= 0
        var concession =
            isNew ? 0.06 * exp2(-Double(context.index - bond.issueDay) / 3) : 0

        let market = context.market
        if !state.isBorn {
            state = BondState(
                credit: market.credit[0], highYield: market.highYield[0],
                bucket: market.buckets[bucket][0], sector: market.sectors[sector][0],
                issuer: factors.level[0], curve: factors.curve[0],
                idiosyncratic: deviation * bond.idiosyncraticStart, isBorn: true)
        }
        var now = state
        let (level, curve) = (factors.level, factors.curve)
        let (credit, highYield) = (market.credit, market.highYield)
        let (ratings, sectors) = (market.buckets[bucket], market.sectors[sector])
        let tone = market.tone[isInvestmentGrade ? 0 : 1]
        let (decays, shocks) = (idiosyncraticDecays, idiosyncraticShocks)
        for step in 0..<MarketClock.steps {
            let slow = step == 0 ? bond.adoption.night : bond.adoption.step
            let fast = step == 0 ? bond.marketAdoption.night : bond.marketAdoption.step
            now.credit += fast * (credit[step] - now.credit)
            now.highYield += fast * (highYield[step] - now.highYield)
            now.bucket += slow * (ratings[step] - now.bucket)
            now.sector += slow * (sectors[step] - now.sector)
            now.issuer += slow * (level[step] - now.issuer)
            now.curve += slow * (curve[step] - now.curve)
            now.idiosyncratic =
                now.idiosyncratic * decays[step] + deviation * shocks[step] * normals[step]
            path[step] =
                bond.baseLogSpread + marketLoading * now.credit
                + highYieldLoading * now.highYield + now.bucket
                + sectorLoading * now.sector + now.issuer + curveLoading * now.curve
                + now.idiosyncratic + toneLoading * tone[step]
        }
        state = now
        guard isNew else { return }
        for step in 0..<MarketClock.steps {
            concession *= concessionDecays[step]
            path[step] += concession
        }
    }
}
