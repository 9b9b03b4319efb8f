import Files

/// A line that asked for a price and has none.
struct UnpricedLine: Sendable {
    /// 1-based, in the file that asked.
    let number: Int
    let identifier: String
    let time: Int64?
    let reason: String

    init(_ line: Universe.Line, _ time: Int64, _ reason: String) {
        (number, identifier) = (line.number, line.identifier)
        self.time = time
        self.reason = reason
    }

    init(_ line: AskedTrades.Line, _ reason: String) {
        (number, identifier, time) = (line.number, line.identifier, line.time)
        self.reason = reason
    }
}

extension [UnpricedLine] {
    /// Writes a CSV file beside the quotes, in the order of the lines.
    func write(beside path: String) throws(FileError) {
        var cells = CSVRows(columnCount: 4)
        for name in ["line", "identifier", "execution_date", "reason"] { cells.field(name) }
        cells.endRow()
        for line in sorted(by: { $0.number < $1.number }) {
            cells.field(line.number)
            cells.field(line.identifier)
            if let time = line.time { cells.field(time) } else { cells.empty() }
            cells.field(line.reason)
            cells.endRow()
        }
        try AtomicFile.write(cells.bytes, to: UnpricedFile.path(beside: path))
    }
}

/// The list of what could not be priced.
public enum UnpricedFile {
    /// `quotes.unpriced.csv` of `quotes.csv.gz`.
    public static func path(beside quotes: String) -> String {
        var stem = quotes[...]
        if stem.hasSuffix(".gz") { stem = stem.dropLast(3) }
        for format in QuoteFormat.allCases where stem.hasSuffix("." + format.rawValue) {
            stem = stem.dropLast(format.rawValue.count + 1)
        }
        return stem + ".unpriced.csv"
    }
}
