/// A block of rows of a CSV file; it owns its bytes, and cells are parsed when asked for.
///
/// Several threads may parse different (or the same) rows of one chunk at once.
public struct CSVChunk: Sendable {
    /// The data row of the first row, counted from 0 over the whole file.
    public internal(set) var firstRow = 0
    /// The number of rows.
    public let rowCount: Int
    /// The number of cells in each row.
    public let columnCount: Int
    let file: String
    private let header: [String]
    private let bytes: [UInt8]
    /// Start and end of each cell, row by row.
    private let bounds: [UInt32]
    private let lines: [Int]

    init(file: String, header: [String]?, bytes: [UInt8], bounds: [UInt32], lines: [Int]) {
        self.file = file
        self.header = header ?? []
        self.bytes = bytes
        self.bounds = bounds
        self.lines = lines
        rowCount = lines.count
        columnCount = lines.isEmpty ? header?.count ?? 0 : bounds.count / (2 * lines.count)
    }

    var byteCount: Int { bytes.count }

    /// The line of the file on which a row begins, counted from 1.
    public func line(row: Int) -> Int { lines[row] }

    /// The text of a cell, without its quotes.
    public func text(row: Int, column: Int) -> String {
        withBytes(row: row, column: column) { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a cell, without its quotes; valid only inside the closure.
    @inline(__always)
    public func withBytes<Result>(
        row: Int, column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        precondition(
            column >= 0 && column < columnCount && row >= 0 && row < rowCount,
            "cell (\(row), \(column)) of a chunk of \(rowCount) x \(columnCount)")
        let cell = 2 * (row * columnCount + column)
        let range = Int(bounds[cell])..<Int(bounds[cell + 1])
        return try bytes.withUnsafeBufferPointer { bytes in
            try body(UnsafeBufferPointer(rebasing: bytes[range]))
        }
    }

    /// A hash of some cells of a row, the same in every process: it finds changes, not forgery.
    public func digest(row: Int, columns: [Int]) -> UInt64 {
        var hash: UInt64 = 0
        for column in columns {
            withBytes(row: row, column: column) { bytes in
                let bytes = UnsafeRawBufferPointer(bytes)
                // The length tells "a","bc" from "ab","c".
                hash = mixed(hash, UInt64(bytes.count))
                var offset = 0
                while offset + 8 <= bytes.count {
                    let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    hash = mixed(hash, UInt64(littleEndian: word))
                    offset += 8
                }
                var rest: UInt64 = 0
                while offset < bytes.count {
                    rest = rest << 8 | UInt64(bytes[offset])
                    offset += 1
                }
                hash = mixed(hash, rest)
            }
        }
        return hash
    }

    /// Whether a cell holds nothing.
    public func isEmpty(row: Int, column: Int) -> Bool {
        withBytes(row: row, column: column) { $0.isEmpty }
    }

    /// Whether a cell says that there is no value: empty or blank, `NA`, `NaN` or `null` in any
    /// case.
    public func isMissing(row: Int, column: Int) -> Bool {
        withBytes(row: row, column: column, saysMissing)
    }

    /// The number in a cell, the nearest `Double`; nil where it is not a finite decimal number.
    public func number(row: Int, column: Int) -> Double? {
        withBytes(row: row, column: column, parseDecimal)
    }

    /// The whole number in a cell, exact over all of `Int64`; nil where it is none.
    public func integer(row: Int, column: Int) -> Int64? {
        withBytes(row: row, column: column, parseInteger)
    }

    /// The number in a cell, NaN where it is missing; anything else throws.
    public func numberOrMissing(row: Int, column: Int) throws(FileError) -> Double {
        if let number = number(row: row, column: column) { return number }
        if isMissing(row: row, column: column) { return .nan }
        throw notANumber(row: row, column: column)
    }

    /// The number in a cell that must have one.
    public func requiredNumber(row: Int, column: Int) throws(FileError) -> Double {
        if let number = number(row: row, column: column) { return number }
        throw notANumber(row: row, column: column)
    }

    /// The whole number in a cell that must have one.
    public func requiredInteger(row: Int, column: Int) throws(FileError) -> Int64 {
        if let number = integer(row: row, column: column) { return number }
        throw error(
            row: row, column: column, "not a whole number",
            expected: "a whole number of at most 64 bits")
    }

    /// An error at a cell, with the file, the line, the column and what was found there.
    public func error(
        row: Int, column: Int, _ problem: String, expected: String? = nil, advice: String? = nil
    ) -> FileError {
        let text = text(row: row, column: column)
        return FileError(
            .badData, file: file, line: lines[row], column: name(of: column), problem,
            expected: expected,
            found: text.isEmpty ? "an empty cell" : FileError.quoted(text), advice: advice)
    }

    /// Why a cell is not a number: missing, infinite, too large, or a word.
    public func notANumber(row: Int, column: Int) -> FileError {
        if isMissing(row: row, column: column) {
            return error(
                row: row, column: column, "a missing value", expected: "a number",
                advice: "Fill it in or drop the row")
        }
        let word = text(row: row, column: column).trimmingBlanks().lowercased()
        let unsigned = word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst() : word[...]
        if unsigned == "inf" || unsigned == "infinity" {
            return error(
                row: row, column: column, "infinite", expected: "a finite number",
                advice: "Leave the cell empty if the value is not known")
        }
        if unsigned == "nan" {
            return error(
                row: row, column: column, "not a number", expected: "a finite number",
                advice: "Leave the cell empty if the value is not known")
        }
        if let value = Double(word), !value.isFinite, !word.contains("n"), !word.contains("x") {
            return error(
                row: row, column: column, "too large for a number",
                expected: "a magnitude below 1.8e308")
        }
        return error(row: row, column: column, "not a number", expected: "a decimal number")
    }

    private func name(of column: Int) -> String {
        column < header.count ? header[column] : "\(column + 1)"
    }

    /// Throws at the first cell that is not well-formed UTF-8.
    func requireUTF8() throws(FileError) {
        guard let offset = bytes.withUnsafeBufferPointer(firstInvalidUTF8) else { return }
        let starts = stride(from: 0, to: bounds.count, by: 2).prefix { Int(bounds[$0]) <= offset }
        let cell = max(starts.count - 1, 0)
        let row = cell / max(columnCount, 1)
        throw FileError(
            .badData, file: file, line: lines.isEmpty ? 1 : lines[row],
            column: header.isEmpty ? nil : name(of: cell % columnCount),
            "the text is not UTF-8",
            found: "byte 0x" + String(bytes[offset], radix: 16, uppercase: true),
            advice: "Save the file as UTF-8")
    }
}

/// A step of a multiplicative hash; each word changes all bits above its own, and the shift those below.
@inline(__always)
private func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 29
}

/// Whether bytes are a word for "no value".
private func saysMissing(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
    var bytes = cell[...]
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
    guard bytes.count <= 4 else { return false }
    let lower = bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    return lower.isEmpty || lower.elementsEqual("na".utf8) || lower.elementsEqual("nan".utf8)
        || lower.elementsEqual("null".utf8)
}
