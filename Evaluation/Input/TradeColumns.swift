import Bonds
import Files
import Quantiles

/// From which side a trade was reported.
public enum TradeSide: UInt8, Sendable, CaseIterable {
    /// The dealer buys from a client.
    case bid
    /// The dealer sells to a client.
    case offer
    /// Between dealers.
    case dealer

    public var name: String {
        switch self {
        case .bid: "bid"
        case .offer: "offer"
        case .dealer: "dealer"
        }
    }

    /// The side of a report's codes.
    init(isPurchase: Bool, isWithClient: Bool) {
        self = isWithClient ? (isPurchase ? .bid : .offer) : .dealer
    }

    /// The side with a name.
    public init?(named name: String) {
        guard let side = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = side
    }
}

/// The one-letter codes of a trade report; nil for a letter that is none of them.
enum TradeCode {
    static let venues = "Y or N"
    static let directions = "B or S"
    static let parties = "C or D"

    /// An empty cell is no ATS.
    static func isATS(_ cell: some Collection<UInt8>) -> Bool? {
        switch cell.first {
        case UInt8(ascii: "Y"), UInt8(ascii: "y"): true
        case UInt8(ascii: "N"), UInt8(ascii: "n"), nil: false
        default: nil
        }
    }

    static func isPurchase(_ cell: some Collection<UInt8>) -> Bool? {
        switch cell.first {
        case UInt8(ascii: "B"): true
        case UInt8(ascii: "S"): false
        default: nil
        }
    }

    static func isWithClient(_ cell: some Collection<UInt8>) -> Bool? {
        switch cell.first {
        case UInt8(ascii: "C"): true
        case UInt8(ascii: "D"): false
        default: nil
        }
    }
}

/// What each row of a forecast table says about its trade, as typed columns.
///
/// Columns that a table lacks are nil; numbers that a cell lacks are NaN.
struct TradeColumns: Sendable {
    /// The identifiers of the bonds: CUSIPs, or FIGIs where the table has no CUSIP.
    let bonds: [String]
    /// Which of `bonds` each row is about.
    let bond: [Int32]
    /// UTC epoch nanoseconds.
    let time: [Int64]
    let side: [TradeSide]?
    let isATS: [Bool]?
    /// Dollars of par.
    var quantity: [Double]?
    /// The trade's own spread, in basis points.
    let spread: [Double]?
    /// The benchmark's yield, in percent.
    let treasuryYield: [Double]?
    let maturity: [CalendarDate?]?
    /// Seconds from the quote to the trade that it is judged by; nil where forecasts are of trades.
    let quoteAge: [Double]?

    /// The columns of the data dictionary that are read.
    static let names: Set<String> = [
        "cusip", "figi", "maturity", "ats_indicator", "buy_sell", "side", "quantity", "spread",
        "treasury_yield_mid",
    ]

    /// Trades that are no rows of a forecast table.
    init(
        bonds: [String], bond: [Int32], time: [Int64], side: [TradeSide], isATS: [Bool],
        quantity: [Double], quoteAge: [Double]? = nil
    ) {
        self.bonds = bonds
        self.bond = bond
        self.time = time
        self.side = side
        self.isATS = isATS
        self.quantity = quantity
        self.quoteAge = quoteAge
        spread = nil
        treasuryYield = nil
        maturity = nil
    }

    /// - Returns: nil where rows are not about bonds, as in tabular data.
    /// - Throws: `FileError` where the table has bonds and no times, or a cell is no such thing.
    init?(_ table: ForecastTable) throws(FileError) {
        let columns = Dictionary(
            table.otherColumns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard let identifiers = columns["cusip"] ?? columns["figi"] else { return nil }
        guard let times = table.executionDate else {
            throw FileError(
                .badData, file: table.file, column: "execution_date", "no such column",
                expected: "the time of each trade, beside its bond")
        }
        time = times
        quoteAge = nil
        (bonds, bond) = Self.interned(identifiers)
        let file = table.file
        func mapped<Value>(
            _ name: String, _ expected: String, _ read: (ArraySlice<UInt8>) -> Value?
        ) throws(FileError) -> [Value]? {
            guard let column = columns[name] else { return nil }
            var values: [Value] = []
            values.reserveCapacity(column.count)
            for row in 0..<column.count {
                guard let value = read(column.utf8(row: row)) else {
                    throw FileError(
                        .badData, file: file, column: name, "data row \(row + 1) has no such value",
                        expected: expected, found: FileError.quoted(column[row]))
                }
                values.append(value)
            }
            return values
        }
        func number(_ cell: ArraySlice<UInt8>) -> Double? {
            cell.isEmpty ? .nan : cell.withUnsafeBufferPointer { Double(decimal: $0) }
        }
        isATS = try mapped("ats_indicator", TradeCode.venues) { TradeCode.isATS($0) }
        let buys = try mapped("buy_sell", TradeCode.directions) { TradeCode.isPurchase($0) }
        let clients = try mapped("side", TradeCode.parties) { TradeCode.isWithClient($0) }
        if let buys, let clients {
            side = zip(buys, clients).map { TradeSide(isPurchase: $0, isWithClient: $1) }
        } else {
            side = nil
        }
        quantity = try mapped("quantity", "dollars of par", number)
        spread = try mapped("spread", "basis points", number)
        treasuryYield = try mapped("treasury_yield_mid", "percent", number)
        maturity = columns["maturity"].map { column in
            (0..<column.count).map { row in
                column.integer(row: row).map {
                    CalendarDate(dayNumber: Int(($0 / 86_400_000_000_000)))
                }
            }
        }
    }

    private init(_ other: TradeColumns, rows: [Int]) {
        func picked<Value>(_ values: [Value]?) -> [Value]? {
            values.map { values in rows.map { values[$0] } }
        }
        bonds = other.bonds
        bond = rows.map { other.bond[$0] }
        time = rows.map { other.time[$0] }
        side = picked(other.side)
        isATS = picked(other.isATS)
        quantity = picked(other.quantity)
        spread = picked(other.spread)
        treasuryYield = picked(other.treasuryYield)
        maturity = picked(other.maturity)
        quoteAge = picked(other.quoteAge)
    }

    func selecting(_ rows: [Int]) -> TradeColumns { TradeColumns(self, rows: rows) }

    /// Numbers the different texts of a column in the order of their first rows.
    private static func interned(_ column: TextColumn) -> (names: [String], codes: [Int32]) {
        var numbers = NameNumbers()
        let codes = (0..<column.count).map { numbers.number(column[$0]) }
        return (numbers.names, codes)
    }
}
