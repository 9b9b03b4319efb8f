import Files

extension ForecastTable {
    /// Writes the table, `row` first and then in the order of the data dictionary; columns that
    /// the dictionary does not name stand before the label. The file appears when it is complete.
    public func write(to path: String) throws {
        let cells = layout()
        try CSVWriter.write(to: path, header: cells.map(\.name)) { writer in
            for row in 0..<rowCount {
                for cell in cells {
                    switch cell.content {
                    case .row(let rows): writer.field(rows[row])
                    case .time(let times): writer.field(times[row])
                    case .label(let label): writer.field(label[row])
                    case .tile(let level): writer.field(tiles[row * levels.count + level])
                    case .other(let column): writer.field(column[row])
                    }
                }
                try writer.endRow()
            }
        }
    }

    private enum Content {
        case row([Int])
        case time([Int64])
        case label([Double])
        case tile(Int)
        case other(TextColumn)
    }

    /// The columns in the order of the file.
    private func layout() -> [(name: String, content: Content)] {
        var cells: [(name: String, content: Content)] = []
        if let row { cells.append(("row", .row(row))) }
        if let executionDate { cells.append(("execution_date", .time(executionDate))) }
        for column in otherColumns { cells.append((column.name, .other(column))) }
        if let label { cells.append(("label", .label(label))) }
        for (level, name) in levels.names.enumerated() { cells.append((name, .tile(level))) }
        let ranks = cells.map { Self.rank(of: $0.name) }
        let order = cells.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
        return order.map { cells[$0] }
    }

    /// Where the data dictionary has a column.
    private static func rank(of name: String) -> Int {
        if let index = dictionary.firstIndex(of: name) { return index }
        if name == "label" { return 101 }
        if QuantileLevels.level(named: name) != nil { return 102 }
        if name.hasPrefix("ytm_"), name.hasSuffix("_tile") { return 103 }
        if name.hasPrefix("spread_"), name.hasSuffix("_tile") { return 104 }
        return 100
    }

    private static let dictionary = [
        "row", "cusip", "figi", "execution_date", "report_date", "maturity", "ats_indicator",
        "buy_sell", "side", "quantity", "price", "spread", "treasury_yield_mid", "yield", "ytm",
    ]
}

/// Formats rows of a forecast table made from a CSV file, for writers that format blocks of rows
/// in parallel and append them in order (`CSVWriter.append`).
///
/// The columns are `row`, the kept columns and the label as they stand in the source, and the
/// tiles with the fewest digits that give the same `Float`.
public struct ForecastRows: Sendable {
    public let header: [String]
    /// The rows formatted so far.
    public private(set) var rows: CSVRows
    private let levelCount: Int

    /// - Parameters:
    ///   - kept: names of the columns that are carried through.
    ///   - hasLabel: whether the source has a label; in the table it is named `label`.
    ///   - file: the name of the table, for the error.
    /// - Throws: `FileError` where a kept column has the name of a column of the table.
    public init(
        levels: QuantileLevels, keeping kept: [String] = [], hasLabel: Bool, file: String
    ) throws(FileError) {
        let own = ["row"] + (hasLabel ? ["label"] : []) + levels.names
        var seen = Set(own)
        for name in kept where !seen.insert(name).inserted {
            throw FileError(
                .badData, file: file, column: name,
                "the forecast table already has a column of this name",
                advice: "Rename it in the data, or do not keep it")
        }
        header = ["row"] + kept + own.dropFirst()
        levelCount = levels.count
        rows = CSVRows(columnCount: header.count)
    }

    /// Forgets the formatted rows and keeps their memory.
    public mutating func removeAll() {
        rows.removeAll()
    }

    /// Formats one row.
    /// - Parameters:
    ///   - row: the 0-based data row of the source file.
    ///   - chunk: the block of the source that has the row.
    ///   - chunkRow: the row within the block.
    ///   - kept: the columns carried through, in the order of their names.
    ///   - label: the column of the label, nil where the source has none.
    ///   - tiles: one number a level.
    public mutating func append(
        row: Int, from chunk: CSVChunk, at chunkRow: Int, keeping kept: [Int], label: Int?,
        tiles: UnsafeBufferPointer<Float>
    ) {
        precondition(
            tiles.count == levelCount, "ForecastRows: \(tiles.count) tiles for \(levelCount) levels"
        )
        rows.field(row)
        for column in kept { rows.field(copying: chunk, row: chunkRow, column: column) }
        if let label { rows.field(copying: chunk, row: chunkRow, column: label) }
        for tile in tiles { rows.field(tile) }
        rows.endRow()
    }
}
