/// Rows of CSV text in memory: what one thread formats while another formats the next block.
///
/// Numbers are written with the fewest digits that read back as the same number. NaN, the sign of
/// a missing value, becomes an empty cell.
public struct CSVRows: Sendable {
    /// The text so far, in UTF-8; always whole rows, except between `field` and `endRow`.
    public private(set) var bytes: [UInt8] = []
    /// The number of cells that each row must have.
    public let columnCount: Int
    private var column = 0

    public init(columnCount: Int) {
        precondition(columnCount > 0, "a CSV row has at least one cell")
        self.columnCount = columnCount
    }

    /// Forgets the text and keeps its memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        column = 0
    }

    /// Appends a cell of text, quoted where it must be.
    public mutating func field(_ text: String) {
        beginField()
        var text = text
        text.withUTF8 { cell in
            let plain = cell.allSatisfy {
                $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\n")
                    && $0 != UInt8(ascii: "\r")
            }
            // A cell whose blanks a reader might trim is quoted too.
            if plain, cell.first != 0x20, cell.last != 0x20 {
                bytes.append(contentsOf: cell)
                return
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in cell {
                if byte == UInt8(ascii: "\"") { bytes.append(byte) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// Appends a number with the fewest digits that give the same `Float`.
    public mutating func field(_ value: Float) {
        beginField()
        if !value.isNaN { append(number: value.description) }
    }

    /// Appends a number with the fewest digits that give the same `Double`.
    public mutating func field(_ value: Double) {
        beginField()
        if !value.isNaN { append(number: value.description) }
    }

    /// Appends a number rounded to some decimals, without zeros at the end; NaN is an empty cell.
    public mutating func field(_ value: Double, decimals: Int) {
        beginField()
        if !value.isNaN { FixedDecimals.append(value, decimals: decimals, to: &bytes) }
    }

    /// Appends a whole number.
    public mutating func field(_ value: some BinaryInteger) {
        beginField()
        append(number: value.description)
    }

    /// Appends a cell with nothing in it.
    public mutating func empty() { beginField() }

    /// Appends the cell of a chunk as it is, quoted where it must be.
    public mutating func field(copying chunk: CSVChunk, row: Int, column: Int) {
        field(chunk.text(row: row, column: column))
    }

    /// Ends the row, which must be full.
    public mutating func endRow() {
        precondition(
            column == columnCount, "a CSV row of \(column) cells under \(columnCount) columns")
        // A line with nothing on it would be skipped by readers.
        if columnCount == 1, bytes.isEmpty || bytes.last == UInt8(ascii: "\n") {
            bytes.append(contentsOf: "\"\"".utf8)
        }
        bytes.append(UInt8(ascii: "\n"))
        column = 0
    }

    @inline(__always)
    private mutating func beginField() {
        if column > 0 { bytes.append(UInt8(ascii: ",")) }
        column += 1
    }

    /// Short texts live inside the `String` itself, so this allocates nothing.
    @inline(__always)
    private mutating func append(number: String) {
        var number = number
        number.withUTF8 { digits in
            var end = digits.count
            if end > 2, digits[end - 1] == UInt8(ascii: "0"), digits[end - 2] == UInt8(ascii: ".") {
                end -= 2
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[..<end]))
        }
    }
}

/// Writes a CSV file row by row.
///
/// `CSVWriter.write(to:header:)` is the usual way: the file appears only when it is complete.
public struct CSVWriter {
    private var sink: FileSink
    private var rows: CSVRows

    /// Begins a table with its header on a sink.
    public init(header: [String], sink: FileSink) throws(FileError) {
        self.sink = sink
        rows = CSVRows(columnCount: header.count)
        for name in header { rows.field(name) }
        rows.endRow()
        try flush()
    }

    /// Writes a whole file; when the body throws, nothing is kept. Packed where it ends in `.gz`.
    public static func write(
        to path: String, header: [String], _ body: (inout CSVWriter) throws -> Void
    ) throws {
        try AtomicFile.write(to: path) { sink in
            var writer = try CSVWriter(header: header, sink: sink)
            try body(&writer)
        }
    }

    public mutating func field(_ text: String) { rows.field(text) }
    public mutating func field(_ value: Float) { rows.field(value) }
    public mutating func field(_ value: Double) { rows.field(value) }
    public mutating func field(_ value: some BinaryInteger) { rows.field(value) }
    public mutating func empty() { rows.empty() }

    /// Ends the row, which must be full, and hands it on.
    public mutating func endRow() throws(FileError) {
        rows.endRow()
        try flush()
    }

    /// Appends rows that were formatted elsewhere, in the order of the calls.
    public mutating func append(_ rows: CSVRows) throws(FileError) {
        precondition(
            rows.columnCount == self.rows.columnCount,
            "rows of \(rows.columnCount) cells under \(self.rows.columnCount) columns")
        try sink.append(rows.bytes)
    }

    private mutating func flush() throws(FileError) {
        try sink.append(rows.bytes)
        rows.removeAll()
    }
}
