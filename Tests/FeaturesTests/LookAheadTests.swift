import Bonds
import Datasets
import Features
import Files
import Foundation
import Random
import Tape
import Testing

/// Nothing that becomes known at a time or later may be in a row of that time.
@Suite struct LookAheadTests {
    private let market: SmallMarket

    init() throws { market = try SmallMarket.shared.get() }

    /// What is done to the future.
    enum Future: CaseIterable {
        case changed, removed
    }

    private func states(_ folder: String, threads: Int? = nil) throws -> [String: [UInt32]] {
        let scratch = try Scratch()
        var build = FeatureBuild(market: folder, store: scratch.path + "/store")
        build.threads = threads
        _ = try build.run()
        let store = try FeatureStore(path: build.store)
        let names = store.values(.tradeID, rows: 0..<store.rowCount)
        let width = store.schema.state.count
        var row = [Float](repeating: 0, count: width)
        var states: [String: [UInt32]] = [:]
        for index in 0..<store.rowCount {
            row.withUnsafeMutableBufferPointer {
                store.copy(
                    rows: CollectionOfOne(index), state: $0.baseAddress, condition: nil)
            }
            states[names[index]] = bits(row)
        }
        return states
    }

    /// Changes all that becomes known at a time or later, in every table.
    private func disturb(_ folder: String, from cut: Int64, _ future: Future) throws {
        var random = RandomStream(seed: UInt64(bitPattern: cut))
        var trades: [Trade] = []
        for var trade in try SmallMarket.trades(folder) {
            if trade.withdrawnTime >= cut, !trade.holds {
                // Known as it stood; that it was wrong is not known yet.
                if trade.reportTime < cut {
                    trade.withdrawnTime =
                        future == .removed
                        ? .max : cut + 1 + Int64(random.integer(below: 1_000_000_000))
                }
            }
            if trade.reportTime >= cut {
                if future == .removed { continue }
                if random.integer(below: 4) == 0 { continue }
                trade.price *= 1.07
                trade.quantity *= 3
                trade.side = trade.side == .bid ? .offer : .bid
                trade.isATS.toggle()
                var copy = trade
                copy.tradeID += "-twin"
                copy.price *= 0.9
                trades.append(copy)
            }
            trades.append(trade)
        }
        try SmallMarket.write(trades, to: folder)
        let isKept = { (time: Int64) in time < cut }
        let treasuries = try TreasuryRow.read(market: folder)
        try TreasuryRow.write(
            treasuries.compactMap { row in
                var row = row
                if !isKept(row.time) {
                    if future == .removed { return nil }
                    row.yieldMid += 0.5
                }
                return row
            }, market: folder)
        let markets = try MarketRow.read(market: folder)
        try MarketRow.write(
            markets.compactMap { row in
                var row = row
                if !isKept(row.time) {
                    if future == .removed { return nil }
                    row.price *= 0.95
                }
                return row
            }, market: folder)
        // A day's table is known when the day is over.
        let day = EasternTime.date(cut)
        let equities = try EquityRow.read(market: folder)
        try EquityRow.write(
            equities.compactMap { row in
                var row = row
                if row.date >= day {
                    if future == .removed { return nil }
                    row.close *= 2
                    row.sectorIndexClose *= 0.5
                }
                return row
            }, market: folder)
        let swaps = try SwapRow.read(market: folder)
        try SwapRow.write(
            swaps.compactMap { row in
                var row = row
                if row.date >= day {
                    if future == .removed { return nil }
                    row.spread *= 2
                }
                return row
            }, market: folder)
        let ratings = try RatingRow.read(market: folder)
        try RatingRow.write(
            ratings.compactMap { row in
                var row = row
                if !isKept(MarketEvent.rating(row).time) {
                    if future == .removed { return nil }
                    row.rating = CreditRating(notch: 17)
                }
                return row
            }, market: folder)
    }

    @Test("A changed or missing future leaves the bytes of earlier rows alone, and is seen later")
    func future() throws {
        let original = try states(market.path)
        let trades = market.trades
        var compared = 0
        for (index, future) in [Future.changed, .removed, .changed].enumerated() {
            let scratch = try Scratch()
            let cut = trades[(index + 2) * trades.count / 6].trade.executionTime
            let folder = try scratch.copy(market.path)
            try disturb(folder, from: cut, future)
            let disturbed = try states(folder)
            var (earlier, later, different) = (0, 0, 0)
            for (trade, _) in trades {
                guard let before = original[trade.tradeID], let after = disturbed[trade.tradeID]
                else { continue }
                if trade.executionTime <= cut {
                    earlier += 1
                    #expect(before == after, "\(trade.tradeID)")
                } else {
                    later += 1
                    different += before == after ? 0 : 1
                }
            }
            compared += earlier
            if future == .changed {
                #expect(Double(different) > 0.99 * Double(later), "the test has power")
            }
        }
        #expect(compared >= 1_000)
    }

    @Test("One event just before a row changes it; the same event at its very time does not")
    func power() throws {
        let trades = market.trades
        var random = RandomStream(seed: 3)
        var last: [Int: Int] = [:]
        for (index, event) in market.events.enumerated() {
            if case .reported(_, let bond) = event { last[bond] = index }
        }
        let layout = market.layout
        for _ in 0..<12 {
            let (trade, bond) = trades[
                trades.count / 3 + random.integer(below: trades.count / 2)]
            let time = trade.executionTime
            var changed = market.events
            // The bond's last print before the row.
            guard
                let place = changed.lastIndex(where: {
                    guard case .reported(let other, bond) = $0 else { return false }
                    return $0.time < time && other.isDisseminated && other.holds
                }), case .reported(var print, _) = changed[place]
            else { continue }
            let plain = try market.engine()
            try plain.apply(market.events, before: time)
            let expected = try #require(try plain.vector(bond: bond, at: time))
            print.price *= 1.02
            changed[place] = .reported(print, bond: bond)
            let engine = try market.engine()
            try engine.apply(changed, before: time)
            let vector = try #require(try engine.vector(bond: bond, at: time))
            for name in ["own.00.price_gap", "own.00.raw_residual", "bond.price"] {
                let index = try #require(layout.schema.state.firstIndex { $0.name == name })
                if abs(expected[index]) < 11.9 {
                    #expect(vector[index] != expected[index], "\(name)")
                }
            }
            // A tie belongs to the future.
            var late = print
            late.tradeID += "-late"
            late.executionTime = time - 1
            late.reportTime = time
            let tied = try market.engine()
            try tied.apply(market.events, before: time)
            let atTime = bits(try tied.vector(bond: bond, at: time))
            #expect(atTime == bits(expected))
            try tied.apply(.reported(late, bond: bond))
            let after = bits(try tied.vector(bond: bond, at: time + 1))
            let never = try market.engine()
            try never.apply(market.events, before: time)
            let without = bits(try never.vector(bond: bond, at: time + 1))
            #expect(after != without)
        }
    }

    @Test("A trade that is executed before and reported after a moment is unknown at it")
    func reportDelay() throws {
        let slow = market.trades.filter {
            $0.trade.reportTime - $0.trade.executionTime > 300_000_000_000
        }
        let (trade, bond) = try #require(slow.dropFirst(slow.count / 2).first)
        let between = (trade.executionTime + trade.reportTime) / 2
        let without = market.events.filter {
            guard case .reported(let other, _) = $0 else { return true }
            return other.tradeID != trade.tradeID
        }
        for (time, isKnown) in [(between, false), (trade.reportTime, false)]
            + [(trade.reportTime + 1, true)]
        {
            let with = try market.engine()
            try with.apply(market.events, before: time)
            let never = try market.engine()
            try never.apply(without, before: time)
            let isEqual =
                bits(try with.vector(bond: bond, at: time))
                == bits(try never.vector(bond: bond, at: time))
            #expect(isEqual != isKnown)
        }
    }

    @Test("A build that looked at execution times would be found out")
    func canary() throws {
        let scratch = try Scratch()
        let folder = try scratch.copy(market.path)
        var trades = try SmallMarket.trades(folder)
        for index in trades.indices { trades[index].reportTime = trades[index].executionTime }
        try SmallMarket.write(trades, to: folder)
        let honest = try states(market.path)
        let peeking = try states(folder)
        let different = honest.filter { $0.value != peeking[$0.key] }.count
        #expect(Double(different) > 0.9 * Double(honest.count))
    }
}
