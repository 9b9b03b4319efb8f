import Bonds
import Foundation
import Random
import Tape

/// A line of a portfolio trade.
struct BasketLine: Sendable {
    /// Unique in the market.
    let basket: Int
    let bond: Int
    let second: Int
    let side: Trade.Side
    /// Dollars of par.
    let quantity: Double
    /// By how much its spread lies above what the bonds alone would have, in basis points.
    let shift: Double
}

/// Portfolios of 20 to 200 bonds that change hands at once.
///
/// There are eight a day in a market of 22,000 bonds, and as many a bond in others, so that their
/// share of trades is the same.
enum PortfolioTrades {
    private static let basketsPerBond = 8.0 / 22_000
    static let mostPerDay = 10_000

    /// Draws a day's portfolio trades, by issuer.
    /// - Parameter candidates: The bonds that may be traded.
    static func lines(
        day: Int, candidates: [SimulatedBond], notches: [Int], population: Population,
        settings: MarketSettings
    ) -> [Int: [BasketLine]] {
        var lines: [Int: [BasketLine]] = [:]
        var draws = settings.draws(.baskets, entity: 0, day: day)
        let count = draws.poisson(mean: basketsPerBond * Double(candidates.count))
        for number in 0..<min(count, mostPerDay) {
            var draws = settings.draws(.baskets, entity: number + 1, day: day)
            let second =
                Int(
                    MarketClock.arrival(share: draws.uniform()).rounded(.down) / 60) * 60
            let side: Trade.Side = draws.uniform() < 0.5 ? .bid : .offer
            let shift = 0.8 * draws.normal()
            let wanted = 20 + Int(draws.uniform() * 181)
            let theme = draws.uniform()
            let pick = draws.uniform()
            let leader = candidates[Int(pick * Double(candidates.count))]
            var pool = candidates
            if theme < 0.35 {
                let sector = population.issuers[leader.issuer].sector
                pool = candidates.filter { population.issuers[$0.issuer].sector == sector }
            } else if theme < 0.70 {
                let bucket = CreditModel.bucket(notches[leader.issuer])
                pool = candidates.filter { CreditModel.bucket(notches[$0.issuer]) == bucket }
            }
            for place in 0..<min(wanted, pool.count / 2) {
                let last = pool.count - place
                pool.swapAt(place, place + Int(draws.uniform() * Double(last)))
                let bond = pool[place]
                let quantity = TradeModel.rounded(quantity: 200_000 * exp(0.8 * draws.normal()))
                lines[bond.issuer, default: []].append(
                    BasketLine(
                        basket: day * mostPerDay + number, bond: bond.number,
                        second: min(second + Int(60 * draws.uniform()), 35_999), side: side,
                        quantity: quantity, shift: shift))
            }
        }
        return lines
    }
}
