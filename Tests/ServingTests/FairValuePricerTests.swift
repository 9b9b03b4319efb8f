import Bonds
import Tape
import Testing

import Serving

@Suite struct FairValuePricerTests {
    /// 15:00 UTC of a Wednesday.
    private static let open: Int64 = 1_767_798_000_000_000_000
    private static let minute: Int64 = 60_000_000_000

    private func trade(
        _ number: Int, side: Trade.Side = .dealer, price: Double = 102, minutes: Int64
    ) -> MarketEvent {
        var trade = Trade()
        trade.tradeID = "\(number)"
        trade.cusip = "000000000"
        trade.side = side
        trade.price = price
        trade.quantity = 1_000_000
        trade.executionTime = Self.open + minutes * Self.minute
        trade.reportTime = trade.executionTime + Self.minute
        return .reported(trade, bond: 0)
    }

    private func pricer(_ trades: [MarketEvent]) async throws -> FairValuePricer {
        let pricer = FairValuePricer(bonds: BondDirectory.sample.bonds, name: "test")
        let maturity = try #require(CalendarDate(year: 2035, month: 11, day: 15))
        await pricer.observe([
            .treasury(
                TreasuryRow(
                    time: Self.open - Self.minute, tenor: 10, cusip: "91282CJZ5", coupon: 4,
                    maturity: maturity, yieldMid: 4.1))
        ])
        await pricer.observe(trades)
        return pricer
    }

    private func tiles(
        _ pricer: FairValuePricer, _ side: Trade.Side = .dealer, quantity: Int = 1_000_000,
        label: QuoteLabel = .price, minutes: Int64? = nil, bond: Int = 0
    ) async throws -> Quote? {
        let answers = await pricer.answers(to: [
            PriceQuestion(
                bond: bond, side: side, isATS: false, quantity: quantity, label: label,
                time: minutes.map { Self.open + $0 * Self.minute })
        ])
        if case .quote(let quote) = try #require(answers.first) { return quote }
        return nil
    }

    @Test("Quantiles ascend around the last trades; bid is below offer, a small size wider")
    func shape() async throws {
        let pricer = try await pricer((0..<20).map { trade($0, minutes: Int64($0)) })
        let dealer = try #require(try await tiles(pricer)).tiles
        #expect(dealer.count == 19 && dealer == dealer.sorted())
        #expect(abs(dealer[9] - 102) < 0.2)
        let bid = try #require(try await tiles(pricer, .bid)).tiles
        let offer = try #require(try await tiles(pricer, .offer)).tiles
        #expect(bid[9] < dealer[9] && dealer[9] < offer[9])
        let retail = try #require(try await tiles(pricer, .offer, quantity: 10_000)).tiles
        #expect(retail[18] - retail[0] > offer[18] - offer[0])
        #expect(retail[9] > offer[9])
    }

    @Test("Yield and spread tiles ascend and turn round; the spread names its Treasury")
    func labels() async throws {
        let pricer = try await pricer([trade(1, minutes: 0)])
        let price = try #require(try await tiles(pricer)).tiles
        let yield = try #require(try await tiles(pricer, label: .ytm)).tiles
        let spread = try #require(try await tiles(pricer, label: .spread))
        #expect(yield == yield.sorted() && spread.tiles == spread.tiles.sorted())
        #expect(spread.benchmark == Quote.Benchmark(tenor: 10, cusip: "91282CJZ5"))
        for (yield, spread) in zip(yield, spread.tiles) {
            #expect(abs(spread - 100 * (yield - 4.1)) < 1e-9)
        }
        let terms = BondDirectory.sample.bonds.rows[0].terms
        let flows = try #require(
            terms.cashFlows(
                settlement: Settlement.date(tradedOn: EasternTime.date(Self.open))))
        #expect(abs(flows.yield(cleanPrice: price[0]) - yield[18]) < 1e-9)
    }

    @Test("The past is answered from what was known then: not from a print at that very moment")
    func pointInTime() async throws {
        let trades = [trade(1, minutes: 0), trade(2, price: 99, minutes: 10)]
        let pricer = try await pricer(trades)
        // Executed at minute 0 and reported at minute 1.
        #expect(try await tiles(pricer, minutes: 0) == nil)
        #expect(try await tiles(pricer, minutes: 1) == nil)
        let before = try #require(try await tiles(pricer, minutes: 11))
        // A market that goes on.
        let alone = try await self.pricer([
            trades[0],
            .market(MarketRow(time: Self.open + 30 * Self.minute, symbol: "LQD", price: 108)),
        ])
        #expect(before == (try await tiles(alone, minutes: 11)))
        let after = try #require(try await tiles(pricer, minutes: 12))
        #expect(after.tiles[9] < before.tiles[9])
    }

    @Test("A live quote is that of the past at its date")
    func date() async throws {
        let pricer = try await pricer([trade(1, minutes: 0), trade(2, price: 101, minutes: 10)])
        let live = try #require(try await tiles(pricer))
        #expect(live.time == Self.open + 11 * Self.minute + 1)
        #expect(await pricer.marketFacts().time == Self.open + 11 * Self.minute)
        let answers = await pricer.answers(to: [
            PriceQuestion(
                bond: 0, side: .dealer, isATS: false, quantity: 1_000_000, label: .price,
                time: live.time)
        ])
        #expect(answers == [.quote(live)])
        // Nothing is known after it.
        #expect(try await tiles(pricer, minutes: 500) == live)
    }

    @Test("A trade counts once, however often it comes")
    func onceOnly() async throws {
        let pricer = try await pricer([trade(1, minutes: 0), trade(2, price: 101, minutes: 10)])
        let once = try await tiles(pricer)
        await pricer.observe([trade(2, price: 101, minutes: 10)])
        #expect(try await tiles(pricer) == once)
        #expect(await pricer.lastTrades(bond: 0, count: 5).count == 2)
    }

    @Test("Every event changes the next answer")
    func live() async throws {
        let pricer = try await pricer([trade(1, minutes: 0)])
        let first = try #require(try await tiles(pricer)).tiles[9]
        await pricer.observe([trade(2, price: 101, minutes: 5)])
        let second = try #require(try await tiles(pricer)).tiles[9]
        #expect(second < first)
        #expect(await pricer.lastTrades(bond: 0, count: 5).map(\.tradeID) == ["2", "1"])
    }

    @Test("What cannot be priced has a reason: no print, no Treasury, a moment in the future")
    func reasons() async throws {
        let pricer = try await pricer([trade(1, minutes: 0)])
        #expect(try await tiles(pricer, bond: 1) == nil)
        let empty = FairValuePricer(bonds: BondDirectory.sample.bonds, name: "empty")
        #expect(try await tiles(empty) == nil)
        #expect(try await tiles(empty, minutes: 0) == nil)
        for (time, reason) in [
            (7_000_000_000_000_000_000, "the moment is in the future"),
            (Int64.max, "the moment is in the future"),
            (-1, "the moment is before the market's first event"),
            (Int64.min, "the moment is before the market's first event"),
        ] {
            let answers = await pricer.answers(to: [
                PriceQuestion(
                    bond: 0, side: .bid, isATS: false, quantity: 1, label: .price, time: time)
            ])
            #expect(answers == [.insufficientData(reason: reason)])
        }
    }
}
