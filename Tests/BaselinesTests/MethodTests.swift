import Baselines
import Bonds
import Files
import Foundation
import Quantiles
import Simulation
import Tape
import Testing

@Suite struct MethodTests {
    @Test("On a simulated market the truth beats the filter, that the evaluated price, and so on")
    func order() throws {
        let scratch = try MarketScratch(MarketSettings(bonds: 400, days: 24))
        func pinball(_ method: BaselineMethod) throws -> Double {
            let (summary, table) = try scratch.run(method) { $0.minimumQuantity = 150_000 }
            #expect(summary.isSimulatedMarket)
            #expect(summary.rows == table.rowCount)
            for row in 0..<table.rowCount {
                let tiles = Array(table.tiles(row: row))
                if tiles != tiles.sorted() { Issue.record("\(method) crosses in row \(row)") }
            }
            let quantities = try #require(table.column("quantity"))
            #expect((0..<table.rowCount).allSatisfy { Double(quantities[$0]) ?? 0 >= 150_000 })
            return table.meanPinball { Array(table.tiles(row: $0)) }
        }
        let kalman = try pinball(.kalman)
        let evaluated = try pinball(.evaluated)
        let last = try pinball(.lastTrade)
        let matrix = try pinball(.matrix)
        #expect(try pinball(.oracle) < kalman)
        #expect(kalman < 0.75 * evaluated)
        #expect(evaluated < last)
        #expect(last < matrix)
    }

    @Test(
        "No forecast changes when what became known later does", arguments: BaselineMethod.allCases)
    func pointInTime(method: BaselineMethod) throws {
        // The oracle looks at nothing but the truth.
        guard method != .oracle else { return }
        let scratch = try MarketScratch(
            MarketSettings(bonds: 40, days: 14, linearGaussian: true))
        let trades = try scratch.trades()
        let cut = trades.reportTimes[trades.count * 4 / 5]
        var changed = TradeTable()
        for row in 0..<trades.count {
            var trade = trades.trade(row)
            if trade.reportTime >= cut {
                trade.price *= 1.03
                trade.side = trade.side == .bid ? .offer : .bid
                trade.quantity *= 3
            }
            changed.append(trade)
        }
        let other = try scratch.copy(named: "changed", trades: changed)
        let trainTo = EasternTime.date(trades.executionTimes[trades.count / 2])
        let first = try scratch.run(method) { $0.trainTo = trainTo }.table
        let second = try scratch.run(method, market: other) { $0.trainTo = trainTo }.table
        #expect(first.rowCount == second.rowCount)
        let times = try #require(first.executionDate)
        var later = 0
        for row in 0..<first.rowCount {
            let isSame = first.tiles(row: row) == second.tiles(row: row)
            // The forecast of a changed trade knows its new side and size.
            if times[row] + 1_000_000_000 < cut {
                if !isSame { Issue.record("row \(row) of \(method) saw the future") }
            } else if !isSame {
                later += 1
            }
        }
        // The test has power.
        #expect(later > 20)
    }

    @Test("A print counts from its report to its withdrawal")
    func withdrawal() throws {
        let scratch = try MarketScratch(
            MarketSettings(bonds: 40, days: 10, linearGaussian: true))
        let trades = try scratch.trades()
        // Three trades of a bond on the last day: the first one is wrong, for a while.
        let day = EasternTime.date(trades.executionTimes[trades.count - 1])
        let rows = (0..<trades.count).filter {
            EasternTime.date(trades.executionTimes[$0]) == day
        }
        let bond = try #require(
            Dictionary(grouping: rows, by: { trades.bonds[$0] }).values
                .filter { $0.count >= 4 && trades.prices[$0[0]] > 70 }
                .min { $0[0] < $1[0] })
        var changed = TradeTable()
        for row in 0..<trades.count {
            var trade = trades.trade(row)
            if row == bond[1] {
                trade.price = 50
                trade.withdrawnTime = trades.executionTimes[bond[2]] + 500_000_000
            }
            changed.append(trade)
        }
        let folder = try scratch.copy(named: "withdrawn", trades: changed)
        let (summary, table) = try scratch.run(.lastTrade, market: folder) { $0.from = day }
        #expect(summary.withdrawnTrades == 1)
        let cusips = try #require(table.column("cusip"))
        let cusip = trades.cusips[Int(trades.bonds[bond[0]])]
        let ofBond = (0..<table.rowCount).filter { cusips[$0] == cusip }
        // The withdrawn trade is no label. The one after it was forecast from the wrong price, the
        // next from its predecessor.
        #expect(ofBond.count == bond.count - 1)
        let median = table.levels.medianIndex
        let forecasts = ofBond.map { Array(table.tiles(row: $0))[median] }
        #expect(abs(forecasts[1] - 50) < 2)
        #expect(abs(forecasts[2] - trades.prices[bond[2]]) < 5)
        #expect(abs(forecasts[2] - 50) > 10)
        let kalman = try scratch.run(.kalman, market: folder) { $0.from = day }.table
        let filtered = ofBond.map { Array(kalman.tiles(row: $0))[median] }
        #expect(abs(filtered[2] - trades.prices[bond[2]]) < 5)
    }

    @Test("The table is that of the data dictionary, yields and spreads in their order")
    func columns() throws {
        let scratch = try MarketScratch(
            MarketSettings(bonds: 30, days: 12, linearGaussian: true))
        let (summary, table) = try scratch.run(.evaluated)
        #expect(summary.emptyTiles == 0)
        let number = { (name: String, row: Int) in
            table.column(name).flatMap { Double($0[row]) } ?? .nan
        }
        let bonds = try BondTable(market: scratch.market)
        let cusips = try #require(table.column("cusip"))
        for row in 0..<min(50, table.rowCount) {
            let bond = try #require(bonds[cusips[row]])
            let time = try #require(table.executionDate?[row])
            let flows = try #require(
                bond.terms.cashFlows(
                    settlement: Settlement.date(tradedOn: EasternTime.date(time))))
            let tile = Array(table.tiles(row: row))[4]
            #expect(abs(number("ytm_75_tile", row) - flows.yield(cleanPrice: tile)) < 1e-7)
            let treasury = number("treasury_yield_mid", row)
            #expect(
                abs(number("spread_75_tile", row) - 100 * (number("ytm_75_tile", row) - treasury))
                    < 1e-4)
            #expect(number("ytm_5_tile", row) <= number("ytm_95_tile", row))
            #expect(abs(number("ytm", row) - flows.yield(cleanPrice: number("price", row))) < 1e-9)
            #expect(table.label?[row] == number("price", row))
            #expect(
                number("maturity", row)
                    == Double(bond.terms.maturity.dayNumber) * 86_400_000_000_000)
        }
    }

    @Test("A bond's first trade is priced by the matrix, and counted")
    func firstTrades() throws {
        let scratch = try MarketScratch(
            MarketSettings(bonds: 40, days: 12, linearGaussian: true))
        let trades = try scratch.trades()
        let last = EasternTime.date(trades.executionTimes[trades.count - 1])
        // One bond trades on the last day only.
        let rare = trades.bonds[trades.count - 1]
        var kept = TradeTable()
        for row in 0..<trades.count
        where trades.bonds[row] != rare || EasternTime.date(trades.executionTimes[row]) == last {
            kept.append(trades.trade(row))
        }
        let folder = try scratch.copy(named: "rare", trades: kept)
        for method in [BaselineMethod.lastTrade, .evaluated] {
            let summary = try scratch.run(method, market: folder) { $0.from = last }.summary
            #expect(summary.fallbacks >= 1)
        }
        #expect(try scratch.run(.kalman, market: folder) { $0.from = last }.summary.fallbacks == 0)
    }

    @Test("What cannot be done says why")
    func errors() throws {
        let scratch = try MarketScratch(
            MarketSettings(bonds: 30, days: 8, linearGaussian: true))
        func problem(
            _ method: BaselineMethod, _ change: (inout BaselineJob) -> Void
        ) throws -> FileError? {
            do {
                _ = try scratch.run(method, change)
                return nil
            } catch let error as FileError {
                return error
            }
        }
        let outside = try problem(.lastTrade) { $0.from = CalendarDate("2031-01-02") }
        #expect(outside?.kind == .badData)
        #expect(outside?.found?.contains("trades from") == true)
        let early = try problem(.lastTrade) { $0.trainTo = CalendarDate("2020-01-02") }
        #expect(early?.problem.contains("too few trades") == true)
        let unfitted = try problem(.kalman) { $0.trainTo = CalendarDate("2020-01-02") }
        #expect(unfitted?.problem.contains("Kalman") == true)
        try FileManager.default.removeItem(atPath: scratch.market + "/truth.csv")
        #expect(try problem(.oracle) { _ in }?.kind == .missing)
        try FileManager.default.removeItem(atPath: scratch.market + "/treasuries.csv")
        #expect(try problem(.matrix) { _ in }?.kind == .missing)
    }
}
