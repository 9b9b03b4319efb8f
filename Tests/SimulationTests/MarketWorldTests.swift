import Bonds
import Foundation
import Simulation
import Testing

/// Protects what the market is made of besides trades: names, events, funds, shares.
@Suite struct MarketWorldTests {
    @Test func identifiersAreValidAndUnique() throws {
        let market = try MarketSimulator(MarketSimulatorTests.settings(bonds: 2_000, days: 40))
        #expect(market.bonds.allSatisfy { $0.doubtfulIdentifiers.isEmpty })
        #expect(market.bonds.allSatisfy { $0.cusip.hasPrefix("99") && !$0.figi.isEmpty })
        #expect(Set(market.bonds.map(\.cusip)).count == market.bonds.count)
        #expect(Set(market.bonds.map(\.figi)).count == market.bonds.count)
        #expect(Set(market.entities.map(\.cusip)) == Set(market.bonds.map(\.cusip)))
        #expect(
            Set(market.calls.map(\.cusip))
                == Set(
                    market.bonds.filter(\.isCallable).map(\.cusip)))
        let day = try #require(market.nextDay())
        #expect(day.tables.treasuries.allSatisfy { Identifiers.isValidCUSIP($0.cusip) })
    }

    @Test func newIssuesTradeFromTheirDayOn() throws {
        let market = try MarketSimulator(MarketSimulatorTests.settings(bonds: 660, days: 30))
        let new = (0..<market.bonds.count).filter { market.issueDay(bond: $0) != nil }
        #expect(!new.isEmpty && new.allSatisfy { $0 >= 660 })
        var primary = 0
        while let day = market.nextDay() {
            for trade in day.trades {
                let issued = market.issueDay(bond: trade.bond) ?? -1
                #expect(issued <= day.index)
                #expect(trade.isPrimaryMarket == (issued == day.index))
                if trade.isPrimaryMarket { primary += 1 }
                // A new bond comes near par.
                if issued >= 0 { #expect((80...120).contains(trade.mid)) }
            }
        }
        #expect(primary > 20)
    }

    @Test func ratingsChangeOnTheirDay() throws {
        let market = try MarketSimulator(MarketSimulatorTests.settings(bonds: 3_000, days: 60))
        let changes = market.ratings.filter { $0.date >= market.dates[0] }
        #expect(changes.count > 2)
        let table = RatingTable(market.ratings)
        for day in [0, 20, 59] {
            for bond in stride(from: 0, to: 3_000, by: 97) {
                let row = market.bonds[bond]
                let told = table.rating(
                    cusip: row.cusip, issuer: row.issuer, asOf: market.dates[day])
                #expect(told == market.rating(bond: bond, day: day))
            }
        }
        let calm = try MarketSimulator(
            MarketSimulatorTests.settings(bonds: 3_000, days: 60) { $0.ratingMigrations = false })
        #expect(calm.ratings.allSatisfy { $0.date < calm.dates[0] })
    }

    /// The published value is that of the holdings at the bid and the cash, and below the fund's
    /// price on average, premiums aside.
    @Test func fundsAddUp() throws {
        let days = try MarketSimulatorTests.days(MarketSimulatorTests.settings(bonds: 660, days: 3))
        for day in days {
            #expect(day.tables.funds.map(\.etf) == ["LQD", "HYG", "JNK"])
            for fund in day.tables.funds {
                let held = day.tables.holdings.filter { $0.etf == fund.etf }
                let par = held.reduce(0) { $0 + $1.par }
                #expect(par > 0.9 * fund.shares * fund.netAssetValue)
                #expect(abs(fund.cash) < 0.2 * fund.shares * fund.netAssetValue)
                #expect((60...140).contains(fund.netAssetValue))
            }
        }
    }

    /// The slope of a share's return, less its sector's, on its bonds' spread change of the day
    /// before, in standard errors.
    private func foresight(lag: Double) throws -> Double {
        let market = try MarketSimulator(
            MarketSimulatorTests.settings(bonds: 1_200, days: 60, seed: 11) { $0.equityLag = lag })
        let ticker = Dictionary(
            market.entities.map { ($0.cusip, $0.ticker) }, uniquingKeysWith: { first, _ in first })
        var spreads: [String: [Double]] = [:]
        var closes: [String: [Double]] = [:]
        var sectors: [String: [Double]] = [:]
        var before: [Int: Double] = [:]
        while let day = market.nextDay() {
            var today: [Int: Double] = [:]
            for trade in day.trades { today[trade.bond] = log(trade.latentSpread) }
            // By share, the mean change over its bonds that traded on both days.
            var sums: [String: (Double, Double)] = [:]
            for (bond, spread) in today.sorted(by: { $0.key < $1.key }) {
                guard let last = before[bond] else { continue }
                let name = ticker[market.bonds[bond].cusip] ?? ""
                let sum = sums[name] ?? (0, 0)
                sums[name] = (sum.0 + spread - last, sum.1 + 1)
            }
            before = today
            // What all share is the market's, which shares follow at once.
            let changes = sums.values.map { $0.0 / $0.1 }.sorted()
            let common = changes.reduce(0, +) / Double(max(1, changes.count))
            for row in day.tables.equities {
                let sum = sums[row.ticker] ?? (0, 0)
                spreads[row.ticker, default: []].append(sum.0 / sum.1 - common)
                closes[row.ticker, default: []].append(log(row.close))
                sectors[row.ticker, default: []].append(log(row.sectorIndexClose))
            }
        }
        var (xx, xy, yy, count) = (0.0, 0.0, 0.0, 0.0)
        for (name, spread) in spreads {
            let close = closes[name] ?? []
            let sector = sectors[name] ?? []
            for day in 1..<spread.count - 1 {
                let x = min(max(spread[day], -0.1), 0.1)
                let y = close[day + 1] - close[day] - sector[day + 1] + sector[day]
                guard x.isFinite else { continue }
                (xx, xy, yy, count) = (xx + x * x, xy + x * y, yy + y * y, count + 1)
            }
        }
        let slope = xy / xx
        return slope / ((yy - slope * xy) / (count - 1) / xx).squareRoot()
    }

    /// With a lag bond prices foretell equities; without one, in the null world, nothing does.
    @Test func bondsForetellEquitiesOnlyWithALag() throws {
        #expect(try abs(foresight(lag: 0)) < 2.5)
        #expect(try foresight(lag: 1) < -2.5)
    }

    @Test(arguments: [
        ("bonds", MarketSimulatorTests.settings(bonds: 5)),
        ("days", MarketSimulatorTests.settings(days: 0)),
        ("equity lag", MarketSimulatorTests.settings { $0.equityLag = -0.1 }),
        ("equity lag", MarketSimulatorTests.settings { $0.equityLag = .nan }),
        ("start", MarketSimulatorTests.settings { $0.start = CalendarDate(dayNumber: 0) }),
    ])
    func badSettingsAreNamed(name: String, settings: MarketSettings) {
        #expect {
            try MarketSimulator(settings)
        } throws: { error in
            "\(error)".hasPrefix(name + ": expected")
        }
    }
}
