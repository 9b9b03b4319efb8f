import Arrays
import Bonds
import Datasets
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
        // Long before the first event, and where nanoseconds end.
        let times: [Int64] = [1_600_000_000_000_000_000, -1, .min]
        let early: [PriceQuestion] = times.flatMap {
            questions(of: [1], time: $0)
        }
        for pricer in [plain, keeping] {
            for answer in await pricer.answers(to: early + questions(of: [1], time: .max)) {
                guard case .insufficientData = answer else {
                    Issue.record("a price before the data")
                    return
                }
            }
        }
    }

    @Test("What a folder gets later is in the past where it comes as news, and else is not")
    func laterRows() async throws {
        let folder = try TemporaryFolder()
        let market = folder.path + "/market"
        try FileManager.default.copyItem(atPath: priced.market, toPath: market)
        let pricer = try pricer(market: market)
        let end = try #require(await pricer.marketFacts().time)
        var trades: [Trade] = []
        let reader = try TradeReader(path: market + "/trades.csv")
        while let more = try reader.next() { trades += more }
        // Nobody took them in; the first would hide all behind it.
        let hidden = [print(after: 1_900_000_000_000_000_000)]
        let strange = [
            print(after: end, price: 100_000), print(after: end + 5_000_000_000, price: 40),
        ]
        let all = hidden + trades + strange
        try TradeFile.write(to: market + "/trades.csv", count: all.count) { all[$0] }
        let asked = questions(of: [0, 5], time: try priced.moment(day: 4))
        let expected = Self.tiles(await (try self.pricer()).answers(to: asked))
        let found = Self.tiles(await pricer.answers(to: asked))
        #expect(found.map(\.count) == expected.map(\.count) && found[0].count == 19)
        #expect(zip(found.joined(), expected.joined()).allSatisfy { abs($0 - $1) < 0.02 })
        let before = Self.tiles(await pricer.answers(to: questions(of: [0], time: end + 1)))
        let news = print(after: end, price: 90)
        await pricer.observe([.reported(news, bond: 0)])
        let moments: [PriceQuestion] = [end + 1, news.reportTime + 1].flatMap {
            questions(of: [0], time: $0)
        }
        let after = Self.tiles(await pricer.answers(to: moments))
        #expect(zip(after[0], before[0]).allSatisfy { abs($0 - $1) < 0.02 })
        #expect(zip(after[6], before[0]).contains { abs($0 - $1) > 0.02 })
    }

    @Test("A moment between the last event and now is answered as of the last event")
    func afterTheEnd() async throws {
        let pricer = try pricer()
        let end = try #require(await pricer.marketFacts().time)
        let live = Self.tiles(await pricer.answers(to: questions(of: [3])))
        for hours: Int64 in [1, 1_000] {
            let asked = questions(of: [3], time: end + hours * 3_600_000_000_000)
            let found = Self.tiles(await pricer.answers(to: asked))
            #expect(found.map(\.count) == live.map(\.count))
            #expect(zip(found.joined(), live.joined()).allSatisfy { abs($0 - $1) < 0.02 })
        }
    }

    @Test("A trade counts once, however often and whichever way it comes")
    func onceOnly() async throws {
        let pricer = try pricer()
        let end = try #require(await pricer.marketFacts().time)
        let trade = print(after: end)
        await pricer.observe([.reported(trade, bond: 0)])
        let once = Self.tiles(await pricer.answers(to: questions(of: [0])))
        await pricer.observe([.reported(trade, bond: 0), .reported(trade, bond: 0)])
        #expect(Self.tiles(await pricer.answers(to: questions(of: [0]))) == once)
        let last = await pricer.lastTrades(bond: 0, count: 2).map(\.tradeID)
        #expect(last.first == trade.tradeID && Set(last).count == last.count)
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
        let error = #expect(throws: FileError.self) {
            try pricer.replace(model: other, version: "run/3")
        }
        #expect(error?.file == "run/3" && error?.expected?.hasSuffix("schema other") == true)
        #expect(pricer.version == "run/2")
    }

    @Test("From a state of a day a server knows as much of its market as from all of it")
    func factsFromStates() async throws {
        let folder = try TemporaryFolder()
        let states = try EngineStates(folder: folder.path + "/states")
        _ = try pricer(states: states)
        let (keeping, plain) = (try pricer(states: states), try pricer())
        let facts = await keeping.marketFacts()
        let expected = await plain.marketFacts()
        #expect(facts.reaches == expected.reaches && facts.firstReport == expected.firstReport)
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
        "At /v2 a network of residuals says that it answers with them, and how they become prices")
    func residuals() async throws {
        let served = CheckpointModel(priced.model, name: "run", version: "1")
        let parameters = Dictionary(uniqueKeysWithValues: served.outputParameters.map { ($0, $1) })
        #expect(parameters["target"] == "residual")
        #expect(parameters["unit"]?.contains("label = reference + scale * output") == true)
        #expect(parameters["levels"]?.hasPrefix("5") == true)
        // They do.
        let store = try priced.store()
        let values = store.features(of: 0..<5)
        let references = ReferenceRows(
            references: store.values(.reference, rows: 0..<5),
            scales: store.values(.scale, rows: 0..<5))
        let output = await served.infer(rows: 5, values)
        let labels = priced.model.forecast(
            FeatureMatrix(names: priced.model.features, values: values), references: references
        ).elements
        for (index, label) in labels.enumerated() {
            let price =
                references.references[index / 19] + references.scales[index / 19] * output[index]
            #expect(abs(price - label) < 1e-3)
        }
    }

    @Test("The first feature in which two checkpoints differ is named")
    func difference() {
        let names = ["rate", "age", "size"]
        #expect(FeatureDifference(from: names, to: names) == nil)
        #expect(FeatureDifference(from: priced.model, to: priced.model) == nil)
        var model = priced.model
        model.provenance["schema.constants"] = #"{"half_life":7}"#
        let constant = FeatureDifference(from: priced.model, to: model)
        #expect(constant?.expected == "the constant half_life as none" && constant?.found == "7.0")
        let other = FeatureDifference(from: names, to: ["rate", "years", "volume"])
        #expect(other?.expected == "'age' as feature 2 of 3" && other?.found == "'years' of 3")
        let fewer = FeatureDifference(from: names, to: Array(names.prefix(2)))
        #expect(fewer?.expected == "3 features" && fewer?.found == "2, other from 'size' on")
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
