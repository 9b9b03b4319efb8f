import Bonds
import Files
import Foundation
import Inference
import QuantileModels
import Synchronization
import Tape
import TestMarkets
import Testing

import Serving

/// A network behind the server: the present, the past, what arrives, and another checkpoint.
@Suite struct NetworkPricerTests {
    private let priced: PricedMarket

    init() throws { priced = try PricedMarket.shared.get() }

    private func pricer(market: String? = nil, states: EngineStates? = nil) throws -> NetworkPricer
    {
        try NetworkPricer(
            priced.model, version: "run/1", market: market ?? priced.market, bonds: priced.bonds,
            states: states)
    }

    private func questions(of bonds: [Int], time: Int64? = nil) -> [PriceQuestion] {
        bonds.flatMap { bond in
            QuoteLabel.allCases.flatMap { label in
                [Trade.Side.bid, .offer].map {
                    PriceQuestion(
                        bond: bond, side: $0, isATS: false, quantity: 250_000, label: label,
                        time: time)
                }
            }
        }
    }

    private static func tiles(_ answers: [PriceAnswer]) -> [[Double]] {
        answers.map { if case .quote(let quote) = $0 { quote.tiles } else { [] } }
    }

    private func print(after time: Int64, price: Double = 90) -> Trade {
        var trade = Trade()
        trade.tradeID = "new \(time)"
        trade.cusip = priced.bonds.rows[0].cusip
        trade.executionTime = time + 1_000_000_000
        trade.reportTime = time + 2_000_000_000
        trade.quantity = 2e6
        trade.price = price
        trade.side = .offer
        return trade
    }

    @Test("Live answers are the tiles of the market after its last event, in the questions' order")
    func live() async throws {
        let pricer = try pricer()
        let market = try priced.archive().market(before: .max)
        let (states, unpriced) = try market.states(of: [7, 3], at: market.now + 1)
        try #require(unpriced.isEmpty)
        let expected = states.tiles(
            of: priced.model,
            conditions: [Trade.Side.bid, .offer].map {
                TradeCondition(side: $0, isATS: false, quantity: 250_000)
            })
        let answers = Self.tiles(await pricer.answers(to: questions(of: [7, 3])))
        for (place, tiles) in answers.enumerated() {
            let row = 2 * (place / 6) + place % 2
            let family = [expected.prices, expected.spreads, expected.yields][place % 6 / 2]
            let isNear = zip(tiles, family[19 * row..<19 * row + 19])
                .allSatisfy { abs($0 - $1) < 2e-4 }
            #expect(tiles.count == 19 && isNear, "question \(place)")
        }
    }

    @Test("The past in any order, from states of days and without; the future has no answer")
    func past() async throws {
        let folder = try TemporaryFolder()
        let states = try EngineStates(folder: folder.path + "/states")
        // The first fills the folder, the second reads from it.
        _ = try pricer(states: states)
        let keeping = try pricer(states: states)
        let plain = try pricer()
        let asked = try [6, 2, 6, 4].flatMap { day in
            questions(of: [5, 1], time: try priced.moment(day: day))
        }
        let expected = Self.tiles(await plain.answers(to: asked))
        // Suites that run beside this one change the number of BLAS threads, and with it last bits.
        func areNear(_ a: [[Double]], _ b: [[Double]]) -> Bool {
            a.map(\.count) == b.map(\.count)
                && zip(a.joined(), b.joined()).allSatisfy { abs($0 - $1) < 0.02 }
        }
        #expect(areNear(Self.tiles(await keeping.answers(to: asked)), expected))
        #expect(expected.allSatisfy { $0.count == 19 })
        #expect(areNear(Array(expected[0..<12]), Array(expected[24..<36])))
        #expect(!areNear(Array(expected[0..<12]), Array(expected[12..<24])))
        let future = PricingService.systemTime() + 60_000_000_000
        for answer in await plain.answers(to: questions(of: [1], time: future)) {
            #expect(answer == .insufficientData(reason: "the moment is in the future"))
        }
        // Long before the first event.
        for answer in await plain.answers(to: questions(of: [1], time: 1_600_000_000_000_000_000)) {
            guard case .insufficientData = answer else {
                Issue.record("a price before the data")
                return
            }
        }
    }

    @Test("A print changes the next answer and not the past; late news counts from now on")
    func observes() async throws {
        let pricer = try pricer()
        let asked = questions(of: [0])
        let before = Self.tiles(await pricer.answers(to: asked))
        let end = try #require(await pricer.marketFacts().time)
        let trade = print(after: end)
        await pricer.observe([.reported(trade, bond: 0)])
        let after = Self.tiles(await pricer.answers(to: asked))
        #expect(before != after)
        #expect(await pricer.lastTrades(bond: 0, count: 1).map(\.tradeID) == [trade.tradeID])
        // A rating and a print whose times are past.
        let date = EasternTime.date(end)
        await pricer.observe([
            .rating(
                RatingRow(
                    issuer: priced.bonds.rows[0].issuer, cusip: "", date: date, agency: "S&P",
                    rating: CreditRating("CCC"))),
            .reported(print(after: end - 3_600_000_000_000, price: 60), bond: 0),
        ])
        #expect(Self.tiles(await pricer.answers(to: asked)) != after)
        // As of the print's report it was not known; a moment later it was.
        let history = await pricer.answers(
            to: [trade.reportTime, trade.reportTime + 1].flatMap { questions(of: [0], time: $0) })
        #expect(Self.tiles(Array(history[..<6])) != Self.tiles(Array(history[6...])))
    }

    @Test("Another checkpoint takes over; one of other features or levels does not")
    func replaced() async throws {
        let pricer = try pricer()
        let before = Self.tiles(await pricer.answers(to: questions(of: [2])))
        var model = priced.model
        model.nets[0].label = LabelScaling(mean: 0, deviation: 4)
        try pricer.replace(model: model, version: "run/2")
        #expect(pricer.version == "run/2")
        #expect(Self.tiles(await pricer.answers(to: questions(of: [2]))) != before)
        model.provenance["schema"] = "other"
        let other = model
        #expect(throws: FileError.self) { try pricer.replace(model: other, version: "run/3") }
        #expect(pricer.version == "run/2")
    }

    @Test("What is added to the market folder is handed on, once and in order")
    func follows() async throws {
        let folder = try TemporaryFolder()
        let market = folder.path + "/market"
        try FileManager.default.copyItem(atPath: priced.market, toPath: market)
        var trades: [Trade] = []
        let reader = try TradeReader(path: market + "/trades.csv")
        while let more = try reader.next() { trades += more }
        let facts = try await pricer(market: market).marketFacts()
        let last = try #require(facts.time)
        let all = trades + [print(after: last), print(after: last + 5_000_000_000)]
        let heard = Mutex<[String]>([])
        let follower = MarketFollower(market: market, bonds: priced.bonds)
        let task = Task {
            await follower.run(
                after: facts.last, every: .milliseconds(20),
                take: { events in
                    heard.withLock { heard in
                        for case .reported(let trade, _) in events { heard.append(trade.tradeID) }
                    }
                }, warn: { Issue.record("\($0)") })
        }
        // It has looked at the folder before it changes.
        try await Task.sleep(for: .milliseconds(200))
        try TradeFile.write(to: market + "/trades.csv", count: all.count) { all[$0] }
        for _ in 0..<500 where heard.withLock({ $0.count }) < 2 {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await task.value
        #expect(heard.withLock { $0 } == all.suffix(2).map(\.tradeID))
    }

    @Test("A table that is behind the others is taken in when it comes; nothing comes twice")
    func followsTablesApart() async throws {
        let folder = try TemporaryFolder()
        let market = folder.path + "/market"
        try FileManager.default.copyItem(atPath: priced.market, toPath: market)
        var trades: [Trade] = []
        let reader = try TradeReader(path: market + "/trades.csv")
        while let more = try reader.next() { trades += more }
        let facts = try await pricer(market: market).marketFacts()
        let last = try #require(facts.time)
        let heard = Mutex<[String]>([])
        let follower = MarketFollower(market: market, bonds: priced.bonds)
        let task = Task {
            await follower.run(
                after: facts.last, every: .milliseconds(20),
                take: { events in
                    heard.withLock { heard in
                        for event in events {
                            switch event {
                            case .reported(let trade, _): heard.append(trade.tradeID)
                            case .treasury(let tick): heard.append("Treasury \(tick.time - last)")
                            default: heard.append("another event")
                            }
                        }
                    }
                }, warn: { Issue.record("\($0)") })
        }
        try await Task.sleep(for: .milliseconds(200))
        // The Treasuries of an hour, then the trades of that hour.
        let path = market + "/treasuries.csv"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let tick = try #require(text.split(separator: "\n").last)
            .split(separator: ",", omittingEmptySubsequences: false).dropFirst()
        let hour: Int64 = 3_600_000_000_000
        try (text + "\(last + hour)," + tick.joined(separator: ",") + "\n")
            .write(toFile: path, atomically: true, encoding: .utf8)
        for _ in 0..<500 where heard.withLock({ $0.count }) < 1 {
            try await Task.sleep(for: .milliseconds(20))
        }
        let all = trades + [print(after: last), print(after: last + 5_000_000_000)]
        try TradeFile.write(to: market + "/trades.csv", count: all.count) { all[$0] }
        for _ in 0..<500 where heard.withLock({ $0.count }) < 3 {
            try await Task.sleep(for: .milliseconds(20))
        }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        await task.value
        #expect(
            heard.withLock { $0 } == ["Treasury \(hour)"] + all.suffix(2).map(\.tradeID))
    }

    @Test("A Treasury of next week does not hide the trades that come before it")
    func followsBehindTreasuries() async throws {
        let folder = try TemporaryFolder()
        let market = folder.path + "/market"
        try FileManager.default.copyItem(atPath: priced.market, toPath: market)
        var trades: [Trade] = []
        let reader = try TradeReader(path: market + "/trades.csv")
        while let more = try reader.next() { trades += more }
        let end = try #require(trades.last?.reportTime)
        // A table of Treasuries that reaches a week further than the tape.
        let path = market + "/treasuries.csv"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let tick = try #require(text.split(separator: "\n").last)
            .split(separator: ",", omittingEmptySubsequences: false).dropFirst()
        let day: Int64 = 86_400_000_000_000
        try (text + "\(end + 7 * day)," + tick.joined(separator: ",") + "\n")
            .write(toFile: path, atomically: true, encoding: .utf8)
        let facts = try await pricer(market: market).marketFacts()
        #expect(facts.time == end + 7 * day && facts.last[.reported] == end)
        let heard = Mutex<[String]>([])
        let follower = MarketFollower(market: market, bonds: priced.bonds)
        let task = Task {
            await follower.run(
                after: facts.last, every: .milliseconds(20),
                take: { events in
                    heard.withLock { heard in
                        for event in events {
                            if case .reported(let trade, _) = event {
                                heard.append(trade.tradeID)
                            } else {
                                heard.append("another event")
                            }
                        }
                    }
                }, warn: { Issue.record("\($0)") })
        }
        try await Task.sleep(for: .milliseconds(200))
        let all = trades + [print(after: end), print(after: end + 2 * day)]
        try TradeFile.write(to: market + "/trades.csv", count: all.count) { all[$0] }
        for _ in 0..<500 where heard.withLock({ $0.count }) < 2 {
            try await Task.sleep(for: .milliseconds(20))
        }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        await task.value
        #expect(heard.withLock { $0 } == all.suffix(2).map(\.tradeID))
    }

    @Test("From a state of a day a server knows as much of its market as from all of it")
    func factsFromStates() async throws {
        let folder = try TemporaryFolder()
        let states = try EngineStates(folder: folder.path + "/states")
        _ = try pricer(states: states)
        let (keeping, plain) = (try pricer(states: states), try pricer())
        let facts = await keeping.marketFacts()
        let expected = await plain.marketFacts()
        #expect(facts.last == expected.last && facts.firstReport == expected.firstReport)
        #expect(facts.symbols == expected.symbols)
        let reader = try TradeReader(path: priced.market + "/trades.csv")
        let first = try #require(try reader.next()?.first)
        let bond = try #require(priced.bonds.index(cusip: first.cusip))
        let standings = await keeping.standings(of: [(first.tradeID, bond), ("none", bond)])
        #expect(standings == [.reported, .unknown])
    }

    @Test("A live quote carries the market's moment, at which the past is the same")
    func date() async throws {
        let pricer = try pricer()
        let end = try #require(await pricer.marketFacts().time)
        var live: Quote?
        // Asking does not move the moment.
        for _ in 0..<3 {
            guard case .quote(let quote) = await pricer.answers(to: questions(of: [3]))[0] else {
                Issue.record("no quote")
                return
            }
            live = quote
        }
        let quote = try #require(live)
        #expect(quote.time == end + 1)
        let past = Self.tiles(await pricer.answers(to: questions(of: [3], time: quote.time)))[0]
        #expect(zip(past, quote.tiles).allSatisfy { abs($0 - $1) < 0.02 })
    }

    @Test(
        "Calibration: no drift where coverage is that of the levels, and a half where all are low")
    func calibration() {
        var gauge = CalibrationGauge()
        #expect(gauge.drift == nil)
        let tiles = (1...19).map { Double($0) / 20 }
        for index in 0..<2_000 {
            gauge.add(price: (Double(index % 400) + 0.5) / 400, tiles: tiles)
        }
        #expect((gauge.drift ?? 1) < 1e-9)
        for _ in 0..<CalibrationGauge.window { gauge.add(price: -1, tiles: tiles) }
        #expect(abs((gauge.drift ?? 0) - 0.5) < 1e-9)
        #expect(gauge.printCount == CalibrationGauge.window)
    }
}
