import Bonds
import Files
import Quantiles
import Tape

/// Writes forecasts of trades as a table of the AXOR data dictionary, a block of rows at a time.
struct ForecastFile {
    /// A forecast trade.
    struct Row: Sendable {
        let query: ForecastQuery
        /// Price quantiles, ascending, one a level.
        let prices: [Double]
        let cashFlows: RemainingCashFlows
        let maturity: CalendarDate
    }

    static func header(_ levels: QuantileLevels) -> [String] {
        [
            "cusip", "figi", "execution_date", "report_date", "maturity", "ats_indicator",
            "buy_sell", "side", "quantity", "price", "spread", "treasury_yield_mid", "yield",
            "ytm", "label",
        ] + levels.names + levels.names.map { "ytm_" + $0 } + levels.names.map { "spread_" + $0 }
    }

    private let bonds: BondTable
    private let treasuries: TreasuryTable
    private let levels: QuantileLevels
    private var waiting: [Row] = []
    /// Yield and spread tiles without a value, since a price has no yield in range.
    private(set) var emptyTiles = 0
    private(set) var rowCount = 0

    private static let rowsAtOnce = 1 << 13
    private static let rowsPerThread = 1 << 10

    init(bonds: BondTable, treasuries: TreasuryTable, levels: QuantileLevels) {
        self.bonds = bonds
        self.treasuries = treasuries
        self.levels = levels
    }

    mutating func append(_ row: Row, to writer: inout CSVWriter) throws {
        waiting.append(row)
        rowCount += 1
        if waiting.count == Self.rowsAtOnce { try flush(to: &writer) }
    }

    /// Writes the rows that wait.
    mutating func flush(to writer: inout CSVWriter) throws {
        let rows = waiting
        let pieces = (rows.count + Self.rowsPerThread - 1) / Self.rowsPerThread
        let texts = Parallel.map(count: pieces) { [bonds, treasuries, levels] piece in
            let first = piece * Self.rowsPerThread
            return Self.text(
                rows[first..<min(first + Self.rowsPerThread, rows.count)], bonds, treasuries,
                levels)
        }
        for (text, empty) in texts {
            try writer.append(text)
            emptyTiles += empty
        }
        waiting.removeAll(keepingCapacity: true)
    }

    /// A number without digits that mean nothing; the order of numbers stays.
    static func rounded(_ value: Double, digits: Double) -> Double {
        (value * digits).rounded() / digits
    }

    private static func text(
        _ rows: ArraySlice<Row>, _ bonds: BondTable, _ treasuries: TreasuryTable,
        _ levels: QuantileLevels
    ) -> (text: CSVRows, empty: Int) {
        let benchmarks = rows.map { row in
            treasuries.benchmark(maturity: row.maturity, before: row.query.time)?.yieldMid ?? .nan
        }
        let (yields, empty) = TileOrientation.yieldTiles(
            priceTiles: rows.flatMap(\.prices), cashFlows: rows.map(\.cashFlows))
        let spreads = TileOrientation.spreadTiles(
            yieldTiles: yields, treasuryYields: benchmarks)
        var text = CSVRows(columnCount: header(levels).count)
        for (place, row) in rows.enumerated() {
            let query = row.query
            let bond = bonds.rows[Int(query.bond)]
            let ytm = row.cashFlows.yield(cleanPrice: query.price)
            text.field(bond.cusip)
            text.field(bond.figi)
            text.field(query.time)
            text.field(query.reportTime)
            text.field(Int64(row.maturity.dayNumber) * 86_400_000_000_000)
            text.field(query.isATS ? "Y" : "N")
            text.field(query.side == .bid ? "B" : "S")
            text.field(query.side == .dealer ? "D" : "C")
            text.field(query.quantity)
            text.field(query.price)
            text.field(TileOrientation.spread(ytm, over: benchmarks[place]))
            text.field(benchmarks[place])
            text.field(query.yield)
            text.field(ytm)
            text.field(query.price)
            for price in row.prices { text.field(price) }
            let tiles = place * levels.count..<(place + 1) * levels.count
            for yield in yields[tiles] { text.field(Self.rounded(yield, digits: 1e8)) }
            for spread in spreads[tiles] { text.field(Self.rounded(spread, digits: 1e6)) }
            text.endRow()
        }
        return (text, empty)
    }
}
