/// Splits bytes of a CSV file into rows and cells (RFC 4180).
///
/// Cells may be quoted, with `""` for a quote and line breaks inside; lines end in LF, CRLF or CR.
/// Empty lines are skipped. A quote inside a cell that does not begin with one is plain text.
struct CSVScanner {
    /// Start and end of each cell, one after the other, as offsets into the bytes.
    private(set) var bounds: [UInt32] = []
    /// The line on which each row begins, counted from 1.
    private(set) var lines: [Int] = []
    /// The lines of rows that have not as many cells as the header, where those are passed over.
    private(set) var raggedLines: [Int] = []
    /// How many bytes the finished rows take.
    private(set) var consumed = 0
    /// The line on which the next row begins.
    private(set) var nextLine: Int
    /// Whether any byte is outside ASCII, so that the text has to be checked as UTF-8.
    private(set) var sawHighByte = false

    private let file: String
    /// The number of cells of every row; nil where the first row decides, as for the header.
    private let columnCount: Int?
    private let header: [String]
    /// Whether a row of too many or too few cells is passed over, and its line noted.
    private let skipsRagged: Bool

    enum Outcome {
        /// As many rows as were asked for, or the end of the file.
        case complete
        /// The bytes end within a row.
        case needsMoreBytes
        case failed(FileError)
    }

    init(file: String, header: [String]?, firstLine: Int, skipsRagged: Bool = false) {
        self.file = file
        self.skipsRagged = skipsRagged
        self.header = header ?? []
        columnCount = header?.count
        nextLine = firstLine
    }

    /// Goes on from the last finished row until there are `limit` rows.
    ///
    /// - Parameter bytes: the same bytes as before, possibly with more behind them.
    mutating func scan(
        _ bytes: UnsafeMutableBufferPointer<UInt8>, limit: Int, atEnd: Bool
    ) -> Outcome {
        let quote = UInt8(ascii: "\"")
        let comma = UInt8(ascii: ",")
        let newline = UInt8(ascii: "\n")
        let carriageReturn = UInt8(ascii: "\r")
        let count = bytes.count
        let rowWidth = columnCount.map { 2 * $0 }
        var position = consumed
        var line = nextLine
        var high: UInt8 = 0
        var escapedCells: [Int] = []
        // The arrays are taken out while they grow, so that they are not copied.
        var bounds: [UInt32] = []
        var lines: [Int] = []
        swap(&bounds, &self.bounds)
        swap(&lines, &self.lines)
        defer {
            // A row that is not finished is scanned again from its beginning.
            let rows = lines.count
            if let rowWidth { bounds.removeLast(bounds.count - rows * rowWidth) }
            if columnCount == nil, rows == 0 { bounds.removeAll() }
            swap(&bounds, &self.bounds)
            swap(&lines, &self.lines)
            if high >= 0x80 { sawHighByte = true }
        }

        while lines.count < limit {
            guard position < count else { return atEnd ? .complete : .needsMoreBytes }
            let first = bytes[position]
            if first == newline || first == carriageReturn {
                if first == carriageReturn {
                    guard position + 1 < count || atEnd else { return .needsMoreBytes }
                    if position + 1 < count, bytes[position + 1] == newline { position += 1 }
                }
                position += 1
                line += 1
                consumed = position
                nextLine = line
                continue
            }
            let rowLine = line
            let rowBounds = bounds.count
            cells: while true {
                if position < count, bytes[position] == quote {
                    let opening = line
                    position += 1
                    let start = position
                    var escaped = false
                    quoted: while true {
                        guard position < count else {
                            if atEnd { return .failed(unterminatedQuote(line: opening)) }
                            return .needsMoreBytes
                        }
                        let byte = bytes[position]
                        high |= byte
                        if byte == quote {
                            guard position + 1 < count else {
                                if atEnd { break quoted }
                                return .needsMoreBytes
                            }
                            guard bytes[position + 1] == quote else { break quoted }
                            escaped = true
                            position += 1
                        } else if byte == newline {
                            line += 1
                        } else if byte == 0 {
                            return .failed(nulByte(line: line))
                        }
                        position += 1
                    }
                    if escaped { escapedCells.append(bounds.count) }
                    bounds.append(UInt32(truncatingIfNeeded: start))
                    bounds.append(UInt32(truncatingIfNeeded: position))
                    position += 1
                } else {
                    let start = position
                    while position < count {
                        let byte = bytes[position]
                        high |= byte
                        // Digits, letters, the point and the minus all lie above the comma.
                        if byte <= comma,
                            byte == comma || byte == newline || byte == carriageReturn || byte == 0
                        {
                            break
                        }
                        position += 1
                    }
                    guard position < count || atEnd else { return .needsMoreBytes }
                    bounds.append(UInt32(truncatingIfNeeded: start))
                    bounds.append(UInt32(truncatingIfNeeded: position))
                }
                guard position < count else {
                    if atEnd { break cells }
                    return .needsMoreBytes
                }
                switch bytes[position] {
                case comma:
                    position += 1
                case newline:
                    position += 1
                    line += 1
                    break cells
                case carriageReturn:
                    guard position + 1 < count || atEnd else { return .needsMoreBytes }
                    position += 1
                    if position < count, bytes[position] == newline { position += 1 }
                    line += 1
                    break cells
                case 0:
                    return .failed(nulByte(line: line))
                default:
                    return .failed(textAfterQuote(line: line))
                }
            }
            if let rowWidth, bounds.count - rowBounds != rowWidth {
                if skipsRagged {
                    bounds.removeLast(bounds.count - rowBounds)
                    escapedCells.removeAll(keepingCapacity: true)
                    raggedLines.append(rowLine)
                    consumed = position
                    nextLine = line
                    continue
                }
                return .failed(ragged(line: rowLine, cells: (bounds.count - rowBounds) / 2))
            }
            for cell in escapedCells {
                bounds[cell + 1] = Self.unescape(bytes, from: bounds[cell], to: bounds[cell + 1])
            }
            escapedCells.removeAll(keepingCapacity: true)
            lines.append(rowLine)
            consumed = position
            nextLine = line
        }
        return .complete
    }

    /// Turns `""` into `"` in place; returns the new end of the cell.
    private static func unescape(
        _ bytes: UnsafeMutableBufferPointer<UInt8>, from start: UInt32, to end: UInt32
    ) -> UInt32 {
        var target = Int(start)
        var source = Int(start)
        while source < Int(end) {
            bytes[target] = bytes[source]
            source += bytes[source] == UInt8(ascii: "\"") ? 2 : 1
            target += 1
        }
        // What is left over must not look like a broken UTF-8 sequence.
        for index in target..<Int(end) { bytes[index] = UInt8(ascii: " ") }
        return UInt32(target)
    }

    private func unterminatedQuote(line: Int) -> FileError {
        FileError(
            .badData, file: file, line: line, "a quoted cell that begins here never ends",
            expected: "a closing \"", found: "the end of the file",
            advice: "Close the quote, or double it if it is part of the text")
    }

    private func nulByte(line: Int) -> FileError {
        FileError(
            .badData, file: file, line: line, "a NUL byte", expected: "UTF-8 text",
            advice: "The file is damaged, binary or UTF-16; save it as UTF-8 CSV")
    }

    private func textAfterQuote(line: Int) -> FileError {
        FileError(
            .badData, file: file, line: line, "text behind the closing quote of a cell",
            expected: "a comma or the end of the line",
            advice: "Write a quote inside a quoted cell twice")
    }

    private func ragged(line: Int, cells: Int) -> FileError {
        let advice =
            cells > header.count
            ? "Quote cells that hold a comma" : "The line may be cut off; empty cells need commas"
        return FileError(
            .badData, file: file, line: line, "a ragged row",
            expected: "\(header.count) cells, as in the header", found: "\(cells)", advice: advice)
    }
}
