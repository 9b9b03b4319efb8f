import Bonds
import Files

/// The reference tables that grow with time, on their way to a market folder.
struct DayTableFiles {
    private var writers: [String: CSVWriter] = [:]
    private let cusips: [String]

    private static let quotes = "quotes"
    private static let quoteColumns = [
        "time", "cusip", "bid", "ask", "bid_size", "ask_size", "source",
    ]

    /// Writes all tables; none appears before the body is done.
    static func write(
        _ market: any SimulatedMarket, to folder: String,
        _ body: (inout DayTableFiles) throws -> Void
    ) throws {
        var tables = [
            (TreasuryRow.table, TreasuryRow.columns), (MarketRow.table, MarketRow.columns),
            (EquityRow.table, EquityRow.columns), (HoldingRow.table, HoldingRow.columns),
            (FundRow.table, FundRow.columns), (SwapRow.table, SwapRow.columns),
        ]
        if market.settings.quotes { tables.append((quotes, quoteColumns)) }
        var files = DayTableFiles(cusips: market.bonds.map(\.cusip))
        try files.open(tables[...], in: folder, body)
    }

    private init(cusips: [String]) { self.cusips = cusips }

    /// Opens one table inside the other, so that they are kept or dropped together.
    private mutating func open(
        _ tables: ArraySlice<(String, [String])>, in folder: String,
        _ body: (inout DayTableFiles) throws -> Void
    ) throws {
        guard let (name, columns) = tables.first else { return try body(&self) }
        try CSVWriter.write(to: "\(folder)/\(name).csv", header: columns) { writer in
            writers[name] = writer
            try open(tables.dropFirst(), in: folder, body)
        }
    }

    /// Appends what a day adds.
    mutating func append(_ day: DayTables) throws {
        try append(day.treasuries)
        try append(day.markets)
        try append(day.equities)
        try append(day.holdings)
        try append(day.funds)
        try append(day.swaps)
        guard !day.quotes.isEmpty else { return }
        var text = CSVRows(columnCount: Self.quoteColumns.count)
        for quote in day.quotes {
            text.field(quote.time)
            text.field(cusips[quote.bond])
            for number in [quote.bid, quote.ask, quote.bidSize, quote.askSize] {
                text.field(number)
            }
            text.field(quote.source)
            text.endRow()
        }
        try writers[Self.quotes]?.append(text)
    }

    private mutating func append<Row: ReferenceRow>(_ rows: [Row]) throws {
        var text = CSVRows(columnCount: Row.columns.count)
        for row in rows {
            row.write(to: &text)
            text.endRow()
        }
        try writers[Row.table]?.append(text)
    }
}
