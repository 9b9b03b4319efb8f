import Bonds
import Files
import Tape

/// The true quantiles of a simulated market, which only `truth.csv` knows.
struct OracleForecaster: Forecaster {
    /// What the price of each trade that holds was drawn from, by the query's ordinal.
    private var truths: [TrueDistribution] = []

    /// Reads `truth.csv` beside `trades.csv`, whose rows it has in much the same order.
    /// - Throws: `FileError` where the folder has no truth, or none of a trade.
    init(job: BaselineJob, bonds: BondTable) throws(FileError) {
        guard let path = try TradeTruth.path(market: job.market) else {
            throw FileError(
                .missing, file: job.market + "/truth.csv", "no such file",
                expected: "the truth of a simulated market",
                advice: "Only a market that 'tenor simulate' made has an oracle")
        }
        let reader = try ReferenceReader<TradeTruth>(path: path)
        var waiting: [String: TrueDistribution] = [:]
        var isRead = false
        let trades = try TradeReader(
            path: TradeFile.path(market: job.market), disorder: MarketReplay.tradeDisorder)
        while let more = try trades.next() {
            for trade in more {
                while waiting[trade.tradeID] == nil, !isRead {
                    guard let rows = try reader.next() else {
                        isRead = true
                        break
                    }
                    for row in rows { waiting[row.tradeID] = row.distribution }
                }
                guard let truth = waiting.removeValue(forKey: trade.tradeID) else {
                    throw FileError(
                        .badData, file: path, "no row for a trade of trades.csv",
                        expected: "a row of trade \(FileError.quoted(trade.tradeID))")
                }
                if trade.holds, bonds.index(cusip: trade.cusip) != nil { truths.append(truth) }
            }
        }
    }

    mutating func observe(_ print: SeenPrint) {}
    mutating func withdraw(bond: Int, identifier: Int) {}

    func forecast(_ query: ForecastQuery, _ view: BondView) -> PointForecast? {
        let truth = truths[Int(query.ordinal)]
        return PointForecast(
            space: .truth(truth), location: truth.location, scale: 1,
            point: truth.quantile(0.5))
    }
}
