import Bonds
import Files
import Quantiles
import Tape

/// How quotes are written: a forecast table, or a JSON object a line.
public enum QuoteFormat: String, Sendable, CaseIterable {
    case csv, jsonl
}

/// Rows of quotes as text: what one thread formats while another formats the next block.
struct QuoteText {
    private(set) var bytes: [UInt8] = []
    private let format: QuoteFormat
    private let bonds: BondTable
    private let levels: QuantileLevels
    /// Whether rows carry the trade that was asked about.
    private let hasTrades: Bool
    private var cells: CSVRows

    /// Decimals of prices, yields and spreads: each finer than a hundredth of a basis point.
    private static let decimals = (price: 6, yield: 6, spread: 4)

    init(format: QuoteFormat, bonds: BondTable, levels: QuantileLevels, hasTrades: Bool) {
        self.format = format
        self.bonds = bonds
        self.levels = levels
        self.hasTrades = hasTrades
        cells = CSVRows(columnCount: Self.header(levels, hasTrades: hasTrades).count)
    }

    /// The columns of the forecast table.
    static func header(_ levels: QuantileLevels, hasTrades: Bool) -> [String] {
        (hasTrades ? ["trade_id"] : []) + [
            "cusip", "figi", "execution_date", "maturity", "ats_indicator", "buy_sell", "side",
            "quantity", "treasury_yield_mid",
        ] + (hasTrades ? ["price", "label"] : [])
            + levels.names + levels.names.map { "ytm_" + $0 } + levels.names.map { "spread_" + $0 }
    }

    /// The first line of a file, nothing where there is none.
    static func firstLine(
        _ format: QuoteFormat, _ levels: QuantileLevels, hasTrades: Bool
    ) -> [UInt8] {
        guard format == .csv else { return [] }
        let header = header(levels, hasTrades: hasTrades)
        var cells = CSVRows(columnCount: header.count)
        for name in header { cells.field(name) }
        cells.endRow()
        return cells.bytes
    }

    /// Appends a quote.
    /// - Parameter trade: its identifier, and its price where that is known.
    mutating func append(
        _ view: BondStates.View, _ condition: TradeCondition, _ tiles: TileRows, row: Int,
        trade: (identifier: String, price: Double)? = nil
    ) {
        switch format {
        case .csv: appendCells(view, condition, tiles, row: row, trade: trade)
        case .jsonl: appendObject(view, condition, tiles, row: row, trade: trade)
        }
    }

    /// The text; of a table the cells.
    consuming func finished() -> [UInt8] { format == .csv ? cells.bytes : bytes }

    private mutating func appendCells(
        _ view: BondStates.View, _ condition: TradeCondition, _ tiles: TileRows, row: Int,
        trade: (identifier: String, price: Double)?
    ) {
        let bond = bonds.rows[view.bond]
        if hasTrades { cells.field(trade?.identifier ?? "") }
        cells.field(bond.cusip)
        cells.field(bond.figi)
        cells.field(view.time)
        cells.field(bond.terms.maturity.nanoseconds)
        cells.field(condition.isATS ? "Y" : "N")
        cells.field(condition.side == .bid ? "B" : "S")
        cells.field(condition.side == .dealer ? "D" : "C")
        cells.field(condition.quantity, decimals: 2)
        cells.field(view.benchmark.yieldMid, decimals: Self.decimals.yield)
        if hasTrades {
            let price = trade?.price ?? .nan
            cells.field(price)
            cells.field(price)
        }
        for level in row * tiles.levelCount..<(row + 1) * tiles.levelCount {
            cells.field(tiles.prices[level], decimals: Self.decimals.price)
        }
        for level in row * tiles.levelCount..<(row + 1) * tiles.levelCount {
            cells.field(tiles.yields[level], decimals: Self.decimals.yield)
        }
        for level in row * tiles.levelCount..<(row + 1) * tiles.levelCount {
            cells.field(tiles.spreads[level], decimals: Self.decimals.spread)
        }
        cells.endRow()
    }

    private mutating func appendObject(
        _ view: BondStates.View, _ condition: TradeCondition, _ tiles: TileRows, row: Int,
        trade: (identifier: String, price: Double)?
    ) {
        let bond = bonds.rows[view.bond]
        let range = row * tiles.levelCount..<(row + 1) * tiles.levelCount
        bytes += JSONText.object { text in
            if let trade { text.member("trade_id", trade.identifier) }
            text.member("figi", bond.figi)
            text.member("cusip", bond.cusip)
            text.member("date", Timestamp.text(view.time))
            text.member("side", condition.side.name)
            text.member("quantity", condition.quantity)
            text.member("ats_indicator", condition.isATS ? "Y" : "N")
            text.member("tenor", view.benchmark.tenor)
            text.member("treasury_cusip", view.benchmark.cusip)
            if let trade, trade.price.isFinite { text.member("label", trade.price) }
            Self.write("price", tiles.prices[range], Self.decimals.price, to: &text)
            Self.write("ytm", tiles.yields[range], Self.decimals.yield, to: &text)
            Self.write("spread", tiles.spreads[range], Self.decimals.spread, to: &text)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func write(
        _ name: String, _ values: ArraySlice<Double>, _ decimals: Int, to text: inout JSONText
    ) {
        text.name(name)
        text.array { text in for value in values { text.value(value, decimals: decimals) } }
    }
}
