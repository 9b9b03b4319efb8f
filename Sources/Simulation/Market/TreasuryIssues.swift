import Bonds
import Foundation

/// Which Treasuries are on the run: a new issue of 2, 5 and 7 years at the end of every month, of 3
/// years in the middle of every month, of 10, 20 and 30 years in the middle of every quarter's
/// second month.
struct TreasuryIssues {
    private struct Issue {
        var dated: CalendarDate
        var coupon: Double
        var number: Int
    }

    private var issues: [Issue?] = TreasuryRow.tenors.map { _ in nil }
    private var count = 0

    /// The ticks of a day.
    mutating func rows(
        date: CalendarDate, opening: Int64, market: MarketDay, hasNoise: Bool
    ) -> [TreasuryRow] {
        var rows: [TreasuryRow] = []
        rows.reserveCapacity(TreasuryRow.tenors.count * MarketClock.steps)
        let loadings = TreasuryRow.tenors.map { CurveLoadings(years: Double($0)) }
        for (index, tenor) in TreasuryRow.tenors.enumerated() {
            roll(index, tenor: tenor, date: date, yield: loadings[index].yield(market, 0, 0))
        }
        for step in 0..<MarketClock.steps {
            let time =
                opening + Int64(step) * Int64(MarketClock.secondsPerStep) * MarketClock.second
            for (index, tenor) in TreasuryRow.tenors.enumerated() {
                guard let issue = issues[index] else { continue }
                let noise = hasNoise ? 0.001 * market.treasuryNoise[index][step] : 0
                let yield = loadings[index].yield(market, step, 0) + noise
                rows.append(
                    TreasuryRow(
                        time: time, tenor: tenor,
                        cusip: SyntheticIdentifiers.treasury(issue.number), coupon: issue.coupon,
                        maturity: issue.dated.adding(months: 12 * tenor),
                        yieldMid: (yield * 1e5).rounded() / 1e5))
            }
        }
        return rows
    }

    /// Replaces the issue of a tenor where a newer one has come; its coupon is the yield of that day,
    /// rounded down to an eighth.
    private mutating func roll(_ index: Int, tenor: Int, date: CalendarDate, yield: Double) {
        let dated = Self.lastIssue(tenor: tenor, date: date)
        guard issues[index]?.dated != dated else { return }
        issues[index] = Issue(
            dated: dated, coupon: max(0.125, (yield * 8).rounded(.down) / 8), number: count)
        count += 1
    }

    private static func lastIssue(tenor: Int, date: CalendarDate) -> CalendarDate {
        let (_, month, day) = date.components
        let first = date + (1 - day)
        switch tenor {
        case 2, 5, 7: return first + -1
        case 3: return day >= 15 ? first + 14 : first.adding(months: -1) + 14
        default:
            // February, May, August, November.
            let back = (month + 1) % 3
            let wait = back == 0 && day < 15 ? 3 : back
            return first.adding(months: -wait) + 14
        }
    }
}
