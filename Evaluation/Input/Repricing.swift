import Bonds
import Files
import Quantiles

/// Turns yields and spreads into prices and back, by each trade's bond and settlement date.
struct Repricing {
    private let trades: TradeColumns
    private let facts: RowFacts
    private let market: MarketReference

    init(trades: TradeColumns, facts: RowFacts, market: MarketReference) {
        self.trades = trades
        self.facts = facts
        self.market = market
    }

    /// - Throws: `FileError` where the table forecasts yields or spreads and there is no market.
    init(
        _ table: ForecastTable, trades: TradeColumns?, facts: RowFacts?, market: MarketReference?
    ) throws(FileError) {
        guard let trades, let facts, let market else {
            throw FileError(
                .badData, file: table.file, "forecasts of a \(table.unit.rawValue)",
                expected: "prices, or a market folder with the bonds' terms",
                advice: "Give --market, so that they can be turned into prices")
        }
        self.init(trades: trades, facts: facts, market: market)
    }

    /// What each row's bond pays after the trade's settlement; nil where the market does not list
    /// it or it has matured.
    func cashFlows() -> [RemainingCashFlows?] {
        var settlements: [Int32: CalendarDate] = [:]
        var last = [(day: Int32, flows: RemainingCashFlows?)](
            repeating: (.min, nil), count: trades.bonds.count)
        return trades.bond.indices.map { row in
            guard facts.bondRow[row] >= 0 else { return nil }
            let day = facts.day[row]
            let bond = Int(trades.bond[row])
            if last[bond].day != day {
                let settlement =
                    settlements[day] ?? Settlement.date(tradedOn: CalendarDate(dayNumber: Int(day)))
                settlements[day] = settlement
                let terms = market.bonds.rows[Int(facts.bondRow[row])].terms
                last[bond] = (day, terms.cashFlows(settlement: settlement))
            }
            return last[bond].flows
        }
    }

    /// The benchmark Treasury's yield in percent at each trade: the table's own where it has one,
    /// else the market's; NaN where neither.
    func treasuryYields() -> [Double] {
        trades.bond.indices.map { row in
            if let own = trades.treasuryYield?[row], !own.isNaN { return own }
            guard facts.bondRow[row] >= 0, let treasuries = market.treasuries else { return .nan }
            let maturity = market.bonds.rows[Int(facts.bondRow[row])].terms.maturity
            return treasuries.benchmark(maturity: maturity, before: trades.time[row])?.yieldMid
                ?? .nan
        }
    }

    /// The forecasts as prices, by full repricing. A high yield is a low price, so the k % tile of
    /// the yield becomes the (100 - k) % tile of the price. NaN where a bond or Treasury is missing.
    func priced(_ table: ForecastTable) throws(FileError) -> ForecastTable {
        guard table.unit != .price else { return table }
        let width = table.levels.count
        let yields = self.yields(of: table)
        var prices = PriceArrays.cleanPrices(yields: yields, cashFlows: cashFlows())
        for row in 0..<table.rowCount { prices[row * width..<(row + 1) * width].reverse() }
        let levels: QuantileLevels
        do {
            levels = try QuantileLevels(table.levels.values.reversed().map { 1 - $0 })
        } catch {
            throw FileError(.badData, file: table.file, error.description)
        }
        return ForecastTable(
            file: table.file, isPoint: table.isPoint, levels: levels, tiles: prices,
            label: table.label, row: table.row, executionDate: table.executionDate)
    }

    /// The spreads over the benchmark in basis points at which the trades were made; NaN where a
    /// bond or Treasury is missing.
    func spreads(of prices: [Double]) -> [Double] {
        let treasury = treasuryYields()
        return PriceArrays.yields(cleanPrices: prices, cashFlows: cashFlows()).enumerated()
            .map { 100 * ($1 - treasury[$0]) }
    }

    /// Forecast yields in percent of a table of yields or spreads.
    func yields(of table: ForecastTable) -> [Double] {
        guard table.unit == .spread else { return table.tiles }
        let width = table.levels.count
        let treasury = treasuryYields()
        return table.tiles.indices.map { treasury[$0 / width] + table.tiles[$0] / 100 }
    }
}
