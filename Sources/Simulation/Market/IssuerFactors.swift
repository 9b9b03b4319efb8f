import Foundation
import Random

/// One issuer's own credit over a day, on the grid: log spread of all its bonds, of long against
/// short ones, and how fresh its news is.
struct IssuerFactors {
    private(set) var level = [Double](repeating: 0, count: MarketClock.steps)
    private(set) var curve = [Double](repeating: 0, count: MarketClock.steps)
    private(set) var news = [Double](repeating: 0, count: MarketClock.steps)
    /// How active it is today, about 1.
    private(set) var activity = 1.0
    /// The seconds after the opening at which its credit jumps; nil on most days.
    private(set) var jumpSecond: Double?

    private let shocks = StudentTable(degreesOfFreedom: 6)
    private var uniforms: [Double]

    private static let firstStepUniform = 16
    private static let levelDecays = MarketClock.decays(halfLife: 90)
    private static let newsDecay = MarketClock.hourlyDecay(halfLife: 4, night: 2)
    /// How fast shares follow the delayed part of credit news: three days on average.
    private static let lagDecays = MarketClock.weights.map { exp(-$0 / 3) }

    init() {
        uniforms = [Double](
            repeating: 0, count: Self.firstStepUniform + 2 * MarketClock.steps)
    }

    /// Moves an issuer through a day.
    mutating func advance(
        _ issuer: Issuer, _ state: inout IssuerState, notch: Int, changes: [RatingChange],
        context: DayContext
    ) {
        var draws = context.settings.draws(
            .issuerDay, entity: issuer.number, day: context.index)
        uniforms.withUnsafeMutableBufferPointer { draws.fillUniform($0) }
        let isInvestmentGrade = CreditModel.isInvestmentGrade(notch)

        activity = 0.35 - 0.65 / 3 * log(uniforms[0] * uniforms[1] * uniforms[2])
        state.flow = 0.8 * state.flow + 0.35 * normalQuantile(uniforms[3])
        let isJump = uniforms[4] < (isInvestmentGrade ? 1.0 / 60 : 1.0 / 35)
        let jumpStep = Int(uniforms[5] * Double(MarketClock.steps))
        var jump = 0.0
        jumpSecond = nil
        if isJump {
            let tail = abs(studentQuantile(uniforms[6], degreesOfFreedom: 4))
            jump =
                (isInvestmentGrade ? 0.04 : 0.045) * tail * (uniforms[7] < 0.55 ? 1.3 : 0.8)
                * (uniforms[8] < 0.58 ? 1 : -1)
            // The way to the next point of the grid begins a step earlier.
            jumpSecond = Double(max(0, jumpStep - 1)) * MarketClock.secondsPerStep
        }
        let announced = changes.contains { $0.day == context.index }
        let deviation = isInvestmentGrade ? 0.020 : 0.009
        let lag = context.settings.equityLag
        state.equityShock = 0
        var shift = 0.0
        var clock = 0.0
        for step in 0..<MarketClock.steps {
            let first = Self.firstStepUniform + 2 * step
            let scale =
                MarketClock.deviations[step] * context.market.volatility[step] / 1.5.squareRoot()
            var shock =
                deviation * scale * shocks.value(normal: normalQuantile(uniforms[first]))
            let isNews = (isJump && step == jumpStep) || (announced && step == 0)
            if isJump, step == jumpStep { shock += jump }
            state.factor = state.factor * Self.levelDecays[step] + shock
            state.curve +=
                0.009 * scale * shocks.value(normal: normalQuantile(uniforms[first + 1]))
            state.news *= step == 0 ? Self.newsDecay.night : Self.newsDecay.step
            if isNews { state.news = 1 }

            // Shares follow shocks alone: neither the return to the mean nor a change of rating, both
            // of which bond prices foretell.
            state.pendingShock += lag * shock
            let followed = state.pendingShock * (1 - Self.lagDecays[step])
            state.pendingShock -= followed
            state.equityShock += (1 - lag) * shock + followed

            if !changes.isEmpty {
                clock += MarketClock.weights[step]
                shift = changes.reduce(0) {
                    $0 + $1.shift(day: context.index, share: clock)
                }
            }
            level[step] = state.factor + shift
            curve[step] = state.curve
            news[step] = state.news
        }
        let bucket = CreditModel.bucket(notch)
        let market = context.market
        let last = MarketClock.steps - 1
        state.logSpread =
            CreditModel.logSpreads[issuer.notch] + Issuer.spreadDeviation * issuer.spreadOffset
            + CreditModel.marketLoadings[bucket] * market.credit[last]
            + CreditModel.highYieldLoadings[bucket] * market.highYield[last]
            + market.buckets[bucket][last]
            + CreditModel.sectorLoading(isInvestmentGrade) * market.sectors[issuer.sector][last]
            + level[last]
    }
}
