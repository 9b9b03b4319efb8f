import Bonds
import Files

/// One row of `trades.csv`: a trade of a market folder.
public struct Trade: Sendable, Equatable {
    /// Who faces whom; the sides of the AXOR data dictionary.
    public enum Side: UInt8, Sendable, CaseIterable {
        /// `B`, `C`: the dealer buys from a client.
        case bid
        /// `S`, `C`: the dealer sells to a client.
        case offer
        /// `S`, `D`: a trade between dealers, stored once.
        case dealer

        /// The side in one word, as quotes have it.
        public var name: String {
            switch self {
            case .bid: "bid"
            case .offer: "offer"
            case .dealer: "dealer"
            }
        }
    }

    /// Unique in the folder. Of imported trades: the report day and the reference number of each
    /// piece, joined by `+`; a `B` behind it says that only the buyer's report is there.
    public var tradeID = ""
    public var cusip = ""
    public var figi = ""
    /// UTC epoch nanoseconds.
    public var executionTime: Int64 = 0
    /// When it became known; UTC epoch nanoseconds.
    public var reportTime: Int64 = 0
    /// When it became known to be wrong, or `Int64.max` where it holds; UTC epoch nanoseconds.
    public var withdrawnTime = Int64.max
    /// The `tradeID` of the trade that this one corrects, empty for none.
    public var replaces = ""
    public var isATS = false
    public var side = Side.bid
    /// Dollars of par.
    public var quantity = 0.0
    /// Per 100 of par.
    public var price = 0.0
    /// TRACE's own, in percent; NaN where there is none.
    public var yield = Double.nan
    public var isDisseminated = true
    /// The reporting dealer's (masked) name, empty where it is not told.
    public var dealer = ""

    public init() {}

    /// Whether the trade was never withdrawn.
    public var holds: Bool { withdrawnTime == .max }

    /// The columns of `trades.csv`.
    public static let columns = [
        "trade_id", "cusip", "figi", "execution_date", "report_date", "withdrawn_date", "replaces",
        "ats_indicator", "buy_sell", "side", "quantity", "price", "yield", "disseminated", "dealer",
    ]
}

extension CSVRows {
    /// Appends a trade as a row of `trades.csv`.
    public mutating func append(_ trade: Trade) {
        field(trade.tradeID)
        field(trade.cusip)
        field(trade.figi)
        field(trade.executionTime)
        field(trade.reportTime)
        if trade.holds { empty() } else { field(trade.withdrawnTime) }
        field(trade.replaces)
        field(trade.isATS ? "Y" : "N")
        field(trade.side == .bid ? "B" : "S")
        field(trade.side == .dealer ? "D" : "C")
        field(trade.quantity)
        field(trade.price)
        field(trade.yield)
        field(trade.isDisseminated ? "Y" : "N")
        field(trade.dealer)
        endRow()
    }
}

/// The file `trades.csv` of a market folder; trades are formatted on several threads.
public enum TradeFile {
    /// Where a market folder has its trades, plain or gzip.
    public static func path(market folder: String) throws(FileError) -> String {
        try MarketFolder.path(of: "trades", in: folder)
            ?? MarketFolder.plainPath(of: "trades", in: folder)
    }

    /// Writes `count` trades, which must come in report order; packed where the path ends in `.gz`.
    public static func write(
        to path: String, count: Int, _ trade: @Sendable (Int) -> Trade
    ) throws {
        let rowsAtOnce = 1 << 14
        let blocksAtOnce = 16
        try CSVWriter.write(to: path, header: Trade.columns) { writer in
            var start = 0
            while start < count {
                let first = start
                let blocks = min(blocksAtOnce, (count - first + rowsAtOnce - 1) / rowsAtOnce)
                let texts = Parallel.map(count: blocks) { block in
                    var rows = CSVRows(columnCount: Trade.columns.count)
                    let begin = first + block * rowsAtOnce
                    for row in begin..<min(begin + rowsAtOnce, count) { rows.append(trade(row)) }
                    return rows
                }
                for text in texts { try writer.append(text) }
                start = min(first + blocks * rowsAtOnce, count)
            }
        }
    }
}
