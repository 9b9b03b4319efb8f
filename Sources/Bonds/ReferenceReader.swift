import Files

/// Streams a table of a market folder, in the order of the file.
public final class ReferenceReader<Row: ReferenceRow> {
    private let reader: CSVReader
    private let indices: [Int?]
    private var keys: Set<String> = []
    /// The lines of the rows that were handed out last.
    private(set) var lines: [Int] = []

    /// Opens a file, plain or gzip, and finds its columns.
    public init(path: String) throws(FileError) {
        reader = try CSVReader(path: path)
        indices = try Self.columnIndices(reader)
    }

    /// The next rows, at least one; nil at the end.
    public func next(rows count: Int = 1 << 14) throws(FileError) -> [Row]? {
        guard let chunk = try reader.nextChunk(rows: count) else { return nil }
        var rows: [Row] = []
        rows.reserveCapacity(chunk.rowCount)
        lines = (0..<chunk.rowCount).map(chunk.line)
        for row in 0..<chunk.rowCount {
            var cells = ReferenceCells(chunk: chunk, row: row, columns: indices)
            let value = try Row(&cells)
            if let key = value.uniqueKey, !keys.insert(key).inserted {
                throw FileError(
                    .badData, file: reader.file, line: chunk.line(row: row),
                    "a second row for \(FileError.quoted(key))", advice: "Keep one row of each")
            }
            rows.append(value)
        }
        return rows
    }

    private static func columnIndices(_ reader: CSVReader) throws(FileError) -> [Int?] {
        var indices: [Int?] = []
        for name in Row.columns {
            let index = reader.header.firstIndex(of: name)
            if index == nil, !Row.optionalColumns.contains(name) {
                let strangers = reader.header.filter { !Row.columns.contains($0) }
                throw FileError(
                    .badData, file: reader.file, line: 1, "no column '\(name)'",
                    expected: Spelling.list(Row.columns, limit: Row.columns.count),
                    found: Spelling.list(reader.header),
                    advice: Spelling.nearest(to: name, among: strangers)
                        .map { "Rename '\($0)' if that is what it holds" })
            }
            indices.append(index)
        }
        return indices
    }
}
