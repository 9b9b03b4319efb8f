import Foundation
import Random

/// What never changes of an issuer.
struct Issuer: Sendable {
    let number: Int
    /// The rating on the first day.
    let notch: Int
    let sector: Int
    let industry: Int
    /// How many bonds it has on the first day.
    let bondCount: Int
    /// Standard normal: how large its issues are, and how wide its spreads.
    let sizeOffset: Double
    let spreadOffset: Double
    let isListed: Bool
    /// Whether credit default swaps are quoted on it.
    let hasSwap: Bool
    let equityBeta: Double
    /// Against that of a typical share.
    let equityVolatility: Double
    let capitalization: Double
    let equityPrice: Double
    /// Days before the first of its earnings.
    let earningsPhase: Int

    var name: String {
        let digits = String(number + 1)
        return "Issuer " + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// The deviation of the issuers' log spreads within a rating.
    static let spreadDeviation = 0.18
    static let earningsDays = 63

    /// Draws an issuer.
    init(number: Int, settings: MarketSettings) {
        var draws = settings.draws(.issuerStatic, entity: number)
        self.number = number
        notch = Self.choice(CreditModel.notchWeights, draws.uniform())
        sector = Int(draws.uniform() * Double(CreditModel.sectorCount))
        bondCount = Int(min(max(exp(1.45 + draws.normal()).rounded(), 1), 60))
        sizeOffset = draws.normal()
        spreadOffset = draws.normal()
        equityBeta = 0.7 + 0.7 * draws.uniform()
        industry = Int(draws.uniform() * Double(CreditModel.industries[0].count))
        isListed = draws.uniform() < 0.8
        hasSwap = draws.uniform() < 0.4
        equityVolatility = exp(0.3 * draws.normal())
        capitalization = exp(draws.normal())
        equityPrice = 50 * exp(0.6 * draws.normal())
        earningsPhase = Int(draws.uniform() * Double(Self.earningsDays))
    }

    /// The index that a uniform number picks by weights.
    static func choice(_ weights: [Double], _ uniform: Double) -> Int {
        var rest = uniform * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            if rest < weight { return index }
            rest -= weight
        }
        return weights.count - 1
    }
}

/// What changes of an issuer from day to day.
struct IssuerState: Sendable {
    /// The issuer's own credit, and how it differs between long and short bonds; log spread.
    var factor = 0.0
    var curve = 0.0
    var news = 0.0
    /// What clients' trades have done to the spreads of all its bonds.
    var impact = 0.0
    /// Whether clients rather buy (positive) or sell.
    var flow = 0.0
    /// Credit shocks that the equity has not followed yet.
    var pendingShock = 0.0
    /// What the equity follows of today's shocks.
    var equityShock = 0.0
    var equityLogPrice = 0.0
    /// The log spread of five years at the close.
    var logSpread = 0.0
    var swapNoise = 0.0
}
