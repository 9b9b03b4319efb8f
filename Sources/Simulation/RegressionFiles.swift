import Dispatch
import Files
import Foundation
import Quantiles
import Random

extension RegressionGenerator {
    /// Where the true quantiles of a data file go: `a.csv` has `a.oracle.csv`.
    public static func oraclePath(for path: String) -> String {
        for ending in [".csv.gz", ".csv"] where path.hasSuffix(ending) {
            return path.dropLast(ending.count) + ".oracle" + ending
        }
        return path + ".oracle.csv"
    }

    /// Writes a data set and, beside it, its true quantiles as a forecast table.
    ///
    /// The data has the columns `x0`, `x1`, …, `label`, `split`; the table `row` (0-based row of
    /// the data), `label`, the tiles, `split`. The bytes do not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - rows: how many, at least one.
    ///   - path: of the data; packed where it ends in `.gz`.
    ///   - threads: how many format at a time.
    ///   - progress: is told the rows done so far.
    /// - Throws: `SimulationError` for a number of rows below one, `FileError` when a file cannot be
    ///   written; neither file is then left behind half-written.
    public func write(
        rows: Int, to path: String, levels: QuantileLevels = .standard,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        guard rows > 0 else {
            throw SimulationError("rows: expected at least 1, found \(rows)")
        }
        let dataHeader = (0..<columnCount).map { "x\($0)" } + ["label", "split"]
        let oracleHeader = ["row", "label"] + levels.names + ["split"]
        let normals = levels.values.map(normalQuantile)
        try CSVWriter.write(to: path, header: dataHeader) { data in
            let oraclePath = Self.oraclePath(for: path)
            try CSVWriter.write(to: oraclePath, header: oracleHeader) { oracle in
                let threads = max(1, threads)
                var done = 0
                while done < rows {
                    let blocks = blocks(from: done, to: rows, atMost: threads, normals: normals)
                    for block in blocks {
                        try data.append(block.data)
                        try oracle.append(block.oracle)
                    }
                    done = min(rows, done + threads * Self.blockRows)
                    try progress(done)
                }
            }
        }
    }

    /// Rows of both files, formatted.
    private struct Block: Sendable {
        var data: CSVRows
        var oracle: CSVRows
    }

    private static let blockRows = 4096

    /// Formats the next blocks, each on a thread of its own.
    private func blocks(
        from first: Int, to end: Int, atMost threads: Int, normals: [Double]
    ) -> [Block] {
        let count = min(threads, (end - first + Self.blockRows - 1) / Self.blockRows)
        let empty = Block(
            data: CSVRows(columnCount: columnCount + 2),
            oracle: CSVRows(columnCount: normals.count + 3))
        var blocks = [Block](repeating: empty, count: count)
        blocks.withUnsafeMutableBufferPointer { blocks in
            // Each iteration touches a block of its own.
            nonisolated(unsafe) let blocks = blocks
            DispatchQueue.concurrentPerform(iterations: count) { index in
                let start = first + index * Self.blockRows
                let stop = min(end, start + Self.blockRows)
                format(start..<stop, normals: normals, into: &blocks[index])
            }
        }
        return blocks
    }

    private func format(_ rows: Range<Int>, normals: [Double], into block: inout Block) {
        var values = [Float](repeating: 0, count: columnCount)
        var scratch = [Double](repeating: 0, count: columnCount)
        for row in rows {
            let outcome = values.withUnsafeMutableBufferPointer { values in
                scratch.withUnsafeMutableBufferPointer { scratch in
                    fill(row: row, values: values, scratch: scratch)
                }
            }
            for value in values { block.data.field(value) }
            block.data.field(outcome.label)
            block.data.field(outcome.split.rawValue)
            block.data.endRow()

            block.oracle.field(row)
            block.oracle.field(outcome.label)
            for normal in normals {
                block.oracle.field(Float(outcome.distribution.quantile(normal: normal)))
            }
            block.oracle.field(outcome.split.rawValue)
            block.oracle.endRow()
        }
    }
}
