import Bonds
import Files

/// The bond funds of a market folder: what they hold, what they publish, where they trade.
struct FundMarket: Sendable {
    private let table: FundTable
    /// Prices by symbol, ascending in time.
    private let prices: [(symbol: String, ticks: [MarketRow])]
    private let bonds: BondTable

    /// A basket in which less than this share of the par has a forecast is no basket.
    static let leastCoverage = 0.9
    private static let interval: Int64 = 300_000_000_000
    /// The exchange's hours in New York, in nanoseconds of the day.
    private static let openingHours: ClosedRange<Int64> = 34_200_000_000_000...57_600_000_000_000

    /// Nil where the folder lacks holdings, funds or their prices.
    init?(_ market: MarketReference) throws(FileError) {
        let holdings = try HoldingRow.readIfPresent(market: market.folder)
        let funds = try FundRow.readIfPresent(market: market.folder)
        guard !holdings.isEmpty, !funds.isEmpty else { return nil }
        let symbols = Set(funds.map(\.etf))
        let ticks = try MarketRow.readIfPresent(market: market.folder)
            .filter { symbols.contains($0.symbol) }
        guard !ticks.isEmpty else { return nil }
        table = FundTable(holdings: holdings, funds: funds)
        bonds = market.bonds
        prices = Dictionary(grouping: ticks, by: \.symbol)
            .map { ($0.key, $0.value.sorted { $0.time < $1.time }) }
            .sorted { $0.symbol < $1.symbol }
    }

    /// Each fund's basket against its price; funds that are never covered are absent.
    func check(_ values: BondValues) -> [FundCheck] {
        prices.compactMap { check($0.symbol, $0.ticks, values.values) }
    }

    private func check(
        _ fund: String, _ ticks: [MarketRow], _ values: [BondValues.Value]
    ) -> FundCheck? {
        guard let first = values.first, let last = values.last else { return nil }
        let lastDay = EasternTime.date(last.time)
        var basket = Basket(bondCount: bonds.rows.count)
        var next = 0
        var day: CalendarDate?
        var interval = Int64.min
        var errors: (day: [Double], value: [Double], tick: [Double]) = ([], [], [])
        var coverage: [Double] = []
        var ages: [Double] = []
        for (place, tick) in ticks.enumerated() where tick.time > first.time {
            let clock = EasternTime.clock(tick.time)
            guard clock.date <= lastDay else { break }
            while next < values.count, values[next].time < tick.time {
                basket.see(values[next])
                next += 1
            }
            if clock.date != day {
                day = clock.date
                // A day's files are known when it is over.
                basket.hold(holdings(fund, before: clock.date), on: clock.date, bonds)
            }
            if Self.openingHours.contains(clock.timeOfDay), tick.time / Self.interval != interval {
                interval = tick.time / Self.interval
                if let row = table.fund(etf: fund, before: clock.date),
                    let worth = basket.worth(row)
                {
                    errors.tick.append(worth - tick.price)
                    coverage.append(basket.coverage)
                    ages.append(basket.age(at: tick.time))
                }
            }
            let isLast =
                place + 1 == ticks.count || EasternTime.date(ticks[place + 1].time) > clock.date
            guard isLast, let row = table.fund(etf: fund, before: clock.date + 1),
                row.date == clock.date
            else { continue }
            // The day is over: its own holdings and cash are published.
            var closing = basket
            closing.hold(holdings(fund, before: clock.date + 1), on: clock.date, bonds)
            guard let worth = closing.worth(row) else { continue }
            errors.day.append(worth - tick.price)
            if !row.netAssetValue.isNaN { errors.value.append(row.netAssetValue - tick.price) }
            coverage.append(closing.coverage)
            ages.append(closing.age(at: tick.time))
        }
        guard !coverage.isEmpty else { return nil }
        return FundCheck(
            fund: fund, endOfDay: .init(errors.day), netAssetValue: .init(errors.value),
            intraday: .init(errors.tick),
            coverage: coverage.reduce(0, +) / Double(coverage.count),
            age: ages.reduce(0, +) / Double(ages.count))
    }

    private func holdings(_ fund: String, before date: CalendarDate) -> [(bond: Int, par: Double)] {
        table.holdings(etf: fund, before: date).compactMap { row in
            bonds.index(cusip: row.cusip).map { ($0, row.par) }
        }
    }
}
