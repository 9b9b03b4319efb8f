import Bonds
import Files
import Tape

/// Trades that somebody wants priced, each as of its execution: the rows of a file.
public struct AskedTrades: Sendable {
    /// A trade to price.
    public struct Asked: Sendable {
        /// The row of the bond.
        public let bond: Int
        /// Of execution, in UTC epoch nanoseconds.
        public let time: Int64
        public let condition: TradeCondition
        /// What it traded at; NaN where the file does not say.
        public let price: Double
    }

    /// A row of the file, with the trade or why it is none.
    public struct Line: Sendable {
        /// 1-based, in the file.
        public let number: Int
        /// The trade's identifier, or the bond's where the file has none.
        public let identifier: String
        public let time: Int64?
        public let trade: Result<Asked, AskedTradeError>
    }

    /// In the order of the executions; rows without one stand first.
    public let lines: [Line]

    /// Reads a CSV file with the columns of `trades.csv` or of a forecast table: `cusip`, `figi` or
    /// `isin`; `execution_date` in UTC epoch nanoseconds or ISO 8601; `buy_sell` and `side`, or
    /// `side` with `bid`, `offer` and `dealer`; `quantity`; where they are there `ats_indicator`,
    /// `trade_id` and `price`.
    public init(path: String, finder: BondFinder) throws(FileError) {
        let reader = try CSVReader(path: path, skipsRagged: true)
        let columns = try Columns(reader)
        var lines: [Line] = []
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount {
                lines.append(columns.line(chunk, row: row, finder: finder))
            }
        }
        lines += reader.raggedLines.map {
            Line(number: $0, identifier: "", time: nil, trade: .failure(.ragged))
        }
        let order = lines.indices.sorted {
            let (first, second) = (lines[$0], lines[$1])
            return (first.time ?? .min, first.number) < (second.time ?? .min, second.number)
        }
        self.lines = order.map { lines[$0] }
    }

    /// The sizes of all that can be priced, in dollars of par.
    public var quantities: [Double] {
        lines.compactMap { try? $0.trade.get().condition.quantity }
    }

    /// Where the cells of a trade are.
    private struct Columns {
        let bond: Int
        let time: Int
        let side: Int
        let quantity: Int
        let buySell: Int?
        let isATS: Int?
        let identifier: Int?
        let price: Int?

        /// 1970 to 2200, in UTC epoch nanoseconds: beyond there are only numbers that stand for no date.
        private static let moments: ClosedRange<Int64> = 0...7_258_118_400_000_000_000

        init(_ reader: CSVReader) throws(FileError) {
            func find(_ name: String) -> Int? { reader.header.firstIndex(of: name) }
            guard let bond = ["figi", "cusip", "isin"].compactMap(find).first else {
                throw FileError(
                    .badData, file: reader.file, line: 1, "no column names the bonds",
                    expected: "figi, cusip or isin",
                    found: reader.header.joined(separator: ", "))
            }
            self.bond = bond
            time = try reader.requiredColumn("execution_date")
            side = try reader.requiredColumn("side")
            quantity = try reader.requiredColumn("quantity")
            buySell = find("buy_sell")
            isATS = find("ats_indicator")
            identifier = find("trade_id")
            price = find("price")
        }

        func line(_ chunk: CSVChunk, row: Int, finder: BondFinder) -> Line {
            let name = chunk.text(row: row, column: bond)
            let when = chunk.text(row: row, column: time)
            let moment =
                Int64(when).flatMap { Self.moments.contains($0) ? $0 : nil }
                ?? Timestamp.parse(when)
            return Line(
                number: chunk.line(row: row),
                identifier: identifier.map { chunk.text(row: row, column: $0) } ?? name,
                time: moment,
                trade: Result { () throws(AskedTradeError) in
                    guard let index = finder.index(written: name) else {
                        throw .unknownBond
                    }
                    guard let moment else { throw .badTime }
                    return Asked(
                        bond: index, time: moment, condition: try condition(chunk, row: row),
                        price: price.flatMap { chunk.number(row: row, column: $0) } ?? .nan)
                })
        }

        private func condition(
            _ chunk: CSVChunk, row: Int
        ) throws(AskedTradeError) -> TradeCondition {
            func code(_ column: Int?) -> String {
                column.map { chunk.text(row: row, column: $0) } ?? ""
            }
            let side: Trade.Side
            switch (code(self.side), code(buySell)) {
            case ("bid", _), ("C", "B"): side = .bid
            case ("offer", _), ("C", "S"): side = .offer
            case ("dealer", _), ("D", _): side = .dealer
            default: throw .badSide
            }
            guard let quantity = chunk.number(row: row, column: quantity),
                TradeBounds.quantities.contains(quantity)
            else { throw .badQuantity }
            let ats = code(isATS)
            guard ["", "Y", "N"].contains(ats) else { throw .badVenue }
            return TradeCondition(side: side, isATS: ats == "Y", quantity: quantity)
        }
    }
}

/// Why a row is no trade that can be priced.
public enum AskedTradeError: String, Error, Sendable, CustomStringConvertible {
    case unknownBond = "no bond of the market has this identifier"
    case badTime = "execution_date is neither epoch nanoseconds of 1970 to 2200 nor ISO 8601"
    case badSide = "side and buy_sell are not those of a trade"
    case badQuantity = "quantity is not a number from 0.01 to 100 billion"
    case badVenue = "ats_indicator is neither Y nor N"
    case ragged = "the row has not as many cells as the header"

    public var description: String { rawValue }
}
