import Foundation

/// The constants of credit by rating.
///
/// All credit factors live in the logarithm of the spread, so that a shock scales with the level of
/// the spread: what a portfolio manager calls duration times spread.
enum CreditModel {
    static let sectorCount = 12
    static let bucketCount = 7
    /// The lowest notch that an issuer may have (CCC-).
    static let lowestNotch = 18

    /// The share of issuers by notch, from AAA down; they need not add up to one.
    static let notchWeights = [
        0.01, 0.01, 0.03, 0.04, 0.07, 0.09, 0.10, 0.11, 0.11, 0.08, 0.06, 0.06, 0.06, 0.05, 0.05,
        0.04, 0.02, 0.007, 0.003,
    ]
    /// The spread of a five-year bond by notch, in basis points.
    static let spreads: [Double] = [
        40, 46, 50, 56, 64, 72, 82, 98, 118, 150, 195, 230, 275, 330, 390, 480, 720, 950, 1300,
    ]
    static let logSpreads = spreads.map { log($0) }

    /// AAA, AA, A, BBB, BB, B, CCC.
    static func bucket(_ notch: Int) -> Int { (notch + 2) / 3 }
    static func isInvestmentGrade(_ notch: Int) -> Bool { notch < 10 }

    /// Loadings on the credit market and on high yield, by bucket.
    static let marketLoadings = [0.75, 0.80, 0.90, 1.0, 1.0, 1.0, 1.1]
    static let highYieldLoadings = [0, 0, 0, 0.15, 0.8, 1.0, 1.3]
    /// Daily deviations of the bucket's own factor.
    static let bucketDeviations = [0.003, 0.003, 0.003, 0.004, 0.005, 0.007, 0.010]

    static func sectorLoading(_ isInvestmentGrade: Bool) -> Double { isInvestmentGrade ? 1 : 0.7 }

    /// The loading of a bond on its issuer's curve factor, by years to maturity.
    static func curveLoading(_ years: Double) -> Double { log(min(max(years, 0.5), 30) / 5) }

    static let sectors = [
        "Banks", "Insurance", "Technology", "Communications", "Consumer Cyclical",
        "Consumer Staples", "Health Care", "Energy", "Utilities", "Materials", "Industrials",
        "Real Estate",
    ]
    static let industries = [
        ["Money Center Banks", "Regional Banks", "Consumer Finance"],
        ["Life Insurance", "Property and Casualty", "Reinsurance"],
        ["Software", "Semiconductors", "Hardware"],
        ["Cable", "Wireless", "Media"],
        ["Automotive", "Retail", "Lodging"],
        ["Food", "Beverages", "Household Products"],
        ["Pharmaceuticals", "Medical Devices", "Hospitals"],
        ["Exploration", "Pipelines", "Refining"],
        ["Electric Utilities", "Gas Utilities", "Independent Power"],
        ["Chemicals", "Metals", "Packaging"],
        ["Aerospace", "Transportation", "Machinery"],
        ["Office", "Residential", "Health Care Property"],
    ]
}
