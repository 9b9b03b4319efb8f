import Dispatch
import Quantiles
import Synchronization

/// Labelled forecasts with what every cohort needs of them: errors, widths, and the rows in order
/// of time, error and width, so that a cohort's own order is found without sorting again.
struct Sample: Sendable {
    let levels: QuantileLevels
    let rowCount: Int
    /// Shape: `[row, level]`.
    let tiles: [Double]
    let label: [Double]
    /// label - median
    let residual: [Double]
    /// |label - median|
    let error: [Double]
    /// q95 - q5; nil where the levels lack one.
    let width: [Double]?
    let order: TileOrder
    let all: RowSet

    /// - Precondition: as many labels as rows, no NaN.
    init(_ table: ForecastTable, label: [Double]) {
        precondition(
            table.rowCount > 0 && label.count == table.rowCount,
            "Sample: \(table.rowCount) rows and \(label.count) labels")
        let levels = table.levels
        let median = levels.medianIndex
        let count = table.rowCount
        self.levels = levels
        self.label = label
        rowCount = count
        tiles = table.tiles
        residual = table.tiles.withUnsafeBufferPointer { tiles in
            (0..<count).map { label[$0] - tiles[$0 * levels.count + median] }
        }
        error = residual.map { $0.magnitude }
        if let lower = levels.index(of: 0.05), let upper = levels.index(of: 0.95) {
            width = table.tiles.withUnsafeBufferPointer { tiles in
                (0..<count).map {
                    tiles[$0 * levels.count + upper] - tiles[$0 * levels.count + lower]
                }
            }
        } else {
            width = nil
        }
        order = TileOrder(levels, tiles: table.tiles, label: label)
        all = RowSet(times: table.executionDate, errors: error, widths: width)
    }
}

/// Rows of a sample, in several orders.
struct RowSet: Sendable {
    /// In the order of the table.
    let rows: [Int32]
    /// By execution time, equal times as in the table; nil where the table has no times.
    let byTime: [Int32]?
    let byError: [Int32]
    let byWidth: [Int32]?

    var count: Int { rows.count }

    private init(rows: [Int32], byTime: [Int32]?, byError: [Int32], byWidth: [Int32]?) {
        self.rows = rows
        self.byTime = byTime
        self.byError = byError
        self.byWidth = byWidth
    }

    /// All rows.
    fileprivate init(times: [Int64]?, errors: [Double], widths: [Double]?) {
        let orders = parallel(3) { index -> [Int32]? in
            switch index {
            case 0: rowOrder(of: errors)
            case 1: widths.map { rowOrder(of: $0) }
            default: times.map { rowOrder(of: $0) }
            }
        }
        self.init(
            rows: (0..<Int32(errors.count)).map(\.self), byTime: orders[2],
            byError: orders[0] ?? [], byWidth: orders[1])
    }

    /// The rows of each grade that has any; none without grades.
    static func grades(
        _ all: RowSet, _ grades: CohortCodes?
    ) -> [(name: String, rows: RowSet)] {
        guard let grades else { return [] }
        let parts = all.partitioned(grades.codes, count: grades.names.count)
        return zip(grades.names, parts).filter { $0.1.count > 0 }.map { ($0, $1) }
    }

    /// The rows of each code, in the same orders; rows with a negative code are in none.
    func partitioned(_ codes: [Int16], count: Int) -> [RowSet] {
        let rows = deal(rows, codes, count: count)
        let byTime = byTime.map { deal($0, codes, count: count) }
        let byError = deal(byError, codes, count: count)
        let byWidth = byWidth.map { deal($0, codes, count: count) }
        return (0..<count).map {
            RowSet(
                rows: rows[$0], byTime: byTime?[$0], byError: byError[$0], byWidth: byWidth?[$0])
        }
    }
}

/// Hands out rows by their codes, each part in the order given.
func deal(_ order: [Int32], _ codes: [Int16], count: Int) -> [[Int32]] {
    var sizes = [Int](repeating: 0, count: count)
    for row in order where codes[Int(row)] >= 0 { sizes[Int(codes[Int(row)])] += 1 }
    // All parts behind each other, each with a place of its own to go on from.
    var starts = [0]
    for size in sizes { starts.append(starts[starts.count - 1] + size) }
    var next = starts
    let dealt = [Int32](unsafeUninitializedCapacity: starts[count]) { dealt, filled in
        next.withUnsafeMutableBufferPointer { next in
            codes.withUnsafeBufferPointer { codes in
                for row in order where codes[Int(row)] >= 0 {
                    let code = Int(codes[Int(row)])
                    dealt[next[code]] = row
                    next[code] += 1
                }
            }
        }
        filled = starts[count]
    }
    return (0..<count).map { Array(dealt[starts[$0]..<starts[$0 + 1]]) }
}

/// Rows in ascending order of a number; equal ones keep their order.
func rowOrder(of values: [Double]) -> [Int32] {
    var keyed = values.indices.map { (value: values[$0], row: Int32($0)) }
    keyed.sort { $0.value < $1.value || ($0.value == $1.value && $0.row < $1.row) }
    return keyed.map(\.row)
}

/// Rows in ascending order of a time; equal ones keep their order.
func rowOrder(of times: [Int64]) -> [Int32] {
    var keyed = times.indices.map { (time: times[$0], row: Int32($0)) }
    keyed.sort { $0.time < $1.time || ($0.time == $1.time && $0.row < $1.row) }
    return keyed.map(\.row)
}

/// Results of independent tasks, computed at once; in the order of their numbers.
func parallel<Result: Sendable>(
    _ count: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
    let results = Mutex([Result?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
}

/// How many different codes, none of them negative, some rows have.
func distinct(_ codes: [Int32], of rows: [Int32]) -> Int {
    let highest = rows.reduce(0) { max($0, codes[Int($1)]) }
    var isThere = [Bool](repeating: false, count: Int(highest) + 1)
    for row in rows { isThere[Int(codes[Int(row)])] = true }
    return isThere.count { $0 }
}
