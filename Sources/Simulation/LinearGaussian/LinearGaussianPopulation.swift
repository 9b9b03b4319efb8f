import Bonds
import Foundation
import Random

/// The bonds of the linear Gaussian market.
struct LinearGaussianPopulation {
    private(set) var bonds: [BondRow] = []
    /// The number of each bond's issuer.
    private(set) var issuers: [Int] = []
    private(set) var notches: [Int] = []
    /// ln(years / 5) at the start.
    private(set) var curveLoadings: [Double] = []
    /// What a bond's first log spread is drawn around.
    private(set) var priors: [Double] = []
    private(set) var tradesPerDay: [Double] = []
    private(set) var issuerCount = 0

    private static let sectors = [
        "Energy", "Materials", "Industrials", "Financials", "Health Care", "Technology",
        "Utilities", "Real Estate",
    ]

    init(count: Int, start: CalendarDate, random: RandomStream) {
        while bonds.count < count {
            var draws = random.stream(issuerCount)
            let size = min(
                count - bonds.count, max(1, min(40, Int(exp(1.4 + 0.9 * draws.normal())))))
            let notch =
                draws.uniform() < 0.75 ? 3 + draws.integer(below: 7) : 10 + draws.integer(below: 6)
            let sector = Self.sectors[draws.integer(below: Self.sectors.count)]
            for issue in 0..<size {
                add(issue: issue, notch: notch, sector: sector, start: start, &draws)
            }
            issuerCount += 1
        }
    }

    private mutating func add(
        issue: Int, notch: Int, sector: String, start: CalendarDate, _ draws: inout RandomStream
    ) {
        let years = 1.5 + 28 * pow(draws.uniform(), 2)
        let maturity = start + Int(years * 365.25)
        let dated = start + (-30 - draws.integer(below: 1500))
        let logSpread = log(60) + 0.17 * Double(notch) - 0.1 * (notch < 10 ? 1 : 0)
        let loading = log(min(max(years, 0.5), 30) / 5)
        let coupon = ((3 + exp(logSpread) / 100 + 0.5 * draws.normal()) * 8).rounded() / 8
        let amount = min(max((10 * exp(0.5 * draws.normal())).rounded(), 3), 60) * 5e7
        let number = bonds.count
        guard
            let terms = try? BondTerms(
                coupon: max(0.125, coupon), datedDate: dated, maturity: maturity)
        else { return }
        let cusip = SyntheticIdentifiers.cusip(issuer: issuerCount, issue: issue)
        bonds.append(
            BondRow(
                cusip: cusip, figi: SyntheticIdentifiers.figi(number),
                isin: Identifiers.isin(cusip: cusip) ?? "", issuer: "Issuer \(issuerCount)",
                sector: sector, industry: sector, terms: terms, offeringAmount: amount,
                amountOutstanding: amount, seniority: "senior unsecured"))
        issuers.append(issuerCount)
        notches.append(notch)
        curveLoadings.append(loading)
        priors.append(logSpread + 0.2 * loading)
        tradesPerDay.append(min(60, 2.5 * exp(0.8 * draws.normal())))
    }

    /// One rating an issuer, for good.
    func ratings(from date: CalendarDate) -> [RatingRow] {
        var rated: Set<String> = []
        return bonds.indices.compactMap { bond in
            rated.insert(bonds[bond].issuer).inserted
                ? RatingRow(
                    issuer: bonds[bond].issuer, cusip: "", date: date, agency: "S&P",
                    rating: CreditRating(notch: notches[bond]))
                : nil
        }
    }
}
