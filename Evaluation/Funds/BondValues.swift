import Bonds
import Files
import Quantiles

/// The medians of forecasts of listed bonds in the order of their times.
struct BondValues: Sendable {
    struct Value: Sendable {
        /// UTC epoch nanoseconds.
        let time: Int64
        /// Where the bond stands in the market's list.
        let bond: Int32
        /// Clean price per 100 of par.
        let price: Double
    }

    let values: [Value]

    /// - Parameter table: of prices; its rows are those of the trades.
    init(_ table: ForecastTable, trades: TradeColumns, bondRow: [Int32]) {
        let medians = table.tiles(level: table.levels.medianIndex)
        values = rowOrder(of: trades.time).compactMap { row in
            let row = Int(row)
            guard bondRow[row] >= 0, medians[row].isFinite else { return nil }
            return Value(time: trades.time[row], bond: bondRow[row], price: medians[row])
        }
    }

    /// The forecasts of a table as it came: all quotes, also those that no trade followed.
    init?(quotes: ForecastTable, market: MarketReference) throws(FileError) {
        guard let trades = try TradeColumns(quotes) else { return nil }
        let facts = RowFacts(trades, market: market, ratingAgency: nil)
        let priced = try Repricing(trades: trades, facts: facts, market: market).priced(quotes)
        self.init(priced, trades: trades, bondRow: facts.bondRow)
    }
}
