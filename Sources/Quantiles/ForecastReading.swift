import Dispatch
import Files

extension ForecastTable {
    /// Reads a forecast table; its columns may come in any order.
    ///
    /// Tiles that cross are kept as they are, and empty cells of tiles and labels are NaN: judging
    /// them is not the reader's business. A table without tiles may hold one column `prediction`,
    /// `ytm_prediction` or `spread_prediction`; of several families of tiles prices are read, else
    /// yields, else spreads. While one thread splits the file into cells, another parses them.
    /// - Parameters:
    ///   - path: a CSV file, gzip or not.
    ///   - kept: the columns that are carried along as text, beside tiles, label, `row` and
    ///     `execution_date`; nil for all. A reader that does not need them saves their memory.
    ///   - timeUnit: in what `execution_date` counts; nothing is converted unless told here.
    ///   - progress: is told the number of rows now and then.
    /// - Throws: `FileError` with file, line and column where a tile, a label, a row or a time is
    ///   no number, where two rows have the same `row`, or times do not count in the unit.
    public init(
        path: String, keeping kept: Set<String>? = nil, timeUnit: TimeUnit = .nanoseconds,
        progress: (_ rows: Int) throws -> Void = { _ in }
    ) throws {
        let reader = try CSVReader(path: path)
        let parser = ForecastParser(
            columns: try ForecastColumns(reader, keeping: kept), timeUnit: timeUnit)
        let queue = DispatchQueue(label: "forecast table")
        // Two blocks may wait, so memory stays small whichever of the two threads is slower.
        let room = DispatchSemaphore(value: 2)
        var rows = 0
        var failure: (any Error)?
        do {
            while let chunk = try reader.nextChunk(rows: 1 << 13), parser.mayGoOn {
                room.wait()
                queue.async {
                    parser.append(chunk)
                    room.signal()
                }
                rows += chunk.rowCount
                try progress(rows)
            }
        } catch {
            failure = error
        }
        queue.sync {}
        // An earlier line's error goes first.
        if let error = parser.failure { throw error }
        if let failure { throw failure }
        self = parser.table(file: path)
    }
}

/// In what a column of times counts since 1970-01-01 UTC.
public enum TimeUnit: String, Sendable, CaseIterable {
    case nanoseconds, microseconds, milliseconds, seconds

    /// How many nanoseconds it has.
    public var nanoseconds: Int64 {
        switch self {
        case .nanoseconds: 1
        case .microseconds: 1_000
        case .milliseconds: 1_000_000
        case .seconds: 1_000_000_000
        }
    }

    /// Nanoseconds from April 1970, which no count of microseconds reaches, to the year 2200.
    private static let marketHistory: ClosedRange<Int64> =
        8_000_000_000_000_000...7_258_118_400_000_000_000

    /// A count in nanoseconds; nil where it is not within the history of markets.
    public func epochNanoseconds(_ count: Int64) -> Int64? {
        let (time, overflow) = count.multipliedReportingOverflow(by: nanoseconds)
        return !overflow && Self.marketHistory.contains(time) ? time : nil
    }

    /// The unit in which a count is a time of market history; nil where it is not clear.
    static func guess(_ count: Int64) -> TimeUnit? {
        let years: ClosedRange<Int64> = 315_532_800...7_258_118_400
        return allCases.first { unit in
            let scale = 1_000_000_000 / unit.nanoseconds
            return (years.lowerBound * scale...years.upperBound * scale).contains(count)
        }
    }
}

/// Where a forecast table has what.
struct ForecastColumns {
    let unit: ForecastUnit
    let isPoint: Bool
    let levels: QuantileLevels
    /// Columns of the tiles, in the order of the levels.
    let tiles: [Int]
    let label: Int?
    let row: Int?
    let executionDate: Int?
    let others: [(name: String, column: Int)]

    init(_ reader: CSVReader, keeping kept: Set<String>?) throws(FileError) {
        let header = reader.header
        label = header.firstIndex(of: "label")
        row = header.firstIndex(of: "row")
        executionDate = header.firstIndex(of: "execution_date")
        guard let family = Self.family(of: header) else {
            throw FileError(
                .badData, file: reader.file, line: 1, "no tile columns",
                expected: "columns such as '5_tile' and '50_tile', or one named 'prediction'",
                found: header.prefix(8).map(FileError.quoted).joined(separator: ", "),
                advice: "A forecast table has one column a quantile level, named by percent")
        }
        unit = family.unit
        isPoint = family.isPoint
        let found = family.columns.sorted { $0.level < $1.level }
        do {
            levels = try QuantileLevels(found.map(\.level))
        } catch {
            throw FileError(
                .badData, file: reader.file, line: 1, "two tile columns name the same level",
                advice: "Keep one of them")
        }
        tiles = found.map(\.column)
        let used = Set(tiles + [label, row, executionDate].compactMap(\.self))
        others = header.enumerated().compactMap { column, name in
            used.contains(column) || !(kept?.contains(name) ?? true) ? nil : (name, column)
        }
    }

    /// The first family of columns that forecasts something.
    private static func family(
        of header: [String]
    ) -> (unit: ForecastUnit, isPoint: Bool, columns: [(level: Double, column: Int)])? {
        for unit in ForecastUnit.allCases {
            let prefix = unit.columnPrefix
            let tiles = header.enumerated().compactMap { column, name in
                name.hasPrefix(prefix)
                    ? QuantileLevels.level(named: name.dropFirst(prefix.count)).map {
                        (level: $0, column: column)
                    } : nil
            }
            if !tiles.isEmpty { return (unit, false, tiles) }
            if let point = header.firstIndex(of: prefix + "prediction") {
                return (unit, true, [(0.5, point)])
            }
        }
        return nil
    }
}
