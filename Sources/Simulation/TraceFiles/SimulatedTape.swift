import Bonds
import Files
import Tape

/// Writes the tape of a simulated market, day by day: `trades.csv`, `truth.csv` and, where they are
/// asked for, the raw files of TRACE.
///
/// `trades.csv` is what `tenor import` should make of the raw files: prints that were taken back
/// keep their row, and reports that cleaning removes for good have none. Identifiers, times and
/// prices are the same whether the raw files are written or not. Memory holds one day, and what is
/// still to come of earlier ones: late reports, cancels, corrections, reversals.
public struct SimulatedTape {
    /// What a tape came to.
    public struct Summary: Codable, Sendable, Equatable {
        /// Rows of `trades.csv` and of `truth.csv`.
        public var trades = 0
        /// Rows that were taken back.
        public var withdrawn = 0
        /// Records of TRACE, both reports of trades between dealers and all errors included.
        public var reports = 0
        /// Trades of the last days whose report would come after the market's end: not in any file.
        public var unreported = 0
    }

    /// The folder of the raw files in a market folder.
    public static let traceFolder = "trace"

    private let folder: String
    private let lines: TraceLines?
    private let market: any SimulatedMarket
    private let tradesFile: PartialFile
    private let truthFile: PartialFile
    private let errorsFile: PartialFile?
    private var trades: CSVWriter
    private var truth: CSVWriter
    private var errors: CSVWriter?
    private var reporter: TradeReporter
    private var numbers = ReferenceNumbers()
    private var separation: TradeSeparation
    private var summary = Summary()

    private static let rowsAtOnce = 1 << 12

    /// Opens the files of a market; they appear when the tape is finished.
    ///
    /// - Parameter folder: An existing market folder.
    public init(market: any SimulatedMarket, folder: String) throws(FileError) {
        self.folder = folder
        self.market = market
        lines =
            market.settings.rawFiles
            ? TraceLines(bonds: market.bonds, entities: market.entities) : nil
        tradesFile = try PartialFile(path: MarketFolder.plainPath(of: "trades", in: folder))
        truthFile = try PartialFile(
            path: MarketFolder.plainPath(of: TradeTruth.table, in: folder))
        trades = try CSVWriter(header: Trade.columns, sink: tradesFile.sink)
        truth = try CSVWriter(header: TradeTruth.columns, sink: truthFile.sink)
        if market.settings.rawFiles {
            try Folder.make(folder + "/" + Self.traceFolder)
            let file = try PartialFile(path: folder + "/\(Self.traceFolder)/errors.csv")
            errors = try CSVWriter(header: ["trade_id", "error_code"], sink: file.sink)
            errorsFile = file
        } else {
            errorsFile = nil
        }
        reporter = TradeReporter(market)
        separation = TradeSeparation(bonds: market.bonds.count)
    }

    /// Adds the next day; days come in order, without gaps.
    public mutating func append(_ day: SimulatedDay) throws {
        for trade in day.trades {
            reporter.report(
                separation.separated(trade), day: day.index,
                isInvestmentGrade: lines == nil
                    || market.rating(bond: trade.bond, day: day.index).isInvestmentGrade)
        }
        let (traceDay, rows) = numbers.close(day.date, &reporter)
        summary.trades += rows.count
        summary.withdrawn += rows.count { !$0.trade.holds }
        summary.reports += traceDay.records.count
        summary.unreported = reporter.unreported
        try write(rows)
        guard let lines else { return }
        try lines.write(traceDay, to: folder + "/" + Self.traceFolder)
        for record in traceDay.records {
            guard let error = record.report.error else { continue }
            errors?.field(record.own.identifier(record.report))
            errors?.field(error.rawValue)
            try errors?.endRow()
        }
    }

    /// Completes the files.
    public mutating func finish() throws(FileError) -> Summary {
        try truthFile.commit()
        try errorsFile?.commit()
        try tradesFile.commit()
        return summary
    }

    /// How many reports and rows are held for later days.
    package var waiting: Int { reporter.reports.count + reporter.rows.count + numbers.waiting }

    private mutating func write(_ rows: [TapeRow]) throws {
        let parts = (rows.count + Self.rowsAtOnce - 1) / Self.rowsAtOnce
        let texts = Parallel.map(count: parts) { part in
            var trades = CSVRows(columnCount: Trade.columns.count)
            var truth = CSVRows(columnCount: TradeTruth.columns.count)
            let first = part * Self.rowsAtOnce
            for row in rows[first..<min(first + Self.rowsAtOnce, rows.count)] {
                trades.append(row.trade)
                row.truth.write(to: &truth)
                truth.endRow()
            }
            return (trades: trades, truth: truth)
        }
        for text in texts {
            try trades.append(text.trades)
            try truth.append(text.truth)
        }
    }
}

/// Keeps trades of one bond, side and venue in different seconds: one second would make them pieces
/// of one trade, which the market does not mean.
package struct TradeSeparation {
    private var last: [Int64]

    package init(bonds: Int) { last = Array(repeating: .min, count: bonds * 6) }

    /// The trade, a second after the one before where it was in the same; trades come in the order
    /// of execution.
    package mutating func separated(_ trade: SimulatedTrade) -> SimulatedTrade {
        let key = trade.bond * 6 + Int(trade.side.rawValue) * 2 + (trade.isATS ? 1 : 0)
        guard trade.executionTime <= last[key] else {
            last[key] = trade.executionTime
            return trade
        }
        last[key] += 1_000_000_000
        var moved = trade
        moved.executionTime = last[key]
        moved.reportTime = max(moved.reportTime, moved.executionTime)
        for index in moved.pieces.indices {
            moved.pieces[index].reportTime = max(
                moved.pieces[index].reportTime, moved.executionTime)
        }
        return moved
    }
}
