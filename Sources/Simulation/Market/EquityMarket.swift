import Bonds
import Foundation
import Random

/// Shares and credit default swaps of the issuers that have them.
///
/// A share follows the index, its sector, and its issuer's credit: it falls by 35 % (55 % of high
/// yield) of what the log spread rises. The sectors' indices weigh returns by capitalization. Closes
/// are those of 18:00, so that no bond trade of a day comes after them.
struct EquityMarket {
    private let issuers: [Issuer]
    private let settings: MarketSettings
    private var sectorLogs = [Double](repeating: log(100.0), count: CreditModel.sectorCount)

    private static let sectorDeviation = 0.006
    private static let ownDeviation = 0.014
    private static let earningsDeviation = 0.04
    private static let swapDeviation = 0.08
    private static let swapPrintDeviation = 0.01
    private static let swapDecay = exp2(-1.0 / 10)

    init(issuers: [Issuer], settings: MarketSettings) {
        self.issuers = issuers
        self.settings = settings
    }

    /// Moves the shares and swaps through a day that the issuers have been moved through.
    mutating func advance(
        _ context: DayContext, states: UnsafeMutablePointer<IssuerState>, events: IssuerEvents
    ) -> (equities: [EquityRow], swaps: [SwapRow]) {
        let volatility =
            context.market.volatility.reduce(0, +) / Double(context.market.volatility.count)
        var sectorReturns = sectorLogs.map { _ in 0.0 }
        for sector in sectorReturns.indices {
            // Behind the numbers of any issuer.
            var draws = settings.draws(
                .equity, entity: Int(UInt32.max) - sector, day: context.index)
            sectorReturns[sector] = Self.sectorDeviation * draws.normal()
        }
        var weighted = sectorLogs.map { _ in 0.0 }
        var weights = weighted
        for issuer in issuers where issuer.isListed {
            var draws = settings.draws(.equity, entity: issuer.number, day: context.index)
            let notch = events.notch(issuer, day: context.index)
            let own =
                Self.ownDeviation * volatility * issuer.equityVolatility
                * studentQuantile(draws.uniform(), degreesOfFreedom: 4) / 2.0.squareRoot()
            let earnings = Self.earningsDeviation * draws.normal()
            let isEarningsDay =
                (context.index + issuer.earningsPhase) % Issuer.earningsDays == 0
            let leverage = CreditModel.isInvestmentGrade(notch) ? 0.35 : 0.55
            let change =
                issuer.equityBeta * context.market.indexReturn + sectorReturns[issuer.sector]
                - leverage * states[issuer.number].equityShock + own
                + (isEarningsDay ? earnings : 0)
            states[issuer.number].equityLogPrice += change
            weighted[issuer.sector] += issuer.capitalization * change
            weights[issuer.sector] += issuer.capitalization
        }
        for sector in sectorLogs.indices where weights[sector] > 0 {
            sectorLogs[sector] += weighted[sector] / weights[sector]
        }
        return (equities(context, states), swaps(context, states))
    }

    private func equities(
        _ context: DayContext, _ states: UnsafeMutablePointer<IssuerState>
    ) -> [EquityRow] {
        issuers.filter(\.isListed).map { issuer in
            let close = issuer.equityPrice * exp(states[issuer.number].equityLogPrice)
            return EquityRow(
                date: context.date, ticker: SyntheticIdentifiers.ticker(issuer.number),
                close: Self.rounded(close, 1e4),
                sectorIndexClose: Self.rounded(exp(sectorLogs[issuer.sector]), 1e4))
        }
    }

    private func swaps(
        _ context: DayContext, _ states: UnsafeMutablePointer<IssuerState>
    ) -> [SwapRow] {
        issuers.filter { $0.isListed && $0.hasSwap }.map { issuer in
            var draws = settings.draws(.equity, entity: issuer.number, day: context.index)
                .at(block: 8)
            let decay = context.index == 0 ? 0 : Self.swapDecay
            states[issuer.number].swapNoise =
                decay * states[issuer.number].swapNoise
                + Self.swapDeviation * (1 - decay * decay).squareRoot() * draws.normal()
            let logSpread =
                states[issuer.number].logSpread + states[issuer.number].swapNoise
                + Self.swapPrintDeviation * draws.normal()
            return SwapRow(
                date: context.date, ticker: SyntheticIdentifiers.ticker(issuer.number), tenor: 5,
                spread: Self.rounded(exp(logSpread), 1e3))
        }
    }

    private static func rounded(_ value: Double, _ digits: Double) -> Double {
        (value * digits).rounded() / digits
    }
}
