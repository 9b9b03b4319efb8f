import Files

extension ForecastTable {
    /// Reads a forecast table; its columns may come in any order.
    ///
    /// Tiles that cross are kept as they are: judging them is not the reader's business.
    /// - Parameters:
    ///   - path: a CSV file, gzip or not.
    ///   - keepingOthers: whether columns that are neither tile, label, `row` nor `execution_date`
    ///     are read; a reader that does not need them saves their memory.
    /// - Throws: `FileError` with file, line and column where a tile, a label, a row or a time is
    ///   missing or no number, where two rows have the same `row`, or times are not nanoseconds.
    public init(path: String, keepingOthers: Bool = true) throws(FileError) {
        let reader = try CSVReader(path: path)
        let columns = try ForecastColumns(reader)
        var tiles: [Double] = []
        var label: [Double] = []
        var rows: [Int] = []
        var times: [Int64] = []
        var others = keepingOthers ? columns.others.map { TextColumn(name: $0.name) } : []
        var uniqueRows = UniqueRows()
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount {
                for column in columns.tiles {
                    tiles.append(try chunk.requiredNumber(row: row, column: column))
                }
                if let column = columns.label {
                    label.append(try chunk.requiredNumber(row: row, column: column))
                }
                if let column = columns.row {
                    let value = Int(try chunk.requiredInteger(row: row, column: column))
                    guard value >= 0 else {
                        throw chunk.error(
                            row: row, column: column, "a negative row",
                            expected: "the 0-based data row of the source file")
                    }
                    guard uniqueRows.insert(value) else {
                        throw chunk.error(
                            row: row, column: column, "a row that the table already has",
                            advice: "Every row of the source may be forecast once")
                    }
                    rows.append(value)
                }
                if let column = columns.executionDate {
                    let time = try chunk.requiredInteger(row: row, column: column)
                    guard nanosecondsOfMarketHistory.contains(time) else {
                        throw chunk.error(
                            row: row, column: column, "not a time in nanoseconds" + guess(time),
                            expected: "UTC epoch nanoseconds between 1970-04 and 2200",
                            advice: "Convert the column and try again")
                    }
                    times.append(time)
                }
            }
            for index in others.indices {
                let column = columns.others[index].column
                for row in 0..<chunk.rowCount {
                    chunk.withBytes(row: row, column: column) { others[index].append($0) }
                }
            }
        }
        self.init(
            file: path, levels: columns.levels, tiles: tiles,
            label: columns.label == nil ? nil : label, row: columns.row == nil ? nil : rows,
            executionDate: columns.executionDate == nil ? nil : times, otherColumns: others)
    }
}

/// Where a forecast table has what.
private struct ForecastColumns {
    let levels: QuantileLevels
    /// Columns of the tiles, in the order of the levels.
    let tiles: [Int]
    let label: Int?
    let row: Int?
    let executionDate: Int?
    let others: [(name: String, column: Int)]

    init(_ reader: CSVReader) throws(FileError) {
        var found: [(level: Double, column: Int)] = []
        var others: [(name: String, column: Int)] = []
        for (column, name) in reader.header.enumerated() {
            if let level = QuantileLevels.level(named: name) {
                found.append((level, column))
            } else if !["label", "row", "execution_date"].contains(name) {
                others.append((name, column))
            }
        }
        guard !found.isEmpty else {
            throw FileError(
                .badData, file: reader.file, line: 1, "no tile columns",
                expected: "columns such as '5_tile' and '50_tile'",
                found: reader.header.prefix(8).map(FileError.quoted).joined(separator: ", "),
                advice: "A forecast table has one column a quantile level, named by percent")
        }
        found.sort { $0.level < $1.level }
        do {
            levels = try QuantileLevels(found.map(\.level))
        } catch {
            throw FileError(
                .badData, file: reader.file, line: 1, "two tile columns name the same level",
                advice: "Keep one of them")
        }
        tiles = found.map(\.column)
        label = reader.header.firstIndex(of: "label")
        row = reader.header.firstIndex(of: "row")
        executionDate = reader.header.firstIndex(of: "execution_date")
        self.others = others
    }
}

/// Nanoseconds from April 1970, which no count of microseconds reaches, to the year 2200.
private let nanosecondsOfMarketHistory: ClosedRange<Int64> =
    8_000_000_000_000_000...7_258_118_400_000_000_000

/// What the unit of a time may be that is not in nanoseconds; empty where it is not clear.
private func guess(_ time: Int64) -> String {
    let year1980: Int64 = 315_532_800
    let year2200: Int64 = 7_258_118_400
    for (unit, scale) in [("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000)]
    where (year1980 * Int64(scale)...year2200 * Int64(scale)).contains(time) {
        return "; it looks like \(unit)"
    }
    return ""
}

/// Finds a number that comes twice; costs nothing while they ascend.
private struct UniqueRows {
    private var ascending: [Int] = []
    private var seen: Set<Int>?

    /// Returns false where the number was inserted before.
    mutating func insert(_ row: Int) -> Bool {
        if seen == nil {
            guard let last = ascending.last, row <= last else {
                ascending.append(row)
                return true
            }
            seen = Set(ascending)
            ascending = []
        }
        return seen?.insert(row).inserted ?? true
    }
}
