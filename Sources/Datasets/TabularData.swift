import Files
import Quantiles

/// A whole table in memory, in its three parts, ready for training.
public struct TabularData: Sendable {
    /// The rows of one part, in the order of the file.
    public struct Part: Sendable {
        /// Features row by row; NaN where a cell is missing. Shape: `[row, feature]`.
        public fileprivate(set) var features: [Float] = []
        /// The labels, rounded from the double that the file says. Shape: `[row]`.
        public fileprivate(set) var labels: [Float] = []
        /// The weights, nil where the file has none. Shape: `[row]`.
        public fileprivate(set) var weights: [Float]?
        /// The least and the greatest label as the file says them; nil where there is no row.
        fileprivate(set) var labelRange: ClosedRange<Double>?
        /// The data row of each row in the file, counted from 0.
        public fileprivate(set) var rows: [Int] = []
        /// The number of rows.
        public var rowCount: Int { rows.count }
    }

    /// What the columns of a file mean.
    public struct Options: Sendable {
        /// The name of the label column.
        public var label = "label"
        /// Columns that are not features.
        public var ignored: [String] = []
        /// The seed of the split, where the file has no `split` column.
        public var splitSeed: UInt64 = 0

        public init() {}
    }

    /// The file, as errors tell it.
    public let file: String
    /// The names of the feature columns, in the order of the file.
    public let featureNames: [String]
    /// The name of the label column.
    public let labelName: String
    public private(set) var train = Part()
    public private(set) var validation = Part()
    public private(set) var test = Part()
    /// How many cells of each feature are missing, over all parts. Shape: `[feature]`.
    public private(set) var missingCells: [Int]
    /// What was assumed about the file, one sentence each, for the user.
    public private(set) var notes: [String] = []
    /// A hash of names and values, to tell whether two runs saw the same data; it does not depend
    /// on how the numbers are written.
    public private(set) var fingerprint = ""

    /// The number of feature columns.
    public var featureCount: Int { featureNames.count }
    /// The number of rows of all parts.
    public var rowCount: Int { train.rowCount + validation.rowCount + test.rowCount }

    /// One part of the table.
    public subscript(part: SplitPart) -> Part {
        switch part {
        case .train: train
        case .validation: validation
        case .test: test
        }
    }

    /// Reads a file and checks that it can be trained on.
    public init(path: String, options: Options = Options()) throws(FileError) {
        let reader = try CSVReader(path: path)
        let columns = try TabularColumns(reader: reader, options: options)
        file = path
        featureNames = columns.features.map { reader.header[$0] }
        labelName = options.label
        missingCells = [Int](repeating: 0, count: columns.features.count)
        notes = columns.notes
        if columns.split == nil {
            notes.append(
                "no column 'split': rows go 64/16/20 to train, validation and test by a hash of "
                    + "row and seed \(options.splitSeed)")
        }
        if columns.weight != nil {
            (train.weights, validation.weights, test.weights) = ([], [], [])
        }
        while let chunk = try reader.nextChunk(rows: 8192) {
            for row in 0..<chunk.rowCount {
                let part =
                    try columns.split.map { (column) throws(FileError) in
                        try chunk.splitPart(row: row, column: column)
                    } ?? SplitPart(row: chunk.firstRow + row, seed: options.splitSeed)
                switch part {
                case .train: try train.append(chunk, row, columns, &missingCells)
                case .validation: try validation.append(chunk, row, columns, &missingCells)
                case .test: try test.append(chunk, row, columns, &missingCells)
                }
            }
        }
        try requireUsable(hasSplitColumn: columns.split != nil)
        if let note = farLabelNote { notes.append(note) }
        fingerprint = computeFingerprint()
    }

    private func requireUsable(hasSplitColumn: Bool) throws(FileError) {
        guard rowCount > 0 else {
            throw FileError(
                .badData, file: file, "no rows below the header", expected: "rows to train on")
        }
        for part in [SplitPart.train, .validation] where self[part].rowCount == 0 {
            throw FileError(
                .badData, file: file, column: hasSplitColumn ? "split" : nil,
                "no \(part.rawValue) rows among \(rowCount)",
                expected: "at least one row each for train and validation",
                advice: hasSplitColumn
                    ? "Mark some rows '\(part.rawValue)', or drop the column for a 64/16/20 split"
                    : "Give more rows, or a 'split' column")
        }
        // Labels that differ and yet round to one number are another trouble, which training tells.
        if let range = train.labelRange, range.lowerBound == range.upperBound {
            throw FileError(
                .badData, file: file, column: labelName, "the label is constant in the train rows",
                expected: "at least two different labels",
                found: "\(train.labels[0]) in all \(train.rowCount)",
                advice: "Choose another column with --label")
        }
        for part in [SplitPart.train, .validation] {
            guard let weights = self[part].weights, weights.allSatisfy({ $0 == 0 }) else {
                continue
            }
            throw FileError(
                .badData, file: file, column: "weight", "every \(part.rawValue) row has weight 0",
                expected: "at least one weight above 0")
        }
    }

    /// A word on a training label so far from all others that it is more likely a mistake.
    private var farLabelNote: String? {
        let sorted = train.labels.map(Double.init).sorted()
        let median = sampleQuantile(ofSorted: sorted, at: 0.5)
        let spread =
            sampleQuantile(ofSorted: sorted, at: 0.75) - sampleQuantile(ofSorted: sorted, at: 0.25)
        let farthest = train.labels.indices.max {
            abs(Double(train.labels[$0]) - median) < abs(Double(train.labels[$1]) - median)
        }
        guard let farthest, spread > 0,
            abs(Double(train.labels[farthest]) - median) > 10_000 * spread
        else { return nil }
        return
            "the label \(train.labels[farthest]) of data row \(train.rows[farthest] + 1) is more "
            + "than 10,000 interquartile ranges from the median, \(Float(median)); is it a mistake?"
    }

    /// FNV-1a over 32-bit words, in hexadecimal.
    private func computeFingerprint() -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ word: UInt32) { hash = (hash ^ UInt64(word)) &* 0x100_0000_01B3 }
        for byte in (featureNames + [labelName]).joined(separator: "\n").utf8 {
            mix(UInt32(byte))
        }
        for part in SplitPart.allCases.map({ self[$0] }) {
            for row in part.rows { mix(UInt32(truncatingIfNeeded: row)) }
            for value in part.features { mix(value.isNaN ? 0x7FC0_0000 : value.bitPattern) }
            for value in part.labels { mix(value.bitPattern) }
            for value in part.weights ?? [] { mix(value.bitPattern) }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension TabularData.Part {
    /// Appends a row, and counts its missing features by column.
    fileprivate mutating func append(
        _ chunk: CSVChunk, _ row: Int, _ columns: TabularColumns, _ missingCells: inout [Int]
    ) throws(FileError) {
        let written = try chunk.requiredNumber(row: row, column: columns.label)
        let label = Float(written)
        guard label.isFinite else { throw chunk.tooLarge(row: row, column: columns.label) }
        labelRange =
            min(
                labelRange?.lowerBound ?? written, written)...max(
                labelRange?.upperBound ?? written, written)
        if let column = columns.weight {
            let weight = Float(try chunk.requiredNumber(row: row, column: column))
            guard (0...1e12).contains(weight) else {
                throw chunk.error(
                    row: row, column: column, "not a weight", expected: "a number from 0 to 1e12")
            }
            weights?.append(weight)
        }
        for (index, column) in columns.features.enumerated() {
            let value = try chunk.feature(row: row, column: column)
            if value.isNaN { missingCells[index] += 1 }
            features.append(value)
        }
        labels.append(label)
        rows.append(chunk.firstRow + row)
    }
}

/// Which column of a file is what.
struct TabularColumns {
    var features: [Int] = []
    var label: Int
    var weight: Int?
    var split: Int?
    var notes: [String] = []

    /// Names that are never features: what Tenor itself writes beside data.
    static let reserved: Set<String> = ["weight", "split", "row"]

    init(reader: CSVReader, options: TabularData.Options) throws(FileError) {
        do {
            label = try reader.requiredColumn(options.label)
        } catch {
            var error = error
            error.problem = "no label column '\(options.label)'"
            let advice = error.advice.map { $0 + ($0.hasSuffix("?") ? " " : ". ") } ?? ""
            error.advice = advice + "--label names another column"
            throw error
        }
        for name in options.ignored { _ = try reader.requiredColumn(name) }
        let ignored = Set(options.ignored)
        weight = ignored.contains("weight") ? nil : reader.header.firstIndex(of: "weight")
        split = ignored.contains("split") ? nil : reader.header.firstIndex(of: "split")
        if weight == label { weight = nil }
        if split == label { split = nil }
        for (index, name) in reader.header.enumerated() where index != label {
            if ignored.contains(name) || Self.reserved.contains(name) { continue }
            features.append(index)
        }
        if weight != nil {
            notes.append("column 'weight' weighs the rows; rename it to make it a feature")
        }
        if !ignored.contains("row"), reader.header.contains("row"), options.label != "row" {
            notes.append("column 'row' is a row number, not a feature")
        }
        guard !features.isEmpty else {
            throw FileError(
                .badData, file: reader.file, line: 1, "no feature columns",
                expected: "at least one numeric column beside the label",
                found: Spelling.list(reader.header))
        }
    }
}
