import Foundation
import Random

/// The market's factors over one day, on the grid.
struct MarketDay {
    var volatility = [Double](repeating: 0, count: MarketClock.steps)
    /// Level, slope and curvature of the Treasury curve, in percent.
    var level = [Double](repeating: 0, count: MarketClock.steps)
    var slope = [Double](repeating: 0, count: MarketClock.steps)
    var curvature = [Double](repeating: 0, count: MarketClock.steps)
    /// The credit market and high yield.
    var credit = [Double](repeating: 0, count: MarketClock.steps)
    var highYield = [Double](repeating: 0, count: MarketClock.steps)
    /// The tone of the market, which ETFs do not follow: investment grade and high yield.
    var tone = [[Double]](
        repeating: [Double](repeating: 0, count: MarketClock.steps), count: 2)
    var buckets = [[Double]](
        repeating: [Double](repeating: 0, count: MarketClock.steps),
        count: CreditModel.bucketCount)
    var sectors = [[Double]](
        repeating: [Double](repeating: 0, count: MarketClock.steps),
        count: CreditModel.sectorCount)
    /// The printed prices of ``symbols``.
    var prices = [[Double]](
        repeating: [Double](repeating: 0, count: MarketClock.steps), count: symbols.count)
    /// Standard normal noise of the printed Treasury yields, a tenor after the other.
    var treasuryNoise = [[Double]](
        repeating: [Double](repeating: 0, count: MarketClock.steps), count: 7)
    /// What the funds are worth at the close, a share: LQD, HYG, JNK.
    var fundValues = [0.0, 0, 0]
    /// The index's log return over the day.
    var indexReturn = 0.0

    static let symbols = ["LQD", "HYG", "JNK", "SPY", "QQQ"]
}

/// The latent state of the market, moved step by step.
///
/// Treasuries follow Nelson and Siegel's curve with a decay of half a year. Random walks have
/// Student t shocks of 6 degrees of freedom, scaled to variance one. ETFs follow the factors at
/// once, dealers do not: so ETFs lead bond prices.
struct MarketPath {
    private let settings: MarketSettings
    private let shocks = StudentTable(degreesOfFreedom: 6)

    private var v: Double
    private var level = 4.9
    private var slope = -0.7
    private var curvature = -1.4
    private var credit = 0.0
    private var highYield = 0.0
    private var tone = [0.0, 0.0]
    private var buckets = [Double](repeating: 0, count: CreditModel.bucketCount)
    private var sectors = [Double](repeating: 0, count: CreditModel.sectorCount)
    private var logSPY = log(580.0)
    private var logQQQ = log(510.0)
    private var investmentGradeFund = 110.0
    private var highYieldFund = 80.0
    private var premiums = [0.0, 0.0, 0.0]

    private static let volatilityDeviation = 0.22
    private static let premiumDeviations = [0.13, 0.22, 0.08]
    /// Uniforms set aside for a step, so that a further draw does not move the others.
    private static let uniformsPerStep = 48
    private static let volatilityDecays = MarketClock.decays(halfLife: 8)
    private static let creditDecays = MarketClock.decays(halfLife: 60)
    private static let premiumDecays = MarketClock.decays(halfLife: 4)
    private static let toneDecay = MarketClock.hourlyDecay(halfLife: 1, night: 6)

    init(_ settings: MarketSettings) {
        self.settings = settings
        var draws = settings.draws(.market, entity: 0)
        v = Self.volatilityDeviation * draws.normal()
        for fund in premiums.indices {
            premiums[fund] = Self.premiumDeviations[fund] * draws.normal()
        }
    }

    /// Moves through a day.
    mutating func advance(day index: Int) -> MarketDay {
        var day = MarketDay()
        var normals = [Double](
            repeating: 0, count: MarketClock.steps * Self.uniformsPerStep)
        var draws = settings.draws(.market, entity: 0, day: index)
        normals.withUnsafeMutableBufferPointer { draws.fillNormal($0) }
        let startSPY = logSPY
        for step in 0..<MarketClock.steps {
            let first = step * Self.uniformsPerStep
            advance(step, normals[first..<first + Self.uniformsPerStep], &day)
        }
        day.indexReturn = logSPY - startSPY
        day.fundValues = [
            investmentGradeFund, highYieldFund, highYieldFund + premiums[2],
        ]
        return day
    }

    private mutating func advance(
        _ step: Int, _ normals: ArraySlice<Double>, _ day: inout MarketDay
    ) {
        var next = normals.startIndex
        func normal() -> Double {
            defer { next += 1 }
            return normals[next]
        }
        func decayed(_ value: Double, _ deviation: Double, _ decay: Double) -> Double {
            value * decay + deviation * (1 - decay * decay).squareRoot() * normal()
        }
        v = decayed(v, Self.volatilityDeviation, Self.volatilityDecays[step])
        let volatility =
            0.80 * exp(v - 0.5 * Self.volatilityDeviation * Self.volatilityDeviation)
        let scale = MarketClock.deviations[step] * volatility / 1.5.squareRoot()
        let shocks = shocks
        func walk(_ deviation: Double) -> Double {
            deviation * scale * shocks.value(normal: normal())
        }

        let curveBefore = (yield(years: 10), yield(years: 3))
        level += walk(0.062)
        slope += walk(0.035)
        curvature += walk(0.060)
        let spreadsBefore = fundSpreads()
        let creditShock = walk(0.016)
        credit = credit * Self.creditDecays[step] + creditShock
        highYield = highYield * Self.creditDecays[step] + walk(0.008)
        let toneDecay = step == 0 ? Self.toneDecay.night : Self.toneDecay.step
        for grade in tone.indices {
            tone[grade] = decayed(tone[grade], 0.010 * volatility, toneDecay)
        }
        for bucket in buckets.indices {
            buckets[bucket] += walk(CreditModel.bucketDeviations[bucket])
        }
        for sector in sectors.indices {
            sectors[sector] = sectors[sector] * Self.creditDecays[step] + walk(0.010)
        }
        // Shares follow the shocks of credit, not its return to the mean, which bond prices foretell.
        let index = 0.8 * walk(0.008) - 0.35 * creditShock
        logSPY += index
        logQQQ += 1.2 * index + walk(0.004)
        for fund in premiums.indices {
            premiums[fund] = decayed(
                premiums[fund], Self.premiumDeviations[fund], Self.premiumDecays[step])
        }

        let spreads = fundSpreads()
        investmentGradeFund -=
            8.3 * (yield(years: 10) - curveBefore.0 + spreads.0 - spreadsBefore.0)
        highYieldFund -= 3.3 * (yield(years: 3) - curveBefore.1 + spreads.1 - spreadsBefore.1)

        day.volatility[step] = volatility
        (day.level[step], day.slope[step], day.curvature[step]) = (level, slope, curvature)
        (day.credit[step], day.highYield[step]) = (credit, highYield)
        for grade in tone.indices { day.tone[grade][step] = tone[grade] }
        for bucket in buckets.indices { day.buckets[bucket][step] = buckets[bucket] }
        for sector in sectors.indices { day.sectors[sector][step] = sectors[sector] }
        let highYieldPrint = highYieldFund + premiums[1]
        day.prices[0][step] = investmentGradeFund + premiums[0] + 0.010 * normal()
        day.prices[1][step] = highYieldPrint + 0.015 * normal()
        day.prices[2][step] = highYieldPrint + premiums[2] + 0.015 * normal()
        day.prices[3][step] = exp(logSPY)
        day.prices[4][step] = exp(logQQQ)
        for tenor in day.treasuryNoise.indices { day.treasuryNoise[tenor][step] = normal() }
    }

    /// The curve's yield in percent.
    private func yield(years: Double) -> Double {
        let loadings = CurveLoadings(years: years)
        return level + slope * loadings.slope + curvature * loadings.curvature
    }

    /// The funds' spreads in percent: investment grade and high yield.
    private func fundSpreads() -> (Double, Double) {
        let sector = sectors.reduce(0, +) / Double(sectors.count)
        let ratings =
            0.02 * buckets[0] + 0.10 * buckets[1] + 0.42 * buckets[2] + 0.46 * buckets[3]
        let lowRatings = 0.5 * buckets[4] + 0.4 * buckets[5] + 0.1 * buckets[6]
        return (
            1.05 * exp(0.93 * credit + 0.07 * highYield + ratings + sector),
            3.30 * exp(credit + 0.93 * highYield + lowRatings + sector)
        )
    }
}

/// What a maturity takes of slope and curvature of a Nelson-Siegel curve.
struct CurveLoadings {
    let slope: Double
    let curvature: Double

    init(years: Double) {
        let decay = exp(-years / 2)
        slope = years < 1e-6 ? 1 : (1 - decay) / (years / 2)
        curvature = slope - decay
    }

    /// The curve's yield in percent at a step of the grid and the share of the way to the next.
    @inline(__always)
    func yield(_ day: MarketDay, _ step: Int, _ share: Double) -> Double {
        interpolated(day.level, step, share) + slope * interpolated(day.slope, step, share)
            + curvature * interpolated(day.curvature, step, share)
    }
}

/// The value between two points of the grid.
@inline(__always)
func interpolated(_ values: [Double], _ step: Int, _ share: Double) -> Double {
    share == 0 ? values[step] : values[step] + share * (values[step + 1] - values[step])
}
