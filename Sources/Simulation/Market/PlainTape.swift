import Bonds
import Files
import Tape

/// Writes `trades.csv` in report order. Reports may come on the day after their trade, so a day's
/// rows are held until the next one begins.
struct PlainTape {
    private var writer: CSVWriter
    private let bonds: [BondRow]
    private var pending: [(Trade, SimulatedTrade)] = []

    /// Writes the file; it does not appear before the body is done.
    static func write(
        _ market: any SimulatedMarket, to folder: String, _ body: (inout PlainTape) throws -> Void
    ) throws {
        try CSVWriter.write(to: folder + "/trades.csv", header: Trade.columns) { writer in
            var tape = PlainTape(writer: writer, bonds: market.bonds)
            try body(&tape)
            try tape.flush(before: .max)
        }
    }

    mutating func append(_ day: SimulatedDay) throws {
        for trade in day.trades where !trade.isPrimaryMarket {
            var row = Trade()
            row.tradeID = "\(day.index)-\(trade.bond)-\(trade.ordinal)"
            row.cusip = bonds[trade.bond].cusip
            row.figi = bonds[trade.bond].figi
            row.executionTime = trade.executionTime
            row.reportTime = trade.reportTime
            row.isATS = trade.isATS
            row.side = trade.side
            row.quantity = trade.quantity
            row.price = trade.price
            row.yield = trade.yield
            pending.append((row, trade))
        }
        // What is reported on the next day comes after its opening.
        try flush(before: MarketClock.opening(day.date) + 86_400 * MarketClock.second)
    }

    private mutating func flush(before time: Int64) throws {
        pending.sort {
            ($0.0.reportTime, $0.1.executionTime, $0.1.bond, $0.1.ordinal)
                < ($1.0.reportTime, $1.1.executionTime, $1.1.bond, $1.1.ordinal)
        }
        let end = pending.firstIndex { $0.0.reportTime >= time } ?? pending.count
        var text = CSVRows(columnCount: Trade.columns.count)
        for (row, _) in pending[..<end] { text.append(row) }
        try writer.append(text)
        pending.removeFirst(end)
    }
}
