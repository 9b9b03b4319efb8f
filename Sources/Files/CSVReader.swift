/// Reads a CSV file block by block, in memory that does not depend on the number of rows.
///
/// RFC 4180 with LF, CRLF or CR, a byte order mark, and gzip (by content). A header is required;
/// every row has as many cells as the header. Any thread may parse the cells of a chunk.
public final class CSVReader {
    /// The name of the file, as errors tell it.
    public let file: String
    /// The column names, without blanks around them.
    public let header: [String]
    /// Where ``init(path:skipsRagged:)`` was told to pass over them: the lines so far of rows that
    /// have not as many cells as the header.
    public private(set) var raggedLines: [Int] = []
    private let skipsRagged: Bool
    private let source: ByteSource
    /// Bytes read and not handed out yet; they begin with the next row.
    private var pending: [UInt8] = []
    private var atEnd = false
    private var nextLine = 1
    private var nextRow = 0
    private var bytesPerRow = 256
    private var failure: FileError?

    /// The largest block handed out, and the longest row taken for one.
    static let largestBlock = 1 << 26

    /// Opens a file and reads its header.
    /// - Parameter skipsRagged: whether a row of too many or too few cells is passed over, and told
    ///   by ``raggedLines``; else it is an error.
    public init(path: String, skipsRagged: Bool = false) throws(FileError) {
        file = path
        self.skipsRagged = skipsRagged
        source = try ByteSource(path: path)
        var ragged: [Int] = []
        let first = try Self.readBlock(
            &pending, from: source, atEnd: &atEnd, nextLine: &nextLine, rows: 1, header: nil,
            blockSize: 1 << 16, skipsRagged: false, ragged: &ragged)
        guard first.rowCount == 1 else {
            throw FileError(
                .badData, file: path, "the file is empty", expected: "a header row",
                advice: "Write the column names in the first line")
        }
        header = try Self.columnNames(of: first)
    }

    /// The next block of up to `rows` rows, nil at the end of the file.
    ///
    /// A block never exceeds 64 MB, so it may hold fewer rows than were asked for.
    public func nextChunk(rows: Int) throws(FileError) -> CSVChunk? {
        precondition(rows > 0, "nextChunk: rows must be positive, not \(rows)")
        if let failure { throw failure }
        do {
            let size = min(Self.largestBlock, max(1 << 16, min(rows, 1 << 20) * bytesPerRow))
            var chunk = try Self.readBlock(
                &pending, from: source, atEnd: &atEnd, nextLine: &nextLine, rows: rows,
                header: header, blockSize: size, skipsRagged: skipsRagged, ragged: &raggedLines)
            guard chunk.rowCount > 0 else { return nil }
            chunk.firstRow = nextRow
            nextRow += chunk.rowCount
            bytesPerRow = chunk.byteCount / chunk.rowCount + 16
            return chunk
        } catch {
            failure = error
            throw error
        }
    }

    /// Reads until there are `rows` rows, the block is full or the file ends.
    private static func readBlock(
        _ pending: inout [UInt8], from source: ByteSource, atEnd: inout Bool, nextLine: inout Int,
        rows: Int, header: [String]?, blockSize: Int, skipsRagged: Bool, ragged: inout [Int]
    ) throws(FileError) -> CSVChunk {
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        var scanner = CSVScanner(
            file: source.file, header: header, firstLine: nextLine, skipsRagged: skipsRagged)
        if header == nil { try skipByteOrderMark(&bytes, source: source, atEnd: &atEnd) }
        while true {
            let outcome = bytes.withUnsafeMutableBufferPointer { bytes in
                scanner.scan(bytes, limit: rows, atEnd: atEnd)
            }
            switch outcome {
            case .failed(let error): throw error
            case .needsMoreBytes where scanner.consumed > 0 && bytes.count >= largestBlock:
                break
            case .needsMoreBytes:
                guard bytes.count - scanner.consumed <= largestBlock else {
                    throw FileError(
                        .badData, file: source.file, line: scanner.nextLine,
                        "a row of more than \(largestBlock >> 20) MB",
                        advice: "A quote may not be closed, or this is not a CSV file")
                }
                // Doubling keeps the repeated scan of one long row linear.
                let more = max(blockSize - bytes.count, bytes.count, 1 << 16)
                if try source.append(upTo: more, to: &bytes) == 0 { atEnd = true }
                continue
            case .complete: break
            }
            break
        }
        nextLine = scanner.nextLine
        ragged += scanner.raggedLines
        pending = Array(bytes[scanner.consumed...])
        bytes.removeLast(bytes.count - scanner.consumed)
        let chunk = CSVChunk(
            file: source.file, header: header, bytes: bytes, bounds: scanner.bounds,
            lines: scanner.lines)
        if scanner.sawHighByte { try chunk.requireUTF8() }
        return chunk
    }

    private static func skipByteOrderMark(
        _ bytes: inout [UInt8], source: ByteSource, atEnd: inout Bool
    ) throws(FileError) {
        while bytes.count < 3, !atEnd {
            if try source.append(upTo: 1 << 16, to: &bytes) == 0 { atEnd = true }
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            bytes.removeFirst(3)
        } else if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw FileError(
                .badData, file: source.file, line: 1, "the text is UTF-16", expected: "UTF-8",
                advice: "Save the file as UTF-8 CSV")
        }
    }

    private static func columnNames(of chunk: CSVChunk) throws(FileError) -> [String] {
        let line = chunk.line(row: 0)
        var names: [String] = []
        for column in 0..<chunk.columnCount {
            let name = chunk.text(row: 0, column: column).trimmingBlanks()
            guard !name.isEmpty else {
                throw FileError(
                    .badData, file: chunk.file, line: line,
                    "column \(column + 1) of \(chunk.columnCount) has no name",
                    advice: column == 0
                        ? "Name it, or write the file without its index" : "Name it or drop it")
            }
            names.append(name)
        }
        if names.count == 1, let separator = [";", "\t", "|"].first(where: names[0].contains) {
            throw FileError(
                .badData, file: chunk.file, line: line, "a header of one column",
                expected: "names separated by commas", found: FileError.quoted(names[0]),
                advice: "Replace the separator \(FileError.quoted(String(separator))) by a comma")
        }
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw FileError(
                .badData, file: chunk.file, line: line, column: name,
                "two columns have the same name", advice: "Rename or drop one of them")
        }
        return names
    }
}

extension CSVReader {
    /// The index of a column that must be there; the error names the nearest one that is.
    public func requiredColumn(_ name: String) throws(FileError) -> Int {
        if let index = header.firstIndex(of: name) { return index }
        let advice =
            Spelling.nearest(to: name, among: header).map { "Did you mean '\($0)'?" }
            ?? "The columns are \(Spelling.list(header))"
        throw FileError(.badData, file: file, line: 1, "no column '\(name)'", advice: advice)
    }
}

extension String {
    func trimmingBlanks() -> String {
        guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return "" }
        return String(self[first...last])
    }
}
