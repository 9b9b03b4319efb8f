import Files

/// What a look at a CSV file tells: rows, and for each column its kind, range and gaps.
public struct TabularSummary: Sendable {
    /// One column of the file.
    public struct Column: Sendable {
        public let name: String
        /// How many cells hold a finite number.
        public fileprivate(set) var numbers = 0
        /// How many cells are missing.
        public fileprivate(set) var missing = 0
        /// How many cells hold something else, infinities among them.
        public fileprivate(set) var texts = 0
        /// The first cell that is no number, and its line.
        public fileprivate(set) var firstText: (text: String, line: Int)?
        public fileprivate(set) var minimum = Double.infinity
        public fileprivate(set) var maximum = -Double.infinity
        /// The mean of the numbers.
        public fileprivate(set) var mean = 0.0
        /// Whether every cell that is not missing holds a number, and some cell does.
        public var isNumeric: Bool { texts == 0 && numbers > 0 }

        fileprivate mutating func add(_ value: Double) {
            numbers += 1
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            // Welford's running mean does not overflow and loses little.
            mean += (value - mean) / Double(numbers)
        }
    }

    public private(set) var rowCount = 0
    public private(set) var columns: [Column]
    /// Rows of each part, nil where there is no `split` column or it holds other words.
    public private(set) var splitCounts: [SplitPart: Int]?

    /// Reads a file once, in memory that does not depend on the number of rows.
    public init(path: String) throws(FileError) {
        let reader = try CSVReader(path: path)
        columns = reader.header.map { Column(name: $0) }
        let split = reader.header.firstIndex(of: "split")
        if split != nil { splitCounts = [:] }
        while let chunk = try reader.nextChunk(rows: 8192) {
            rowCount += chunk.rowCount
            for row in 0..<chunk.rowCount {
                for column in columns.indices {
                    if let value = chunk.number(row: row, column: column) {
                        columns[column].add(value)
                    } else if chunk.isMissing(row: row, column: column) {
                        columns[column].missing += 1
                    } else {
                        columns[column].texts += 1
                        if columns[column].firstText == nil {
                            columns[column].firstText = (
                                chunk.text(row: row, column: column), chunk.line(row: row)
                            )
                        }
                    }
                }
                if let split, splitCounts != nil {
                    if let part = try? chunk.splitPart(row: row, column: split) {
                        splitCounts?[part, default: 0] += 1
                    } else {
                        splitCounts = nil
                    }
                }
            }
        }
    }
}
