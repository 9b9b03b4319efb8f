/// Forecasts in memory: for every row the tiles, and where known the label, the execution time and
/// the row of the source file. All other columns are carried along as text.
///
/// In a file this is the AXOR data dictionary: prices per 100 of par, times in UTC epoch
/// nanoseconds; tables made from tabular data carry `row` instead of a bond.
public struct ForecastTable: Sendable {
    /// Where the table came from, for messages and reports.
    public var file: String
    public let levels: QuantileLevels
    public let rowCount: Int
    /// The forecast quantiles, row by row. Shape: `[row, level]`.
    public let tiles: [Double]
    /// What was observed, in the units of the tiles.
    public let label: [Double]?
    /// The 0-based data row of the source file; no two rows share one.
    public let row: [Int]?
    /// When the trade was executed, in UTC epoch nanoseconds.
    public let executionDate: [Int64]?
    /// Every other column, in the order of the file.
    public let otherColumns: [TextColumn]

    /// - Precondition: `tiles` holds whole rows, and every other column has as many rows.
    public init(
        file: String = "forecasts", levels: QuantileLevels, tiles: [Double],
        label: [Double]? = nil, row: [Int]? = nil, executionDate: [Int64]? = nil,
        otherColumns: [TextColumn] = []
    ) {
        let rowCount = tiles.count / levels.count
        precondition(
            tiles.count == rowCount * levels.count,
            "ForecastTable: \(tiles.count) tiles are not whole rows of \(levels.count)")
        for (name, count) in [
            ("label", label?.count), ("row", row?.count), ("execution_date", executionDate?.count),
        ] {
            precondition(
                count == nil || count == rowCount,
                "ForecastTable: \(count ?? 0) cells of \(name) beside \(rowCount) rows of tiles")
        }
        for column in otherColumns {
            precondition(
                column.count == rowCount,
                "ForecastTable: \(column.count) cells of \(column.name) beside \(rowCount) rows")
        }
        self.file = file
        self.levels = levels
        self.rowCount = rowCount
        self.tiles = tiles
        self.label = label
        self.row = row
        self.executionDate = executionDate
        self.otherColumns = otherColumns
    }

    /// The tiles of one row, in the order of the levels.
    public func tiles(row: Int) -> ArraySlice<Double> {
        tiles[row * levels.count..<(row + 1) * levels.count]
    }

    /// The tiles of one level, in the order of the rows.
    public func tiles(level: Int) -> [Double] {
        (0..<rowCount).map { tiles[$0 * levels.count + level] }
    }

    /// The table of the given rows, in the given order.
    public func selecting(_ rows: [Int]) -> ForecastTable {
        var selected: [Double] = []
        selected.reserveCapacity(rows.count * levels.count)
        for row in rows { selected.append(contentsOf: tiles(row: row)) }
        return ForecastTable(
            file: file, levels: levels, tiles: selected, label: label.map { pick(rows, from: $0) },
            row: row.map { pick(rows, from: $0) },
            executionDate: executionDate.map { pick(rows, from: $0) },
            otherColumns: otherColumns.map { $0.selecting(rows) })
    }

    /// The table with the tiles of some of its levels only.
    /// - Returns: nil where one of the levels is missing.
    public func selecting(_ wanted: QuantileLevels) -> ForecastTable? {
        let indices = wanted.values.compactMap(levels.index(of:))
        guard indices.count == wanted.count else { return nil }
        if wanted == levels { return self }
        var selected: [Double] = []
        selected.reserveCapacity(rowCount * wanted.count)
        for row in 0..<rowCount {
            for index in indices { selected.append(tiles[row * levels.count + index]) }
        }
        return ForecastTable(
            file: file, levels: wanted, tiles: selected, label: label, row: row,
            executionDate: executionDate, otherColumns: otherColumns)
    }

    private func pick<Value>(_ rows: [Int], from values: [Value]) -> [Value] {
        rows.map { values[$0] }
    }
}
