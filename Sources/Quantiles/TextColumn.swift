import Files

/// A named column of cells that are carried along as they were read; all in one array of bytes.
public struct TextColumn: Sendable {
    public let name: String
    private var bytes: [UInt8] = []
    /// Where each cell ends in `bytes`.
    private var ends: [Int] = []

    /// A column without rows.
    public init(name: String) {
        self.name = name
    }

    public init(name: String, _ cells: [String]) {
        self.init(name: name)
        for cell in cells { append(cell.utf8) }
    }

    public var count: Int { ends.count }

    /// The text of one cell.
    public subscript(row: Int) -> String {
        String(decoding: utf8(row: row), as: UTF8.self)
    }

    /// The bytes of one cell, without quotes.
    public func utf8(row: Int) -> ArraySlice<UInt8> {
        bytes[(row == 0 ? 0 : ends[row - 1])..<ends[row]]
    }

    /// The number in a cell; nil where it is empty or none.
    public func number(row: Int) -> Double? {
        utf8(row: row).withUnsafeBufferPointer { Double(decimal: $0) }
    }

    /// The whole number in a cell, exact over all of `Int64`; nil where it is empty or none.
    public func integer(row: Int) -> Int64? {
        utf8(row: row).withUnsafeBufferPointer { Int64(decimal: $0) }
    }

    /// Appends the cell of one more row.
    public mutating func append(_ cell: some Sequence<UInt8>) {
        bytes.append(contentsOf: cell)
        ends.append(bytes.count)
    }

    func selecting(_ rows: [Int]) -> TextColumn {
        var column = TextColumn(name: name)
        for row in rows { column.append(utf8(row: row)) }
        return column
    }
}
