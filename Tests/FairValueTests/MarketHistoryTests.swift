import Bonds
import FairValue
import Testing

@Suite struct MarketHistoryTests {
    private let minute: Int64 = 60_000_000_000
    private let start: Int64 = 1_741_186_800_000_000_000

    private func treasuries() throws -> [TreasuryRow] {
        try (0..<40).flatMap { step -> [TreasuryRow] in
            try TreasuryRow.tenors.enumerated().compactMap { index, tenor in
                // The long bond comes later, and one tenor rolls in between.
                if tenor == 30, step < 5 { return nil }
                let year = 2025 + tenor
                let month = tenor == 5 && step > 20 ? 3 : 2
                return TreasuryRow(
                    time: start + Int64(step) * 5 * minute, tenor: tenor, cusip: "X", coupon: 4,
                    maturity: try #require(CalendarDate(year: year, month: month, day: 15)),
                    yieldMid: 4 + 0.1 * Double(index) + 0.01 * Double(step % 7))
            }
        }
    }

    @Test("The curve at a time is that of the Treasury table, from ticks strictly earlier")
    func curve() throws {
        let rows = try treasuries()
        var history = MarketHistory()
        for row in rows { history.append(row) }
        let table = TreasuryTable(rows)
        for (year, month) in [(2026, 1), (2027, 2), (2029, 7), (2036, 1), (2050, 6), (2060, 1)] {
            let maturity = try #require(CalendarDate(year: year, month: month, day: 15))
            for shift in [1, 7, 31, 104, 198] {
                let time = start + Int64(shift) * minute
                let moment = try #require(history.market(before: time))
                let expected = try #require(
                    table.interpolatedYield(maturity: maturity, before: time))
                let found = history.yield(moment, maturity: maturity)
                #expect(abs(found - expected) < 1e-12)
            }
        }
        // A tick at the time itself belongs to the future.
        let at = try #require(history.market(before: start + 5 * minute))
        let after = try #require(history.market(before: start + 5 * minute + 1))
        let ten = try #require(CalendarDate(year: 2035, month: 2, day: 15))
        #expect(
            history.yield(at, maturity: ten)
                != history.yield(after, maturity: ten))
    }

    @Test("Later ticks change no earlier answer, and forgetting keeps what is still in force")
    func pointInTime() throws {
        let rows = try treasuries()
        var history = MarketHistory()
        let maturity = try #require(CalendarDate(year: 2033, month: 2, day: 15))
        let time = start + 51 * minute
        func answer(_ history: MarketHistory) throws -> [Double] {
            let moment = try #require(history.market(before: time))
            return [
                history.yield(moment, maturity: maturity),
                history.creditIndex(moment, isHighYield: false),
                history.creditIndex(moment, isHighYield: true),
            ]
        }
        var before: [Double] = []
        for row in rows {
            if row.time >= time, before.isEmpty { before = try answer(history) }
            history.append(row)
            if row.tenor == 20 {
                for (symbol, price) in [("LQD", 110.0), ("HYG", 80), ("SPY", 500)] {
                    history.append(
                        MarketRow(
                            time: row.time, symbol: symbol,
                            price: price + 0.02 * Double((row.time - start) / minute)))
                }
            }
        }
        #expect(try answer(history) == before)
        #expect(before[1] != CreditIndex.investmentGrade.value)
        #expect(before[2] != CreditIndex.highYield.value)
        history.forget(before: time)
        #expect(try answer(history) == before)
    }

    @Test("Trading time passes from 8:00 to 18:00 of business days, and at night by its share")
    func tradingTime() throws {
        func days(_ text: String, _ hour: Double, overnight: Double = 0) throws -> Double {
            var clock = TradingClock(overnightShare: overnight)
            let date = try #require(CalendarDate(text))
            return clock.moment(
                EasternTime.nanoseconds(date, timeOfDay: Int64(hour * 60) * minute)
            ).days
        }
        // A Friday, the weekend on which the clock moves, and the Monday.
        let friday = try days("2025-03-07", 8)
        #expect(abs(try days("2025-03-07", 13) - friday - 0.5) < 1e-12)
        #expect(try days("2025-03-07", 19) - friday == 1)
        #expect(try days("2025-03-09", 12) - friday == 1)
        #expect(try days("2025-03-10", 7.5) - friday == 1)
        #expect(abs(try days("2025-03-10", 9) - friday - 1.1) < 1e-12)
        #expect(try days("2025-04-19", 9) - days("2025-04-17", 18) == 0)
        // A night of 0.3 comes at the opening.
        let opening = try days("2025-03-10", 8, overnight: 0.3)
        #expect(abs(opening - (try days("2025-03-10", 7.9, overnight: 0.3)) - 0.3) < 1e-12)
        #expect(
            abs(try days("2025-03-10", 18, overnight: 0.3) - opening - 0.7) < 1e-12)
        var clock = TradingClock()
        let moment = clock.moment(start)
        #expect(moment.settlement == Settlement.date(tradedOn: moment.date))
    }
}
