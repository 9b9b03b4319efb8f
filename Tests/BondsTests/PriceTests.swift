import Bonds
import Random
import Testing

/// Protects price, yield and risk by published examples and by what must hold for any bond.
@Suite struct PriceTests {
    private func bond(
        _ coupon: Double, _ maturity: String, dated: String? = nil, first: String? = nil,
        last: String? = nil, frequency: Int = 2, _ dayCount: DayCount = .thirty360US
    ) throws -> BondTerms {
        try BondTerms(
            coupon: coupon, frequency: frequency, dayCount: dayCount,
            datedDate: dated.map(day), firstCoupon: first.map(day), lastCoupon: last.map(day),
            maturity: day(maturity))
    }

    private func flows(_ bond: BondTerms, _ settlement: String) throws -> RemainingCashFlows {
        try #require(try bond.cashFlows(settlement: day(settlement)))
    }

    /// 31 CFR Part 356, Appendix B, II.A: the 8 3/4 % bond of May 2020.
    @Test func treasuryExample() throws {
        let bond = try bond(8.75, "2020-05-15", dated: "1990-05-15", .actualActualICMA)
        let price = try flows(bond, "1990-05-15").cleanPrice(yield: 8.84)
        #expect(abs(price - 99.057893) < 5e-7)
    }

    /// The examples of Microsoft's documentation of PRICE, YIELD, MDURATION, ODDFPRICE, ODDLPRICE.
    @Test func spreadsheetExamples() throws {
        let regular = try bond(5.75, "2017-11-15")
        #expect(abs(try flows(regular, "2008-02-15").cleanPrice(yield: 6.5) - 94.63436162) < 5e-9)
        let other = try flows(bond(5.75, "2016-11-15"), "2008-02-15")
        #expect(abs(other.yield(cleanPrice: 95.04287) - 6.5) < 1e-6)
        let duration = try flows(bond(8, "2016-01-01", .actualActualICMA), "2008-01-01")
        #expect(abs(duration.risk(yield: 9).modifiedDuration - 5.73567) < 5e-6)
        let oddFirst = try bond(
            7.85, "2021-03-01", dated: "2008-10-15", first: "2009-03-01", .actualActualICMA)
        #expect(abs(try flows(oddFirst, "2008-11-11").cleanPrice(yield: 6.25) - 113.597717) < 1e-6)
        let oddLast = try bond(3.75, "2008-06-15", last: "2007-10-15")
        #expect(abs(try flows(oddLast, "2008-02-07").cleanPrice(yield: 4.05) - 99.87828601) < 5e-9)
    }

    @Test(arguments: [1, 2, 4, 12])
    func parOnACouponDate(_ frequency: Int) throws {
        let bond = try bond(6, "2035-06-15", frequency: frequency)
        let flows = try flows(bond, "2025-06-15")
        #expect(flows.accruedInterest == 0)
        #expect(abs(flows.cleanPrice(yield: 6) - 100) < 1e-12)
        #expect(abs(flows.yield(cleanPrice: 100) - 6) < 1e-12)
    }

    @Test func lastPeriodIsSimple() throws {
        let flows = try flows(bond(6, "2025-06-15"), "2025-03-15")
        #expect(flows.accruedInterest == 1.5)
        #expect(abs(flows.dirtyPrice(yield: 5) - 103 / (1 + 0.5 * 0.05 / 2)) < 1e-12)
    }

    @Test func accruedInterestAtTheEndsOfMonths() throws {
        let monthEnd = try bond(7.2, "2030-08-31")
        let perDay = 3.6 / 180
        for (date, days) in [
            ("2025-02-28", 0.0), ("2025-03-01", 1), ("2025-08-29", 179), ("2025-08-30", 180),
            ("2025-08-31", 0), ("2025-09-01", 1), ("2025-10-31", 60),
        ] {
            let accrued = try monthEnd.accruedInterest(settlement: day(date))
            #expect(abs(accrued - days * perDay) < 1e-12, "\(date)")
        }
        // A bond that pays on the 28th counts February's last two days.
        let other = try bond(7.2, "2030-08-28")
        #expect(abs(try other.accruedInterest(settlement: day("2025-03-01")) - 3 * perDay) < 1e-12)
    }

    @Test func couponDates() throws {
        let bond = try bond(
            5, "2027-08-31", dated: "2026-01-10", first: "2026-08-31", .actualActualICMA)
        #expect(
            try bond.paymentDates(after: day("2026-01-20")).map(\.description)
                == ["2026-08-31", "2027-02-28", "2027-08-31"])
        #expect(try bond.paymentDates(after: day("2027-08-31")) == [])
        #expect(try bond.cashFlows(settlement: day("2027-08-31")) == nil)
        // A first coupon on the 30th says that this is no bond of month ends.
        let thirtieth = try self.bond(5, "2030-06-30", dated: "2025-06-30", first: "2025-12-30")
        #expect(
            try thirtieth.paymentDates(after: day("2029-08-01")).map(\.description)
                == ["2029-12-30", "2030-06-30"])
    }

    @Test func yieldToWorst() throws {
        let bond = try bond(8, "2035-06-15")
        let calls = CallSchedule([
            .init(date: try day("2030-06-15"), price: 100),
            .init(date: try day("2028-03-01"), price: 104),
            .init(date: try day("2020-01-01"), price: 110),
        ])
        let settlement = try day("2025-06-16")
        let premium = try #require(
            bond.yieldToWorst(cleanPrice: 112, settlement: settlement, calls: calls))
        #expect(try premium.workout == day("2028-03-01") && premium.redemption == 104)
        // Called between coupon dates, the holder gets the interest accrued until then.
        let flows = try #require(
            bond.cashFlows(settlement: settlement, calledOn: premium.workout, at: 104))
        #expect(abs(flows.cleanPrice(yield: premium.yield) - 112) < 1e-9)
        #expect(premium.yield < 8)
        let discount = try #require(
            bond.yieldToWorst(cleanPrice: 80, settlement: settlement, calls: calls))
        #expect(discount.workout == bond.maturity)
        // At par with calls at par every end gives the coupon.
        let atPar = try #require(
            bond.cashFlows(settlement: settlement, calledOn: day("2031-01-09"), at: 100))
        #expect(abs(atPar.yield(cleanPrice: 100) - 8) < 2e-3)
    }

    /// Bonds of every kind, each at a settlement date.
    private func anyFlows(_ count: Int) throws -> [RemainingCashFlows] {
        var random = RandomStream(seed: 4).stream("bonds")
        let start = try day("2015-01-01")
        return try (0..<count).map { index in
            let frequency = [1, 2, 4, 12][index % 4]
            let maturity = start + Int.random(in: 2...15_000, using: &random)
            let isOdd = index % 5 == 0
            let bond = try BondTerms(
                coupon: index % 7 == 0 ? 0 : Double.random(in: 0...15, using: &random),
                frequency: frequency,
                dayCount: index % 3 == 0 ? .actualActualICMA : .thirty360US,
                datedDate: start + -Int.random(in: 500...4_000, using: &random),
                lastCoupon: isOdd ? maturity + -Int.random(in: 1...500, using: &random) : nil,
                maturity: maturity)
            let settlement = start + Int.random(in: 0..<(maturity - start), using: &random)
            return try #require(bond.cashFlows(settlement: settlement))
        }
    }

    @Test func pricesAndYieldsAreInversesOverTheWholeRange() throws {
        var worst = 0.0
        for flows in try anyFlows(2_000) {
            let highest = flows.cleanPrice(yield: -5)
            let lowest = flows.cleanPrice(yield: 300)
            for step in 0...40 {
                let price = 1 + 249 * Double(step) / 40
                let yield = flows.yield(cleanPrice: price)
                if yield.isNaN {
                    #expect(!(price > lowest && price < highest))
                    continue
                }
                worst = max(worst, abs(flows.cleanPrice(yield: yield) - price))
            }
        }
        #expect(worst < 1e-9)
    }

    @Test func priceFallsWithYieldAndRiskIsItsSlope() throws {
        for flows in try anyFlows(500) {
            var before = Double.infinity
            for step in 0...61 {
                let price = flows.cleanPrice(yield: -5 + 5 * Double(step))
                // A bond that is paid tomorrow hardly moves, but it never rises.
                #expect(price < before || before - price < 1e-12)
                before = price
            }
            for yield in [-4.0, 0, 5, 40] {
                let risk = flows.risk(yield: yield)
                let up = flows.dirtyPrice(yield: yield + 0.01)
                let down = flows.dirtyPrice(yield: yield - 0.01)
                #expect(risk.dv01 >= 0)
                #expect(abs((down - up) / 2 - risk.dv01) < 1e-4 * risk.dv01 + 1e-11)
                let price = flows.dirtyPrice(yield: yield)
                #expect(
                    abs(risk.modifiedDuration * price / 10_000 - risk.dv01) < 1e-12 * (1 + price))
                let second = (up - 2 * price + down) / 1e-8 / price
                #expect(abs(second - risk.convexity) < 1e-3 * risk.convexity + 0.02)
            }
        }
    }

    @Test func arraysAgreeWithSingleBonds() throws {
        let flows: [RemainingCashFlows?] = try anyFlows(300) + [nil]
        var prices: [Double] = []
        for row in flows.indices {
            for level in 0..<19 { prices.append(60 + Double(row % 50) + Double(level) * 0.3) }
        }
        let yields = PriceArrays.yields(cleanPrices: prices, cashFlows: flows)
        for index in yields.indices {
            guard let flows = flows[index / 19] else {
                #expect(yields[index].isNaN)
                continue
            }
            let alone = flows.yield(cleanPrice: prices[index])
            #expect(alone.isNaN == yields[index].isNaN)
            if !alone.isNaN { #expect(abs(alone - yields[index]) < 1e-9 * max(1, abs(alone))) }
            if index % 19 > 0, !alone.isNaN { #expect(!(yields[index] > yields[index - 1])) }
        }
        let back = PriceArrays.cleanPrices(yields: yields, cashFlows: flows)
        for (price, again) in zip(prices, back) where !again.isNaN {
            #expect(abs(price - again) < 1e-9)
        }
        #expect(PriceArrays.yields(cleanPrices: [], cashFlows: []).isEmpty)
        #expect(PriceArrays.cleanPrices(yields: [-200, .nan], cashFlows: [flows[1]])[0].isNaN)
    }

    @Test(arguments: [0, -1, .nan, .infinity, 1e6])
    func pricesWithoutAYield(_ price: Double) throws {
        #expect(try flows(bond(5, "2035-06-15"), "2025-06-16").yield(cleanPrice: price).isNaN)
        #expect(try flows(bond(0, "2035-06-15"), "2025-06-16").yield(cleanPrice: price).isNaN)
    }

    @Test func nothingIsClamped() throws {
        let flows = try flows(bond(5, "2035-06-15"), "2025-06-16")
        let lowest = flows.cleanPrice(yield: 300)
        let highest = flows.cleanPrice(yield: -5)
        let prices = [lowest * 0.9, lowest, 99, 99, highest, highest * 1.1, 99, lowest * 0.9]
        let yields = PriceArrays.yields(cleanPrices: prices, cashFlows: [flows])
        #expect(yields.map(\.isNaN) == [true, false, false, false, false, true, false, true])
        #expect(abs(yields[1] - 300) < 1e-8 && abs(yields[4] + 5) < 1e-8)
        #expect(yields[2] == yields[3])
    }

    @Test func neighbouringPricesKeepTheirOrder() throws {
        let flows = try flows(bond(5, "2035-06-15"), "2025-06-16")
        var prices = [97.25]
        for _ in 0..<200 { prices.append(prices[prices.count - 1].nextUp) }
        let yields = PriceArrays.yields(cleanPrices: prices, cashFlows: [flows])
        #expect(zip(yields, yields.dropFirst()).allSatisfy { $0 >= $1 })
    }

    @Test func tilesTurnRound() throws {
        let bond = try bond(5, "2035-06-15")
        let flows: [RemainingCashFlows?] = [try self.flows(bond, "2025-06-16"), nil]
        let (tiles, missing) = TileOrientation.yieldTiles(
            priceTiles: [-1, 98, 99, 98, 99, 100], cashFlows: flows)
        let lowest = try #require(flows[0]).yield(cleanPrice: 99)
        #expect(abs(tiles[0] - lowest) < 1e-12)
        #expect(tiles[1] > tiles[0] && tiles[2].isNaN)
        #expect(tiles[3...].count(where: \.isNaN) == 3)
        #expect(missing == 4)
        let spreads = TileOrientation.spreadTiles(yieldTiles: tiles, treasuryYields: [4.25, 4.25])
        #expect(abs(spreads[0] - 100 * (lowest - 4.25)) < 1e-9)
        #expect(spreads[2].isNaN)
    }

    @Test func termsThatAreNoBond() throws {
        func problem(_ body: () throws -> BondTerms) -> String {
            do {
                _ = try body()
                return "none"
            } catch { return "\(error)" }
        }
        #expect(problem { try bond(-1, "2030-01-01") }.contains("a coupon of -1.0 %"))
        #expect(problem { try bond(.nan, "2030-01-01") }.contains("a coupon of nan"))
        #expect(problem { try bond(5, "2030-01-01", frequency: 3) }.contains("3 coupons a year"))
        #expect(
            problem { try bond(5, "2030-01-01", dated: "2030-01-01") }
                .contains("the dated date 2030-01-01 is not before the maturity"))
        #expect(
            problem { try bond(5, "2030-01-01", first: "2029-01-01", last: "2028-01-01") }
                .contains("the first coupon 2029-01-01 is not before the last coupon"))
    }
}
