import Bonds
import Files
import Foundation
import Synchronization
import Tape
import TestMarkets
import Testing

import Serving

/// A market folder that changes under a server.
@Suite struct MarketFollowerTests {
    private let priced: PricedMarket

    init() throws { priced = try PricedMarket.shared.get() }

    private static let second: Int64 = 1_000_000_000
    private static let day: Int64 = 86_400 * second

    /// A copy of the market behind a server, and what was heard of it.
    private final class Followed: Sendable {
        let folder: TemporaryFolder
        let bonds: BondTable
        let trades: [Trade]
        let facts: MarketFacts
        let service: PricingService
        let heard = Mutex<[MarketEvent]>([])
        let warnings = Mutex<[String]>([])
        var market: String { folder.path + "/market" }
        /// When the last trade was reported, and the last event of all.
        let end: Int64
        let last: Int64

        /// - Parameter prepare: changes the copy before it is replayed.
        init(_ priced: PricedMarket, prepare: (String) throws -> Void = { _ in }) async throws {
            folder = try TemporaryFolder()
            bonds = priced.bonds
            let market = folder.path + "/market"
            try FileManager.default.copyItem(atPath: priced.market, toPath: market)
            try prepare(market)
            trades = try Self.trades(of: market)
            let pricer = FairValuePricer(bonds: bonds, name: "test")
            try await pricer.replay(market: market, progress: { _ in })
            facts = await pricer.marketFacts()
            end = try #require(facts.last(.reported))
            last = try #require(facts.time)
            service = PricingService(
                pricer: pricer, directory: BondDirectory(bonds),
                verifier: try await SampleIssuer.shared.value.verifier)
        }

        static func trades(of market: String) throws -> [Trade] {
            let reader = try TradeReader(path: market + "/trades.csv")
            var trades: [Trade] = []
            while let more = try reader.next() { trades += more }
            return trades
        }

        var events: [MarketEvent] { heard.withLock { $0 } }

        var reported: [String] { events.compactMap { $0.trade?.identifier } }

        var warned: [String] { warnings.withLock { $0 } }

        func write(_ trades: [Trade]) throws {
            try TradeFile.write(to: market + "/trades.csv", count: trades.count) { trades[$0] }
        }

        /// Adds a tick of the tenor of the last one, of another time and, where given, yield.
        func addTick(at time: Int64, yield: Double? = nil) throws {
            var ticks = try TreasuryRow.read(market: market)
            var tick = try #require(ticks.last)
            tick.time = time
            tick.yieldMid = yield ?? tick.yieldMid
            ticks.append(tick)
            try TreasuryRow.write(ticks, market: market)
        }

        /// Follows the folder while the body does its work.
        func during(_ body: () async throws -> Void) async throws {
            let follower = MarketFollower(market: market, bonds: bonds)
            let task = Task {
                await follower.run(
                    after: facts, every: .milliseconds(20),
                    take: { [self] events in
                        let reasons = await service.follow(events)
                        heard.withLock { heard in
                            for (event, reason) in zip(events, reasons) where reason == nil {
                                heard.append(event)
                            }
                        }
                        return reasons
                    },
                    warn: { [self] error in warnings.withLock { $0.append("\(error)") } })
            }
            try await body()
            // Whatever else comes.
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            await task.value
        }

        func until(_ condition: () -> Bool) async throws {
            for _ in 0..<500 where !condition() { try await Task.sleep(for: .milliseconds(20)) }
        }
    }

    private func print(_ name: String, at time: Int64, price: Double = 90) -> Trade {
        var trade = Trade()
        trade.tradeID = name
        trade.cusip = priced.bonds.rows[0].cusip
        trade.executionTime = time - Self.second
        trade.reportTime = time
        trade.quantity = 2e6
        trade.price = price
        trade.side = .offer
        return trade
    }

    @Test("What is added to the market folder is handed on, once and in order")
    func follows() async throws {
        let folder = try await Followed(priced)
        let new = [
            print("1", at: folder.last + 2 * Self.second),
            print("2", at: folder.last + 7 * Self.second),
        ]
        try await folder.during {
            try folder.write(folder.trades + new)
            try await folder.until { folder.reported.count >= 2 }
            // The very second of the last one: tapes tell no more.
            try folder.write(folder.trades + new + [print("3", at: new[1].reportTime)])
            try await folder.until { folder.reported.count >= 3 }
        }
        let others = folder.reported.filter { $0 != "2" }
        #expect(others == ["1", "3"])
        let last = await folder.service.pricer.lastTrades(bond: 0, count: 3).map(\.tradeID)
        #expect(last == ["3", "2", "1"])
        #expect(folder.warned.isEmpty, "\(folder.warned)")
    }

    @Test("A table that is behind the others is taken in when it comes; nothing comes twice")
    func tablesApart() async throws {
        let folder = try await Followed(priced)
        let tick = folder.last + 3_600 * Self.second
        try await folder.during {
            // The Treasuries of an hour, then the trades of that hour.
            try folder.addTick(at: tick)
            try await folder.until { folder.events.count >= 1 }
            try folder.write(
                folder.trades + [
                    print("1", at: folder.last + 2 * Self.second),
                    print("2", at: folder.last + 7 * Self.second),
                ])
            try await folder.until { folder.events.count >= 3 }
        }
        let kinds = folder.events.map(\.kind)
        #expect(kinds == [.treasury, .reported, .reported] && folder.events[0].time == tick)
        #expect(folder.reported == ["1", "2"] && folder.warned.isEmpty)
    }

    @Test("A Treasury of next week does not hide the trades that come before it")
    func behindTreasuries() async throws {
        let end = try #require(try Followed.trades(of: priced.market).last?.reportTime)
        let folder = try await Followed(priced) { market in
            var ticks = try TreasuryRow.read(market: market)
            var tick = try #require(ticks.last)
            tick.time = end + 7 * Self.day
            ticks.append(tick)
            try TreasuryRow.write(ticks, market: market)
        }
        #expect(folder.last == end + 7 * Self.day && folder.end == end)
        try await folder.during {
            try folder.write(
                folder.trades + [
                    print("1", at: end + Self.second), print("2", at: end + 2 * Self.day),
                ])
            try await folder.until { folder.reported.count >= 2 }
        }
        #expect(folder.reported == ["1", "2"] && folder.warned.isEmpty)
    }

    @Test("Rows that no market has are left out, hide none behind them, and are told once")
    func leftOut() async throws {
        let folder = try await Followed(priced)
        let start = folder.last
        var yield = print("yield", at: start + 3 * Self.second)
        yield.yield = 250
        var other = print("figi", at: start + 4 * Self.second)
        other.figi = priced.bonds.rows[1].figi
        let matured = print("matured", at: start + 5 * Self.second, price: 100_000)
        let new = [
            print("future", at: 1_900_000_000 * Self.second),
            print("1", at: start + 2 * Self.second), yield, other, matured,
            print("2", at: start + 7 * Self.second),
        ]
        try await folder.during {
            try folder.write(folder.trades + new)
            // A row that is none.
            let path = folder.market + "/trades.csv"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let row = try #require(text.split(separator: "\n").last)
            try
                (text
                + row.replacing("2,", with: "broken,", maxReplacements: 1)
                .replacing(",S,C,", with: ",X,C,") + "\n")
                .write(toFile: path, atomically: true, encoding: .utf8)
            try await folder.until { folder.reported.count >= 2 }
        }
        #expect(folder.reported == ["1", "2"])
        #expect(folder.warned.count == 1, "\(folder.warned)")
        let warning = try #require(folder.warned.first)
        #expect(warning.contains("trades.csv"), "\(warning)")
        #expect(warning.contains("5 rows are left out, the first: an unknown code"), "\(warning)")
    }

    @Test(
        "Why a row is left out is told by its name",
        arguments: [
            ("price", 100_000.0, Int64(2), "price: expected a number above 0.0 to 1000.0"),
            ("future", 90, 1_900_000_000, "execution_date: expected UTC epoch nanoseconds from"),
        ])
    func reasons(_ name: String, _ price: Double, _ seconds: Int64, _ reason: String) async throws {
        let folder = try await Followed(priced)
        let time = seconds < 1_000 ? folder.last + seconds * Self.second : seconds * Self.second
        try await folder.during {
            try folder.write(folder.trades + [print(name, at: time, price: price)])
            try await folder.until { !folder.warned.isEmpty }
        }
        #expect(folder.reported.isEmpty)
        let warning = try #require(folder.warned.first)
        #expect(warning.contains("a row is left out: the trade '\(name)': \(reason)"), "\(warning)")
    }

    @Test("A tick that is absurdly far from the last is left out, and the next one is not")
    func absurdTick() async throws {
        let folder = try await Followed(priced)
        try await folder.during {
            try folder.addTick(at: folder.last + Self.second, yield: 24.9)
            try await folder.until { folder.warned.count >= 1 }
            let ticks = try TreasuryRow.read(market: folder.market)
            try TreasuryRow.write(Array(ticks.dropLast()), market: folder.market)
            try folder.addTick(at: folder.last + 2 * Self.second)
            try await folder.until { folder.events.count >= 1 }
        }
        let times = folder.events.map(\.time)
        #expect(times == [folder.last + 2 * Self.second])
        #expect(folder.warned.count == 1, "\(folder.warned)")
        #expect(folder.warned.first?.contains("yield_mid: expected") == true)
    }

    @Test(
        "A past that was changed is told, once, and what comes after it is taken in",
        arguments: ["corrected", "removed", "last removed", "added"])
    func changedPast(_ change: String) async throws {
        let folder = try await Followed(priced)
        var trades = folder.trades
        let middle = trades.count / 2
        switch change {
        case "corrected": trades[middle].price += 1
        case "removed": trades.remove(at: middle)
        case "last removed": trades.removeLast()
        default: trades.insert(print("late", at: trades[middle].reportTime), at: middle)
        }
        try await folder.during {
            try folder.write(trades)
            try await folder.until { !folder.warned.isEmpty }
            trades.append(print("1", at: folder.last + Self.second))
            try folder.write(trades)
            try await folder.until { folder.reported.contains("1") }
        }
        #expect(folder.reported == ["1"])
        #expect(folder.warned.count == 1, "\(folder.warned)")
        #expect(folder.warned.first?.contains("are served as they were") == true)
    }

    @Test("A trade that came to the server in another way is not taken in again")
    func bothWays() async throws {
        let folder = try await Followed(priced)
        let new = [
            print("sent", at: folder.last + 2 * Self.second),
            print("2", at: folder.last + 7 * Self.second),
        ]
        await folder.service.observe([.reported(new[0], bond: 0)])
        try await folder.during {
            try folder.write(folder.trades + new)
            try await folder.until { folder.reported.count >= 2 }
        }
        let last = await folder.service.pricer.lastTrades(bond: 0, count: 50).map(\.tradeID)
        let sent = last.filter { $0 == "sent" }
        #expect(sent.count == 1 && last.first == "2")
    }

    @Test("The rules leave out nothing of a market that is none the worse")
    func rulesOfAMarket() async throws {
        let folder = try await Followed(priced)
        var rules = EventRules(
            directory: BondDirectory(folder.bonds),
            facts: {
                // How far the market reached before its first event.
                var facts = MarketFacts()
                if let first = folder.trades.first,
                    let bond = folder.bonds.index(cusip: first.cusip)
                {
                    facts.observe(.reported(first, bond: bond), at: first.reportTime)
                }
                return facts
            }(), now: PricingService.systemTime())
        var replay = try MarketReplay(market: folder.market, bonds: folder.bonds)
        var refused: [String] = []
        while let event = try replay.next() {
            // Ticks and ratings begin before the trades do.
            guard event.time >= folder.trades[0].reportTime else { continue }
            do { _ = try rules.check(event) } catch { refused.append("\(event.title): \(error)") }
        }
        #expect(refused.isEmpty, "\(refused.count): \(refused.prefix(5))")
    }
}
