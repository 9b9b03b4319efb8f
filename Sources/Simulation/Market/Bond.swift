import Bonds
import Foundation
import Random

/// What never changes of a simulated bond.
struct SimulatedBond: Sendable {
    let number: Int
    let issuer: Int
    /// The day on which it is issued; -1 where that was before the market began.
    let issueDay: Int
    let terms: BondTerms
    let datedDate: CalendarDate
    /// Dollars of par.
    let amount: Double
    /// How easily it trades, about -2.5 to 2.5.
    let liquidity: Double
    /// Trades a day that are nobody's follow-up, before the issuer's and the day's moods.
    let activity: Double
    /// The log spread that it returns to.
    let baseLogSpread: Double
    /// Where its price is held back by the call; nil where it cannot be called.
    let callPrice: Double?
    let calls: [CallSchedule.Call]
    let isRule144A: Bool
    let isSecured: Bool
    let idiosyncraticStart: Double
    let degreesOfFreedom: Double
    /// `exp(-0.25 l)`, `exp(-0.3 l)` and `exp(-0.4 l)` of the liquidity `l`.
    let costScale: Double
    let impactScale: Double
    let blockScale: Double
    /// What share of news its dealers take in: over a night and five minutes; of the issuer, sector
    /// and rating, and of the market as a whole.
    let adoption: (night: Double, step: Double)
    let marketAdoption: (night: Double, step: Double)

    /// Draws a bond.
    /// - Parameter issue: where it is new, the day and date of issue and the yield of its curve then.
    init(
        number: Int, issuer: Issuer, notch: Int, start: CalendarDate, issue: (Int, CalendarDate)?,
        settings: MarketSettings
    ) throws(BondTermsError) {
        var draws = settings.draws(.bondStatic, entity: number)
        let isInvestmentGrade = CreditModel.isInvestmentGrade(notch)
        self.number = number
        self.issuer = issuer.number
        issueDay = issue?.0 ?? -1

        let terms: [(years: Double, weight: Double)] =
            isInvestmentGrade
            ? [(3, 0.12), (5, 0.25), (7, 0.12), (10, 0.31), (30, 0.20)]
            : [(5, 0.20), (7, 0.30), (8, 0.35), (10, 0.15)]
        let original = terms[Issuer.choice(terms.map(\.weight), draws.uniform())].years
        let drawnAge = min(original * pow(draws.uniform(), 1.1), original - 1.2)
        let amount =
            (isInvestmentGrade ? 700 : 500)
            * exp(0.5 * draws.normal() + 0.35 * issuer.sizeOffset)
        let millions = min(max((amount / 50).rounded() * 50, 150), 6000)
        self.amount = millions * 1e6
        let coupon: Double
        let datedDate: CalendarDate
        if let (_, date) = issue {
            datedDate = date
            // A new bond comes near par: about what the curve and its rating ask.
            let fair = 4.4 + 0.01 * CreditModel.spreads[notch]
            coupon = fair + 0.25 * draws.normal()
        } else {
            let maturity = start + Int((original - drawnAge) * 365.25)
            datedDate = Self.midMonth(maturity).adding(months: -12 * Int(original))
            coupon =
                4.2 + 0.008 * CreditModel.spreads[notch] - 0.22 * drawnAge + 0.8 * draws.normal()
        }
        self.datedDate = datedDate
        let maturity = datedDate.adding(months: 12 * Int(original))
        let rounded = (min(max(coupon, 1), 14) * 8).rounded() / 8
        self.terms = try BondTerms(coupon: rounded, datedDate: datedDate, maturity: maturity)

        let age = issue == nil ? YieldCurve.years(from: datedDate, to: start) : 0
        let years = YieldCurve.years(from: issue?.1 ?? start, to: maturity)
        liquidity = min(
            max(
                0.75 * log(millions / 600) - 0.62 * log(1 + max(age, 0)) + 0.74
                    + 0.55 * draws.normal(), -2.5), 2.5)
        activity = min(120, 2.1 * exp(1.05 * liquidity + 0.85 * draws.normal() - 0.36))
        baseLogSpread =
            CreditModel.logSpreads[issuer.notch]
            + (isInvestmentGrade ? 0.28 : 0.10) * CreditModel.curveLoading(years)
            + Issuer.spreadDeviation * issuer.spreadOffset + 0.08 * draws.normal()

        let isCallable = draws.uniform() < 0.7 && !isInvestmentGrade
        callPrice = isCallable ? 101 + 0.1 * rounded : nil
        isRule144A = draws.uniform() < (isInvestmentGrade ? 0.10 : 0.45)
        isSecured = draws.uniform() < 0.15 && !isInvestmentGrade
        idiosyncraticStart = draws.normal()
        calls = Self.calls(at: callPrice, dated: datedDate, years: Int(original))

        degreesOfFreedom = 3 + 3 / (1 + exp(-liquidity))
        costScale = exp(-0.25 * liquidity)
        impactScale = exp(-0.3 * liquidity)
        blockScale = exp(-0.4 * liquidity)
        let halfLife = exp(-0.9 * liquidity)
        adoption = Self.adoption(halfLife: halfLife)
        marketAdoption = Self.adoption(halfLife: 0.3 * halfLife)
    }

    private static func adoption(halfLife: Double) -> (night: Double, step: Double) {
        let decay = MarketClock.hourlyDecay(halfLife: halfLife, night: 2)
        return (1 - decay.night, 1 - decay.step)
    }

    private static func midMonth(_ date: CalendarDate) -> CalendarDate {
        date + (15 - date.day)
    }

    /// Callable after two fifths of its life, then every year, always at the same price.
    private static func calls(
        at price: Double?, dated: CalendarDate, years: Int
    ) -> [CallSchedule.Call] {
        guard let price else { return [] }
        return ((2 * years + 4) / 5..<years).map {
            CallSchedule.Call(date: dated.adding(months: 12 * $0), price: price)
        }
    }

    /// Whether it trades on a day: not before its issue, nor in the last quarter of its life.
    func isTraded(day: Int, years: Double) -> Bool { issueDay <= day && years >= 0.25 }
}

/// What changes of a bond from step to step: how much of each factor its dealers have taken in.
struct BondState: Sendable {
    var credit = 0.0
    var highYield = 0.0
    var bucket = 0.0
    var sector = 0.0
    var issuer = 0.0
    var curve = 0.0
    var idiosyncratic = 0.0
    /// What clients' trades have done to its spread.
    var impact = 0.0
    /// Whether the state is that of a bond that exists.
    var isBorn = false
}
