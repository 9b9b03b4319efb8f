import Files
import Synchronization

/// Parses the cells of a forecast table, block after block, on whichever thread has one.
///
/// Only one thread at a time may call it; `mayGoOn` may be asked by any.
final class ForecastParser: @unchecked Sendable {
    private let columns: ForecastColumns
    private let timeUnit: TimeUnit
    private var tiles: [Double] = []
    private var label: [Double] = []
    private var rows: [Int] = []
    private var times: [Int64] = []
    private var others: [TextColumn]
    private var uniqueRows = UniqueRows()
    private(set) var failure: FileError?
    private let failed = Atomic(false)

    init(columns: ForecastColumns, timeUnit: TimeUnit) {
        self.columns = columns
        self.timeUnit = timeUnit
        others = columns.others.map { TextColumn(name: $0.name) }
    }

    /// Whether no block so far was wrong.
    var mayGoOn: Bool { !failed.load(ordering: .relaxed) }

    /// Parses a block; after the first error further blocks are passed over.
    func append(_ chunk: CSVChunk) {
        guard failure == nil else { return }
        do {
            try parse(chunk)
        } catch {
            failure = error
            failed.store(true, ordering: .relaxed)
        }
    }

    func table(file: String) -> ForecastTable {
        ForecastTable(
            file: file, unit: columns.unit, isPoint: columns.isPoint, levels: columns.levels,
            tiles: tiles, label: columns.label == nil ? nil : label,
            row: columns.row == nil ? nil : rows,
            executionDate: columns.executionDate == nil ? nil : times, otherColumns: others)
    }

    private func parse(_ chunk: CSVChunk) throws(FileError) {
        for row in 0..<chunk.rowCount {
            for column in columns.tiles {
                tiles.append(try chunk.numberOrMissing(row: row, column: column))
            }
            if let column = columns.label {
                label.append(try chunk.numberOrMissing(row: row, column: column))
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
                times.append(try time(chunk, row: row, column: column))
            }
        }
        for index in others.indices {
            let column = columns.others[index].column
            for row in 0..<chunk.rowCount {
                chunk.withBytes(row: row, column: column) { others[index].append($0) }
            }
        }
    }

    private func time(_ chunk: CSVChunk, row: Int, column: Int) throws(FileError) -> Int64 {
        let count = try chunk.requiredInteger(row: row, column: column)
        if let time = timeUnit.epochNanoseconds(count) { return time }
        let guess = TimeUnit.guess(count)
        throw chunk.error(
            row: row, column: column,
            "not a time in \(timeUnit.rawValue)"
                + (guess.map { "; it looks like \($0.rawValue)" } ?? ""),
            expected: "UTC epoch \(timeUnit.rawValue) between 1970-04 and 2200",
            advice: guess.map {
                "Convert the column, or say --time-unit \($0.rawValue), of this table alone --times "
                    + "TABLE=\($0.rawValue)"
            }
                ?? "Convert the column and try again")
    }
}

/// Finds a number that comes twice; costs nothing while they ascend.
private struct UniqueRows {
    private var last = -1
    private var ascending: [Int] = []
    private var seen: Set<Int>?

    /// Returns false where the number was inserted before.
    mutating func insert(_ row: Int) -> Bool {
        if seen == nil {
            guard row <= last else {
                last = row
                ascending.append(row)
                return true
            }
            seen = Set(ascending)
            ascending = []
        }
        return seen?.insert(row).inserted ?? true
    }
}
