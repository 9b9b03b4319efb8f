import Bonds
import Foundation

/// The bond funds: what they hold and what they publish.
///
/// A fund holds its bonds in proportion to their amounts, no issuer above 3 %, chosen anew every 21
/// business days. Its market value follows the factors at once, as its price does; what its bonds'
/// mid prices lack of that is in `cash`. The net asset value counts bonds at the bid, half of the
/// half spread below mid: so it lies below what mid prices would give.
struct FundMarket {
    private struct Fund {
        let name: String
        let isInvestmentGrade: Bool
        let mostBonds: Int
        let shares: Double
        var holdings: [Holding] = []
    }

    private struct Holding {
        let bond: Int
        var weight: Double
        /// Dollars of par; 0 until it is bought, at the close.
        var par = 0.0
    }

    private var funds = [
        Fund(name: "LQD", isInvestmentGrade: true, mostBonds: 2_500, shares: 280e6),
        Fund(name: "HYG", isInvestmentGrade: false, mostBonds: 1_200, shares: 190e6),
        Fund(name: "JNK", isInvestmentGrade: false, mostBonds: 1_200, shares: 80e6),
    ]
    private static let rebalancingDays = 21
    private static let investedShare = 0.99
    private static let issuerCap = 0.03
    private static let leastYears = 5.0

    /// Chooses the holdings anew where it is time to.
    mutating func choose(
        day: Int, from bonds: [SimulatedBond], years: (SimulatedBond) -> Double, notches: [Int]
    ) {
        guard day % Self.rebalancingDays == 0 else { return }
        for index in funds.indices {
            let fund = funds[index]
            let eligible = bonds.filter { bond in
                CreditModel.isInvestmentGrade(notches[bond.issuer]) == fund.isInvestmentGrade
                    && bond.isTraded(
                        day: day,
                        years: years(bond)
                            - (fund.isInvestmentGrade
                                ? Self.leastYears : 1))
            }
            let largest = eligible.sorted { ($1.amount, $0.number) < ($0.amount, $1.number) }
                .prefix(fund.mostBonds)
            funds[index].holdings = Self.weighted(Array(largest))
        }
    }

    /// Weights in proportion to the amounts, each issuer's sum capped.
    private static func weighted(_ bonds: [SimulatedBond]) -> [Holding] {
        var sums: [Int: Double] = [:]
        for bond in bonds { sums[bond.issuer, default: 0] += bond.amount }
        let total = sums.values.sorted().reduce(0, +)
        // In a market of few issuers no cap of 3 % can hold.
        let cap = max(issuerCap, 2 / Double(max(1, sums.count))) * total
        return bonds.map { bond in
            let sum = sums[bond.issuer] ?? bond.amount
            return Holding(bond: bond.number, weight: bond.amount * min(1, cap / sum))
        }
    }

    /// Marks the bonds that any fund holds.
    func markHeld(_ isHeld: inout [Bool]) {
        for index in isHeld.indices { isHeld[index] = false }
        for fund in funds {
            for holding in fund.holdings { isHeld[holding.bond] = true }
        }
    }

    /// What the funds publish at the end of a day.
    mutating func publish(
        _ context: DayContext, closes: UnsafeMutablePointer<ClosingPrice>,
        cusip: (Int) -> String
    ) -> (holdings: [HoldingRow], funds: [FundRow]) {
        var holdings: [HoldingRow] = []
        var rows: [FundRow] = []
        for index in funds.indices {
            let fund = funds[index]
            let value = context.market.fundValues[index] * fund.shares
            // A bond in its last months has no price any more.
            let held = fund.holdings.filter { closes[$0.bond].mid.isFinite }
            guard !held.isEmpty else { continue }
            if context.index % Self.rebalancingDays == 0 {
                let worth = held.reduce(0) { $0 + $1.weight * closes[$1.bond].mid / 100 }
                let scale = Self.investedShare * value / worth
                for place in funds[index].holdings.indices {
                    let weight = funds[index].holdings[place].weight
                    funds[index].holdings[place].par = (weight * scale / 1_000).rounded() * 1_000
                }
            }
            var atMid = 0.0
            var discount = 0.0
            for holding in funds[index].holdings where closes[holding.bond].mid.isFinite {
                let close = closes[holding.bond]
                atMid += holding.par * close.mid / 100
                discount += holding.par * 0.5 * close.halfSpread / 100
                holdings.append(
                    HoldingRow(
                        date: context.date, etf: fund.name, cusip: cusip(holding.bond),
                        par: holding.par))
            }
            let cash = (value - atMid).rounded()
            rows.append(
                FundRow(
                    date: context.date, etf: fund.name, shares: fund.shares, cash: cash,
                    netAssetValue: ((atMid - discount + cash) / fund.shares * 1e4).rounded() / 1e4))
        }
        return (holdings, rows)
    }
}
