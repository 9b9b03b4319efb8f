import Bonds
import Files
import Tape

/// A trade whose price is to be forecast, and what came of it.
struct ForecastQuery: Sendable {
    /// When the trade was executed: what became known earlier may be used. UTC epoch nanoseconds.
    let time: Int64
    let reportTime: Int64
    /// The row of the bond.
    let bond: Int32
    /// The number of the trade among those that hold, in the order of the file.
    let ordinal: Int32
    let side: Trade.Side
    let isATS: Bool
    /// Dollars of par.
    let quantity: Double
    /// Per 100 of par.
    let price: Double
    /// TRACE's own, in percent; NaN where there is none.
    let yield: Double

    init(_ trade: Trade, bond: Int, ordinal: Int) {
        time = trade.executionTime
        reportTime = trade.reportTime
        self.bond = Int32(bond)
        self.ordinal = Int32(ordinal)
        side = trade.side
        isATS = trade.isATS
        quantity = trade.quantity
        price = trade.price
        yield = trade.yield
    }
}

/// The trades of a market folder that are forecast, in the order of their execution, and the days
/// that divide them into training and test.
struct QueryPlan: Sendable {
    private(set) var queries: [ForecastQuery] = []
    /// Training ends before this time, in UTC epoch nanoseconds.
    private(set) var trainingEnd = Int64.min
    /// Trades executed in this range are written.
    private(set) var tested: Range<Int64> = 0..<0
    private(set) var trainTo = CalendarDate(dayNumber: 0)
    /// The first and the last day with a forecast.
    private(set) var days: ClosedRange<CalendarDate>
    /// Prints of each bond up to the end of training.
    private(set) var trainingPrints: [Int]
    /// Trades that were withdrawn, and those of bonds that are not in the list.
    private(set) var withdrawn = 0
    private(set) var unknown = 0

    /// Reads the trades of a folder.
    /// - Throws: `FileError` where the folder has no trades, or none in the range of dates.
    init(
        _ job: BaselineJob, bonds: BondTable, progress: (Int) throws -> Void
    ) throws {
        let path = try TradeFile.path(market: job.market)
        var all: [ForecastQuery] = []
        let reader = try TradeReader(path: path, disorder: MarketReplay.tradeDisorder)
        while let trades = try reader.next() {
            for trade in trades {
                guard let bond = bonds.index(cusip: trade.cusip) else {
                    unknown += 1
                    continue
                }
                guard trade.holds else {
                    withdrawn += 1
                    continue
                }
                all.append(ForecastQuery(trade, bond: bond, ordinal: all.count))
            }
            try progress(all.count)
        }
        let order = all.indices.sorted { (all[$0].time, $0) < (all[$1].time, $1) }
        guard let first = order.first, let last = order.last else {
            throw FileError(
                .badData, file: path, "no trade of a bond in bonds.csv", expected: "some that hold")
        }
        let tape =
            EasternTime.date(all[first].time)...EasternTime.date(all[last].time)
        trainingPrints = [Int](repeating: 0, count: bonds.rows.count)
        days = tape
        try divide(job, tape, path)
        let start = tested.lowerBound
        for index in order {
            let query = all[index]
            if query.reportTime < trainingEnd { trainingPrints[Int(query.bond)] += 1 }
            guard query.time < tested.upperBound, query.quantity >= job.minimumQuantity,
                query.time >= start || query.time < trainingEnd
            else { continue }
            queries.append(query)
        }
        guard queries.contains(where: { tested.contains($0.time) }) else {
            throw FileError(
                .badData, file: path, "no trade to forecast",
                expected: "trades from \(days.lowerBound) to \(days.upperBound)"
                    + (job.minimumQuantity > 0 ? " of at least \(job.minimumQuantity)" : ""),
                found: "trades from \(tape.lowerBound) to \(tape.upperBound)")
        }
    }

    /// Finds the dates that were not given: training takes what is before the first forecast, else
    /// the first two thirds of the days; forecasts begin on the day after training.
    private mutating func divide(
        _ job: BaselineJob, _ tape: ClosedRange<CalendarDate>, _ path: String
    ) throws {
        let third = (tape.upperBound - tape.lowerBound + 1) / 3
        trainTo = job.trainTo ?? job.from.map { $0 + (-1) } ?? (tape.upperBound + (-third))
        let from = job.from ?? (trainTo + 1)
        let to = job.to ?? max(tape.upperBound, from)
        guard from <= to else {
            throw FileError(
                .badData, file: path, "no day to forecast",
                expected: "--from not after --to", found: "\(from) and \(to)")
        }
        days = from...to
        trainingEnd = EasternTime.nanoseconds(trainTo + 1, timeOfDay: 0)
        tested =
            EasternTime.nanoseconds(
                from, timeOfDay: 0)..<EasternTime.nanoseconds(to + 1, timeOfDay: 0)
    }

    /// Whether a forecast trade's price was known when training ended.
    func isTraining(_ query: ForecastQuery) -> Bool {
        query.time < trainingEnd && query.reportTime < trainingEnd
    }
}
