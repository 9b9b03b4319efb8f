import Arrays
import Datasets
import Dispatch
import Files
import QuantileModels
import Quantiles

/// Scores a CSV file with a checkpoint: rows in, a forecast table out, in memory that does not
/// depend on their number.
public struct Scorer: Sendable {
    /// What a file gave.
    public struct Summary: Sendable {
        public var rows = 0
        /// Feature cells that were missing and took the training median.
        public var missingCells = 0
        /// Columns of the file that the checkpoint does not know.
        public var ignoredColumns = 0
    }

    public let model: QuantileModel
    /// Blocks that are worked on at once, each on a thread of its own.
    public let workerCount: Int
    private static let rowsPerBlock = 4_096

    public init(model: QuantileModel, workerCount: Int = BLAS.threadCount) {
        self.model = model
        self.workerCount = max(1, workerCount)
    }

    /// Writes the forecast table of a file; it appears when it is complete.
    ///
    /// The same file and options give the same bytes with any number of workers. The same row in
    /// another file may differ in its last digit, because the order in which a matrix product adds
    /// up depends on the rows around it.
    ///
    /// - Parameters:
    ///   - options: Which rows to score and which columns to carry through.
    ///   - onProgress: Called with the rows done; an error that it throws ends the work, and
    ///     nothing is left behind.
    /// - Throws: ``Files/FileError`` for features that are missing in the file, cells that are no
    ///   numbers, or a table that cannot be written.
    public func score(
        _ path: String, options: TabularReader.Options, to output: String,
        onProgress: (Int) throws -> Void = { _ in }
    ) throws -> Summary {
        let reader = try TabularReader(
            path: path, features: model.features, options: options)
        let blank = try ForecastRows(
            levels: model.levels, keeping: reader.keptNames, hasLabel: reader.hasLabel,
            file: output)
        // One thread a block beats threads within a block's products.
        let threads = BLAS.threadCount
        BLAS.setThreadCount(1)
        defer { BLAS.setThreadCount(threads) }

        var summary = Summary(ignoredColumns: reader.ignoredColumnCount)
        try AtomicFile.write(to: output) { sink in
            var writer = try CSVWriter(header: blank.header, sink: sink)
            while true {
                var blocks: [TabularBlock] = []
                while blocks.count < workerCount,
                    let block = try reader.nextBlock(rows: Self.rowsPerBlock)
                {
                    blocks.append(block)
                }
                guard !blocks.isEmpty else { break }
                for result in concurrentMap(blocks, { try score($0, into: blank) }) {
                    let (rows, count, missing) = try result.get()
                    try writer.append(rows.rows)
                    summary.rows += count
                    summary.missingCells += missing
                }
                try onProgress(summary.rows)
            }
        }
        return summary
    }

    private func score(
        _ block: TabularBlock, into blank: ForecastRows
    ) throws -> (rows: ForecastRows, count: Int, missing: Int) {
        let parsed = try block.parsed()
        var table = blank
        // A block of a split file may hold no row of the part that is asked for.
        guard parsed.rowCount > 0 else { return (table, 0, parsed.missingCellCount) }
        let forecasts = model.forecast(
            FeatureMatrix(names: model.features, values: parsed.features))
        let levels = model.levels.count
        forecasts.withUnsafePointer { tiles in
            for row in 0..<parsed.rowCount {
                table.append(
                    row: parsed.fileRow(row), from: parsed.chunk, at: parsed.chunkRow(row),
                    keeping: parsed.keptColumns, label: parsed.labelColumn,
                    tiles: UnsafeBufferPointer(start: tiles + row * levels, count: levels))
            }
        }
        return (table, parsed.rowCount, parsed.missingCellCount)
    }
}

/// The results of a function of each element, in order, computed on a thread each.
private func concurrentMap<Element: Sendable, Value: Sendable>(
    _ elements: [Element], _ transform: @Sendable (Element) throws -> Value
) -> [Result<Value, any Error>] {
    // Each iteration writes a slot of its own.
    nonisolated(unsafe) let slots = UnsafeMutablePointer<Result<Value, any Error>?>.allocate(
        capacity: elements.count)
    slots.initialize(repeating: nil, count: elements.count)
    defer {
        slots.deinitialize(count: elements.count)
        slots.deallocate()
    }
    DispatchQueue.concurrentPerform(iterations: elements.count) { index in
        slots[index] = Result { try transform(elements[index]) }
    }
    return (0..<elements.count).compactMap { slots[$0] }
}
