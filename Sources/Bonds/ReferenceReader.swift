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

    /// The next rows; nil at the end.
    /// - Parameter leaveOut: told of each malformed row, which is left out; throws it by itself.
    public func next(
        rows count: Int = 1 << 14,
        leaveOut: (FileError) throws(FileError) -> Void = { error throws(FileError) in throw error }
    ) throws(FileError) -> [Row]? {
        guard let chunk = try reader.nextChunk(rows: count) else { return nil }
        var rows: [Row] = []
        rows.reserveCapacity(chunk.rowCount)
        lines = []
        lines.reserveCapacity(chunk.rowCount)
        for row in 0..<chunk.rowCount {
            var cells = ReferenceCells(chunk: chunk, row: row, columns: indices)
            let value: Row
            do {
                value = try Row(&cells)
            } catch {
                try leaveOut(error)
                continue
            }
            if let key = value.uniqueKey, !keys.insert(key).inserted {
                throw FileError(
                    .badData, file: reader.file, line: chunk.line(row: row),
                    "a second row for \(FileError.quoted(key))", advice: "Keep one row of each")
            }
            rows.append(value)
            lines.append(chunk.line(row: row))
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
