import Bonds
import Foundation
import Simulation
import Tape
import Testing

/// Protects what makes a simulated market worth anything: the same bytes for a seed, and prices
/// that are drawn from the truth that is told.
@Suite struct MarketSimulatorTests {
    static func settings(
        bonds: Int = 120, days: Int = 4, seed: UInt64 = 1,
        _ change: (inout MarketSettings) -> Void = { _ in }
    ) -> MarketSettings {
        var settings = MarketSettings()
        settings.bonds = bonds
        settings.days = days
        settings.seed = seed
        change(&settings)
        return settings
    }

    static func days(_ settings: MarketSettings, threads: Int = 2) throws -> [SimulatedDay] {
        let market = try MarketSimulator(settings, threads: threads)
        var days: [SimulatedDay] = []
        while let day = market.nextDay() { days.append(day) }
        return days
    }

    private func expectEqual(_ first: [SimulatedDay], _ second: [SimulatedDay], _ why: String) {
        #expect(first.count == second.count, "\(why)")
        for (one, other) in zip(first, second) {
            #expect(one.date == other.date)
            #expect(one.trades == other.trades, "trades of \(one.date), \(why)")
            #expect(one.tables == other.tables, "tables of \(one.date), \(why)")
        }
    }

    // MARK: The same market

    @Test func doesNotDependOnThreads() throws {
        let settings = Self.settings { $0.quotes = true }
        let one = try Self.days(settings, threads: 1)
        for threads in [2, 3] {
            expectEqual(one, try Self.days(settings, threads: threads), "\(threads) threads")
        }
        #expect(one.allSatisfy { !$0.trades.isEmpty && !$0.tables.quotes.isEmpty })
    }

    @Test func seedsDiffer() throws {
        let first = try Self.days(Self.settings(days: 1))
        let second = try Self.days(Self.settings(days: 1, seed: 2))
        #expect(first[0].trades != second[0].trades)
    }

    /// Over a change of ratings and new issues, which are drawn ahead.
    @Test func longerMarketsBeginWithShorterOnes() throws {
        let short = try MarketSimulator(Self.settings(days: 8))
        let long = try MarketSimulator(Self.settings(days: 45))
        #expect(Array(long.bonds.prefix(short.bonds.count)) == short.bonds)
        #expect(long.bonds.count > short.bonds.count)
        #expect(Array(long.ratings.prefix(short.ratings.count)) == short.ratings)
        while let day = short.nextDay() {
            let other = try #require(long.nextDay())
            expectEqual([day], [other], "45 days against 8")
        }
    }

    /// Every extension has random numbers of its own: turning one off leaves other draws in place.
    @Test func switchesLeaveOtherDrawsInPlace() throws {
        let all = try Self.days(Self.settings(bonds: 400, days: 2))
        let plain = try Self.days(
            Self.settings(bonds: 400, days: 2) {
                $0.splits = false
                $0.portfolioTrades = false
                $0.treasuryNoise = false
            })
        let prices = Dictionary(
            uniqueKeysWithValues: plain[0].trades.map { ([$0.bond, $0.ordinal], $0) })
        var same = 0
        for trade in all[0].trades where trade.basket == nil && trade.pieces.isEmpty {
            if prices[[trade.bond, trade.ordinal]]?.quantity == trade.quantity { same += 1 }
        }
        #expect(Double(same) > 0.98 * Double(all[0].trades.count))
    }

    // MARK: The truth

    @Test func pricesComeFromTheTruth() throws {
        let market = try MarketSimulator(Self.settings(bonds: 660, days: 12, seed: 5))
        var check = MarketCheck(market)
        while let day = market.nextDay() { check.observe(day) }
        let report = check.report()
        #expect(report.trades > 20_000)
        #expect(report.calibrationError < 0.01)
        #expect(report.isUniform, "probability \(report.pitProbability)")
        #expect(report.calibration.count == 19)
    }

    /// The check must see a truth that is off by a tenth of a scale.
    @Test func aWrongTruthIsSeen() throws {
        let market = try MarketSimulator(Self.settings(bonds: 660, days: 8, seed: 5))
        var check = MarketCheck(market)
        while var day = market.nextDay() {
            for row in day.trades.indices {
                day.trades[row].truth.location += 0.1 * day.trades[row].truth.lowerScale
            }
            check.observe(day)
        }
        #expect(!check.report().isUniform)
    }

    @Test func aSmallMarketLooksLikeAMarket() throws {
        let market = try MarketSimulator(Self.settings(bonds: 660, days: 15, seed: 3))
        var check = MarketCheck(market)
        while let day = market.nextDay() { check.observe(day) }
        let report = check.report()
        // Statistics of the whole market vary in 15 days of few issuers; these do not.
        let steady = [
            "share of", "seconds to", "client sale", "autocorrelation", "oracle", "volatility",
        ]
        for row in report.statistics where steady.contains(where: row.statistic.hasPrefix) {
            let slack = 0.25 * abs(row.expected)
            #expect(row.found >= (row.lowest ?? -.infinity) - slack, "\(row)")
            #expect(row.found <= (row.highest ?? .infinity) + slack, "\(row)")
        }
        #expect(report.statistics.count > 35)
        #expect(report.description.contains("simulated market"))
    }

    // MARK: What a trade is

    @Test func tradesAreInOrderAndWithinTheDay() throws {
        for day in try Self.days(Self.settings(bonds: 300, days: 6)) {
            let open = EasternTime.nanoseconds(day.date, timeOfDay: 8 * 3_600_000_000_000)
            let close = open + 36_030_000_000_000
            var seconds: Set<[Int]> = []
            var last = Int64.min
            for trade in day.trades {
                #expect(trade.executionTime >= max(open, last) && trade.executionTime < close)
                last = trade.executionTime
                #expect(trade.reportTime > trade.executionTime || !trade.pieces.isEmpty)
                #expect(trade.executionTime % 1_000_000_000 == 0)
                #expect(trade.quantity >= 1_000 && trade.quantity <= 60e6)
                #expect(trade.price >= 0.5 && trade.dv01 > 0 && trade.latentSpread > 0)
                // One second of one bond is one trade.
                let key = [trade.bond, Int(trade.executionTime / 1_000_000_000)]
                #expect(seconds.insert(key).inserted)
            }
        }
    }

    /// 2025-03-07 08:00 is 13:00 UTC; on Monday it is 12:00.
    @Test func daysFollowDaylightSaving() throws {
        let start = try #require(CalendarDate("2025-03-07"))
        let days = try Self.days(Self.settings(bonds: 20, days: 2) { $0.start = start })
        #expect(days.map(\.date.description) == ["2025-03-07", "2025-03-10"])
        #expect(days[0].tables.treasuries[0].time == start.nanoseconds + 13 * 3_600_000_000_000)
        #expect(
            days[1].tables.treasuries[0].time == (start + 3).nanoseconds + 12 * 3_600_000_000_000)
    }

    @Test func pricesYieldsAndSpreadsBelongTogether() throws {
        let market = try MarketSimulator(Self.settings())
        let schedules = Dictionary(grouping: market.calls, by: \.cusip)
            .mapValues { CallSchedule($0.map(\.call)) }
        while let day = market.nextDay() {
            let settlement = Settlement.date(tradedOn: day.date)
            let curve = TreasuryTable(day.tables.treasuries)
            for trade in day.trades {
                let bond = market.bonds[trade.bond]
                let schedule = schedules[bond.cusip] ?? CallSchedule([])
                let worst = bond.terms.yieldToWorst(
                    cleanPrice: trade.price, settlement: settlement, calls: schedule)
                if let worst {
                    #expect(abs(worst.yield - trade.yield) < 1e-6)
                } else {
                    #expect(trade.yield.isNaN)
                }
                // The mid lies its spread above the curve, which the ticks give nearly.
                guard !bond.isCallable, trade.executionTime > day.tables.treasuries[0].time,
                    let flows = bond.terms.cashFlows(settlement: settlement),
                    let base = curve.interpolatedYield(
                        maturity: bond.terms.maturity, before: trade.executionTime)
                else { continue }
                let yield = flows.yield(cleanPrice: trade.mid)
                #expect(abs(100 * (yield - base) - trade.latentSpread) < 25)
                #expect(abs(flows.risk(yield: yield).dv01 - trade.dv01) < 1e-9)
            }
        }
    }

    @Test func splitTradesAddUp() throws {
        var splits = 0
        var differing = 0
        for day in try Self.days(Self.settings(bonds: 660, days: 6)) {
            for trade in day.trades where !trade.pieces.isEmpty {
                splits += 1
                let quantity = trade.pieces.reduce(0) { $0 + $1.quantity }
                let value = trade.pieces.reduce(0) { $0 + $1.quantity * $1.price }
                #expect(quantity == trade.quantity && trade.quantity > 500_000)
                #expect(abs(value / quantity - trade.price) < 1e-9)
                #expect((2...4).contains(trade.pieces.count))
                #expect(trade.pieces.map(\.reportTime).max() == trade.reportTime)
                if Set(trade.pieces.map(\.price)).count > 1 { differing += 1 }
            }
        }
        #expect(splits > 20 && differing > 2 && differing < splits / 2)
    }

    @Test func portfolioTradesAreOfOneSideAndMinute() throws {
        let days = try Self.days(Self.settings(bonds: 6_000, days: 2))
        let lines = days.flatMap(\.trades).filter { $0.basket != nil }
        let baskets = Dictionary(grouping: lines) { $0.basket ?? -1 }
        #expect(!baskets.isEmpty)
        for lines in baskets.values {
            #expect(Set(lines.map(\.side)).count == 1 && lines[0].side != .dealer)
            let times = lines.map(\.executionTime)
            #expect((times.max() ?? 0) - (times.min() ?? 0) < 120_000_000_000)
            #expect((10...200).contains(lines.count))
            #expect(Set(lines.map(\.bond)).count == lines.count)
        }
    }
}
