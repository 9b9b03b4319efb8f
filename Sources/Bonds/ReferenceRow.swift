import Files

/// A row of one of the reference tables of a market folder.
///
/// A row reads its cells in the order of `columns`, whatever their order in the file, and writes
/// them in that order. Columns that a table does not know are passed over.
public protocol ReferenceRow: Sendable {
    /// The name of the table: `bonds` for `bonds.csv` and `bonds.csv.gz`.
    static var table: String { get }
    static var columns: [String] { get }
    /// Columns that a file need not have; their cells then are empty.
    static var optionalColumns: Set<String> { get }
    /// What no two rows of a table may share, nil where there is no such thing.
    var uniqueKey: String? { get }
    /// What only several rows together can have wrong.
    /// - Parameter lines: the line of each row in the file.
    static func check(_ rows: [Self], lines: [Int], file: String) throws(FileError)
    init(_ cells: inout ReferenceCells) throws(FileError)
    func write(to cells: inout CSVRows)
}

extension ReferenceRow {
    public static var optionalColumns: Set<String> { [] }
    public var uniqueKey: String? { nil }
    public static func check(_ rows: [Self], lines: [Int], file: String) throws(FileError) {}

    /// The table's file in a market folder, nil where there is none.
    /// - Throws: `FileError` where it is there both packed and not.
    public static func path(market folder: String) throws(FileError) -> String? {
        try MarketFolder.path(of: table, in: folder)
    }

    /// All rows of the table of a market folder, in the order of the file.
    public static func read(market folder: String) throws(FileError) -> [Self] {
        try read(path: path(market: folder) ?? MarketFolder.plainPath(of: table, in: folder))
    }

    /// All rows of the table of a market folder; none where it has no such table.
    public static func readIfPresent(market folder: String) throws(FileError) -> [Self] {
        guard let path = try path(market: folder) else { return [] }
        return try read(path: path)
    }

    /// All rows of a file, in its order.
    public static func read(path: String) throws(FileError) -> [Self] {
        let reader = try ReferenceReader<Self>(path: path)
        var rows: [Self] = []
        var lines: [Int] = []
        while let some = try reader.next() {
            rows += some
            lines += reader.lines
        }
        try check(rows, lines: lines, file: path)
        return rows
    }

    /// Writes a file; it appears when it is complete. Packed where it ends in `.gz`.
    public static func write(_ rows: [Self], to path: String) throws {
        try CSVWriter.write(to: path, header: columns) { writer in
            var text = CSVRows(columnCount: columns.count)
            for row in rows {
                row.write(to: &text)
                text.endRow()
                guard text.bytes.count > 1 << 16 else { continue }
                try writer.append(text)
                text.removeAll()
            }
            try writer.append(text)
        }
    }

    /// Writes the table of a market folder.
    public static func write(_ rows: [Self], market folder: String) throws {
        try write(rows, to: MarketFolder.plainPath(of: table, in: folder))
    }
}

/// The cells of one row, taken one after the other in the order of the table's columns.
public struct ReferenceCells {
    private let chunk: CSVChunk
    private let row: Int
    private let columns: [Int?]
    private var next = 0
    /// A column of the file, for errors about the row as a whole.
    private var last = 0

    init(chunk: CSVChunk, row: Int, columns: [Int?]) {
        self.chunk = chunk
        self.row = row
        self.columns = columns
    }

    /// An error at the cell that was taken last.
    public func error(_ problem: String, expected: String? = nil) -> FileError {
        chunk.error(row: row, column: last, problem, expected: expected)
    }

    /// Text that may be empty.
    public mutating func text() -> String {
        take().map { chunk.text(row: row, column: $0) } ?? ""
    }

    /// Text that must be there.
    public mutating func requiredText() throws(FileError) -> String {
        let text = text()
        if text.isEmpty { throw error("a missing value", expected: "some text") }
        return text
    }

    /// A number in a range; NaN where the cell is empty.
    public mutating func number(
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(FileError) -> Double {
        guard let column = take() else { return .nan }
        let number = try chunk.numberOrMissing(row: row, column: column)
        return try inside(range, number)
    }

    /// A number in a range that must be there.
    public mutating func requiredNumber(
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(FileError) -> Double {
        guard let column = take() else { return .nan }
        return try inside(range, chunk.requiredNumber(row: row, column: column))
    }

    /// A date that must be there.
    public mutating func requiredDate() throws(FileError) -> CalendarDate {
        if let date = try date() { return date }
        throw error("a missing value", expected: Self.dateForm)
    }

    /// A date; nil where the cell is empty.
    public mutating func date() throws(FileError) -> CalendarDate? {
        guard let column = take(), !chunk.isEmpty(row: row, column: column) else { return nil }
        let date = chunk.withBytes(row: row, column: column) {
            $0.count == 10 ? CalendarDate($0) : nil
        }
        guard let date else { throw error("not a date", expected: Self.dateForm) }
        return date
    }

    /// A time in UTC epoch nanoseconds, which must be there.
    public mutating func requiredTime() throws(FileError) -> Int64 {
        guard let column = take() else { return 0 }
        let time = try chunk.requiredInteger(row: row, column: column)
        // From April 1970, which no count of microseconds reaches, to the year 2200.
        guard (8_000_000_000_000_000...7_258_118_400_000_000_000).contains(time) else {
            throw error(
                "not a time in nanoseconds",
                expected: "UTC epoch nanoseconds between 1970-04 and 2200")
        }
        return time
    }

    /// `Y` or `N`; `N` where the cell is empty.
    public mutating func flag() throws(FileError) -> Bool {
        switch text() {
        case "Y": return true
        case "N", "": return false
        default: throw error("not a flag", expected: "Y or N")
        }
    }

    private static let dateForm = "a date such as 2025-03-07"

    private func inside(
        _ range: ClosedRange<Double>, _ number: Double
    ) throws(FileError) -> Double {
        if number.isNaN || range.contains(number) { return number }
        let lower = range.lowerBound
        let upper = range.upperBound
        throw error(
            "out of range",
            expected: upper == .greatestFiniteMagnitude
                ? "at least \(lower)" : "a number from \(lower) to \(upper)")
    }

    private mutating func take() -> Int? {
        let column = columns[next]
        next += 1
        if let column { last = column }
        return column
    }
}

extension CSVRows {
    /// Appends a cell with a date, `YYYY-MM-DD`; an empty one where it is nil.
    public mutating func field(_ date: CalendarDate?) {
        if let date { field(date.description) } else { empty() }
    }

    /// Appends a cell with `Y` or `N`.
    public mutating func field(flag: Bool) {
        field(flag ? "Y" : "N")
    }
}
