import Files

/// Streams a CSV file for scoring, in blocks whose features stand in the order of a checkpoint.
public final class TabularReader {
    /// What to read of a file.
    public struct Options: Sendable {
        /// The name of the label column, which need not be there.
        public var label = "label"
        /// Columns to carry through as text.
        public var kept: [String] = []
        /// Only the rows of this part; nil for all.
        public var part: SplitPart?
        /// The seed of the split that training made, where the file has no `split` column.
        public var splitSeed: UInt64?

        public init() {}
    }

    /// The number of columns of the file that are neither feature, label nor kept.
    public let ignoredColumnCount: Int
    /// Whether the file has the label column.
    public var hasLabel: Bool { plan.label != nil }
    /// The names of the columns carried through.
    public let keptNames: [String]
    private let reader: CSVReader
    private let plan: TabularBlock.Plan

    /// Opens a file and finds every column that is needed.
    ///
    /// - Parameter features: the names that the checkpoint asks for, in its order; columns may
    ///   stand in any order in the file, beside others.
    public init(
        path: String, features: [String], options: Options = Options()
    ) throws(FileError) {
        reader = try CSVReader(path: path)
        let positions = Dictionary(
            uniqueKeysWithValues: reader.header.enumerated().map { ($1, $0) })
        let featureColumns = try Self.columns(
            features, in: positions, reader: reader, what: "features of the checkpoint")
        let keptColumns = try Self.columns(
            options.kept, in: positions, reader: reader, what: "columns to keep")
        keptNames = options.kept
        plan = TabularBlock.Plan(
            features: featureColumns, kept: keptColumns, label: positions[options.label],
            split: positions["split"], part: options.part, splitSeed: options.splitSeed)
        if options.part != nil, plan.split == nil, options.splitSeed == nil {
            throw FileError(
                .badData, file: path, line: 1, "no column 'split'",
                expected: "one with train, validation and test",
                advice: "Score all rows, without --split")
        }
        let used = Set(featureColumns + keptColumns + [plan.label].compactMap { $0 })
        ignoredColumnCount = reader.header.count - used.count
    }

    /// The next block of up to `rows` rows of the file, nil at its end; not parsed yet.
    public func nextBlock(rows: Int) throws(FileError) -> TabularBlock? {
        try reader.nextChunk(rows: rows).map { TabularBlock(chunk: $0, plan: plan) }
    }

    private static func columns(
        _ names: [String], in positions: [String: Int], reader: CSVReader, what: String
    ) throws(FileError) -> [Int] {
        let missing = names.filter { positions[$0] == nil }
        guard missing.isEmpty else {
            let free = reader.header.filter { !names.contains($0) }
            let guesses = missing.prefix(8).compactMap { name in
                Spelling.nearest(to: name, among: free).map { "'\($0)' may be '\(name)'" }
            }
            throw FileError(
                .badData, file: reader.file, line: 1,
                "no column for \(missing.count) of \(names.count) \(what)",
                expected: Spelling.list(missing, limit: 20),
                found: "the columns " + Spelling.list(reader.header, limit: 20),
                advice: guesses.isEmpty
                    ? "Add the columns under these names" : guesses.joined(separator: ", "))
        }
        return names.compactMap { positions[$0] }
    }
}

/// Some rows of a file, to be parsed on any thread.
public struct TabularBlock: Sendable {
    /// Which column of the file is what, and which rows are wanted.
    struct Plan: Sendable {
        var features: [Int]
        var kept: [Int]
        var label: Int?
        var split: Int?
        var part: SplitPart?
        var splitSeed: UInt64?
    }

    private let chunk: CSVChunk
    private let plan: Plan

    init(chunk: CSVChunk, plan: Plan) {
        self.chunk = chunk
        self.plan = plan
    }

    /// The rows of the wanted part, with their numbers parsed.
    public func parsed() throws(FileError) -> TabularRows {
        var rows = TabularRows(chunk: chunk, plan: plan)
        let selected = try selectedRows()
        rows.features = [Float](repeating: 0, count: selected.count * plan.features.count)
        var next = 0
        for row in selected {
            for column in plan.features {
                let value = try chunk.feature(row: row, column: column)
                if value.isNaN { rows.missingCellCount += 1 }
                rows.features[next] = value
                next += 1
            }
        }
        if let label = plan.label {
            var labels: [Double] = []
            labels.reserveCapacity(selected.count)
            for row in selected {
                labels.append(try chunk.numberOrMissing(row: row, column: label))
            }
            rows.labels = labels
        }
        rows.selected = selected
        return rows
    }

    private func selectedRows() throws(FileError) -> [Int] {
        guard let part = plan.part else { return Array(0..<chunk.rowCount) }
        var selected: [Int] = []
        for row in 0..<chunk.rowCount {
            let found: SplitPart
            if let split = plan.split {
                found = try chunk.splitPart(row: row, column: split)
            } else {
                found = SplitPart(row: chunk.firstRow + row, seed: plan.splitSeed ?? 0)
            }
            if found == part { selected.append(row) }
        }
        return selected
    }
}

/// Parsed rows to be scored.
public struct TabularRows: Sendable {
    /// Features row by row; NaN where a cell is missing. Shape: `[row, feature]`.
    public internal(set) var features: [Float] = []
    /// Labels, NaN where a cell is missing; nil where the file has none. Shape: `[row]`.
    public internal(set) var labels: [Double]?
    /// How many feature cells are missing.
    public internal(set) var missingCellCount = 0
    var selected: [Int] = []
    /// The block of the file that the rows come from.
    public let chunk: CSVChunk
    private let plan: TabularBlock.Plan

    init(chunk: CSVChunk, plan: TabularBlock.Plan) {
        self.chunk = chunk
        self.plan = plan
    }

    /// The number of rows.
    public var rowCount: Int { selected.count }

    /// The data row of a row in the file, counted from 0.
    public func fileRow(_ row: Int) -> Int { chunk.firstRow + selected[row] }

    /// The row of a row in ``chunk``.
    public func chunkRow(_ row: Int) -> Int { selected[row] }

    /// The columns of ``chunk`` to carry through, in the order of their names.
    public var keptColumns: [Int] { plan.kept }

    /// The column of ``chunk`` that holds the label, nil where the file has none.
    public var labelColumn: Int? { plan.label }
}
