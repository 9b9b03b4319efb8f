/// Forecasts in memory: for every row the tiles, and where known the label, the execution time and
/// the row of the source file. All other columns are carried along as text.
///
/// In a file this is the AXOR data dictionary: prices per 100 of par, times in UTC epoch
/// nanoseconds; tables made from tabular data carry `row` instead of a bond. A forecast that was
/// not made, an empty cell of the file, is NaN.
public struct ForecastTable: Sendable {
    /// Where the table came from, for messages and reports.
    public var file: String
    /// What is forecast: prices (or whatever the label is), yields or spreads.
    public let unit: ForecastUnit
    /// Whether there is one number a row that claims no level; it stands under the level 0.5.
    public let isPoint: Bool
    public let levels: QuantileLevels
    public let rowCount: Int
    /// The forecast quantiles, row by row. Shape: `[row, level]`.
    public let tiles: [Double]
    /// What was observed; a price where the table has a bond, else in the units of the tiles.
    public let label: [Double]?
    /// The 0-based data row of the source file; no two rows share one.
    public let row: [Int]?
    /// When the trade was executed, in UTC epoch nanoseconds.
    public let executionDate: [Int64]?
    /// Every other column, in the order of the file.
    public let otherColumns: [TextColumn]

    /// - Precondition: `tiles` holds whole rows, and every other column has as many rows.
    public init(
        file: String = "forecasts", unit: ForecastUnit = .price, isPoint: Bool = false,
        levels: QuantileLevels, tiles: [Double],
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
        self.unit = unit
        self.isPoint = isPoint
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
            file: file, unit: unit, isPoint: isPoint, levels: levels, tiles: selected,
            label: label.map { pick(rows, from: $0) },
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
            file: file, unit: unit, isPoint: isPoint, levels: wanted, tiles: selected,
            label: label, row: row, executionDate: executionDate, otherColumns: otherColumns)
    }

    private func pick<Value>(_ rows: [Int], from values: [Value]) -> [Value] {
        rows.map { values[$0] }
    }
}

/// What a forecast is of, and how its columns are named.
public enum ForecastUnit: String, Sendable, CaseIterable {
    /// Clean prices per 100 of par; for tabular data whatever the label is.
    case price
    /// Yields to maturity in percent: `ytm_5_tile`, `ytm_prediction`.
    case yield
    /// Spreads over the benchmark Treasury in basis points: `spread_5_tile`, `spread_prediction`.
    case spread

    /// What stands before `5_tile` or `prediction` in a column's name.
    public var columnPrefix: String {
        switch self {
        case .price: ""
        case .yield: "ytm_"
        case .spread: "spread_"
        }
    }
}
