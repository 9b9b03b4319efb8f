import Bonds
import Files
import HeapModule

/// Streams `trades.csv`, plain or gzip, in report order; memory does not grow with its length.
///
/// Strict: all columns are there, in any order; times and quantities are numbers, sides known.
public final class TradeReader {
    /// How far report times may run backwards in the file, in nanoseconds; rows that do are sorted.
    public let disorder: Int64
    /// Trades that were reported before this time, in UTC epoch nanoseconds, are passed over,
    /// unless they were withdrawn at it or later.
    public let from: Int64
    /// Trades that were reported after this time are passed over.
    public let until: Int64
    /// Rows so far that were reported before one that stands above them.
    public private(set) var rowsOutOfOrder = 0

    /// Of the rows read so far, those passed over among them; nil where nobody asked for it. A trade
    /// counts on the day in New York of its report, what was withdrawn once more on that of its
    /// withdrawal, so that a cancel that comes later changes nothing of what was known before.
    public private(set) var digest: DailyDigest?

    private let chunks: CSVReader
    private let columns: [Int]
    private var waiting = Heap<Waiting>()
    private var rowsRead = 0
    private var latest = Int64.min
    private var days = DayFinder()

    /// So many rows are read at a time, and so many of them by one thread.
    private static let rowsAtOnce = 1 << 16
    private static let rowsPerThread = 1 << 13

    /// Opens a file and finds its columns.
    public init(
        path: String, disorder: Int64 = 0, from: Int64 = .min, until: Int64 = .max,
        keepsDigest: Bool = false
    ) throws(FileError) {
        precondition(disorder >= 0, "TradeReader: disorder must not be negative, not \(disorder)")
        chunks = try CSVReader(path: path)
        var columns: [Int] = []
        for name in Trade.columns { columns.append(try chunks.requiredColumn(name)) }
        self.columns = columns
        self.disorder = disorder
        self.from = from
        self.until = until
        digest = keepsDigest ? DailyDigest() : nil
    }

    /// The next trades in report order, at least one; nil at the end of the file.
    /// - Throws: `FileError` at the first row that is malformed or further out of order than
    ///   `disorder`.
    public func next() throws(FileError) -> [Trade]? {
        while let chunk = try chunks.nextChunk(rows: Self.rowsAtOnce) {
            let rows = try parse(chunk) { error throws(FileError) in throw error }
            for row in rows { try enter(row, of: chunk) }
            // A later row may come before these by `disorder`, and not by more.
            let ready = leave { $0.trade.reportTime <= latest - disorder }
            if !ready.isEmpty { return ready }
        }
        let rest = leave { _ in true }
        return rest.isEmpty ? nil : rest
    }

    /// The next trades as they stand in the file, in whatever order; nil at its end.
    /// - Parameter leaveOut: told of each malformed row, which is left out; may throw to stop.
    public func nextAsTheyStand(
        leaveOut: (FileError) throws(FileError) -> Void
    ) throws(FileError) -> [Trade]? {
        guard let chunk = try chunks.nextChunk(rows: Self.rowsAtOnce) else { return nil }
        return try parse(chunk, leaveOut: leaveOut).map(\.trade)
    }

    private func enter(_ row: Row, of chunk: CSVChunk) throws(FileError) {
        let time = row.trade.reportTime
        guard latest == .min || time >= latest - disorder else {
            throw chunk.error(
                row: row.index, column: columns[4], "the trades are not in report order",
                expected: "at least \(latest - disorder), since an earlier row has \(latest)",
                advice: "Sort the rows by report_date")
        }
        if time < latest { rowsOutOfOrder += 1 }
        latest = max(latest, time)
        waiting.insert(Waiting(trade: row.trade, place: rowsRead))
        rowsRead += 1
    }

    private func leave(while isReady: (Waiting) -> Bool) -> [Trade] {
        var ready: [Trade] = []
        while let first = waiting.min, isReady(first) {
            ready.append(waiting.removeMin().trade)
        }
        return ready
    }

    /// A trade that waits for rows that may come before it.
    private struct Waiting: Comparable {
        let trade: Trade
        /// Its place in the file: of trades that were reported together the first comes first.
        let place: Int

        static func < (first: Waiting, second: Waiting) -> Bool {
            (first.trade.reportTime, first.place) < (second.trade.reportTime, second.place)
        }

        static func == (first: Waiting, second: Waiting) -> Bool { first.place == second.place }
    }
}

extension TradeReader {
    private struct Row: Sendable {
        let index: Int
        let trade: Trade
    }

    /// The trades of a chunk that are not passed over, parsed by several threads.
    private func parse(
        _ chunk: CSVChunk, leaveOut: (FileError) throws(FileError) -> Void
    ) throws(FileError) -> [Row] {
        let columns = columns
        let (from, until) = (from, until)
        let isDigested = digest != nil
        let pieces = (chunk.rowCount + Self.rowsPerThread - 1) / Self.rowsPerThread
        let parsed = Parallel.map(count: pieces) { piece -> Result<Piece, FileError> in
            let first = piece * Self.rowsPerThread
            let rows = first..<min(first + Self.rowsPerThread, chunk.rowCount)
            return Result { () throws(FileError) in
                var piece = Self.parse(
                    chunk, rows: rows, columns: columns, from: from, until: until)
                if isDigested, piece.malformed.isEmpty {
                    piece.digests = try Self.digests(chunk, rows: rows, columns: columns)
                }
                return piece
            }
        }
        var rows: [Row] = []
        for piece in parsed {
            let piece = try piece.get()
            for error in piece.malformed { try leaveOut(error) }
            rows += piece.rows
            for row in piece.digests { add(row) }
        }
        return rows
    }

    /// What one thread makes of its rows.
    private struct Piece: Sendable {
        var rows: [Row] = []
        /// Why other rows are no trades.
        var malformed: [FileError] = []
        var digests: [RowDigest] = []
    }

    /// A row in the digest.
    private struct RowDigest: Sendable {
        let hash: UInt64
        let reported: Int64
        let withdrawn: Int64?
    }

    private func add(_ row: RowDigest) {
        digest?.add(row.hash, on: days.day(of: row.reported))
        if let time = row.withdrawn {
            digest?.add(
                DailyDigest.joined(row.hash, UInt64(bitPattern: time)),
                on: EasternTime.date(time))
        }
    }

    private static func digests(
        _ chunk: CSVChunk, rows: Range<Int>, columns: [Int]
    ) throws(FileError) -> [RowDigest] {
        let lasting = columns.indices.filter { $0 != 5 }.map { columns[$0] }
        var digests: [RowDigest] = []
        digests.reserveCapacity(rows.count)
        for row in rows {
            let isWithdrawn = !chunk.isEmpty(row: row, column: columns[5])
            digests.append(
                RowDigest(
                    hash: chunk.digest(row: row, columns: lasting),
                    reported: try chunk.requiredInteger(row: row, column: columns[4]),
                    withdrawn: isWithdrawn
                        ? try chunk.requiredInteger(row: row, column: columns[5]) : nil))
        }
        return digests
    }

    private static func parse(
        _ chunk: CSVChunk, rows: Range<Int>, columns: [Int], from: Int64, until: Int64
    ) -> Piece {
        var piece = Piece()
        for row in rows {
            do {
                let known = try lastNews(chunk, row: row, columns: columns)
                guard known >= from else { continue }
                if until < .max,
                    try chunk.requiredInteger(row: row, column: columns[4]) > until
                {
                    continue
                }
                piece.rows.append(
                    Row(index: row, trade: try trade(chunk, row: row, columns: columns)))
            } catch {
                piece.malformed.append(error)
            }
        }
        return piece
    }

    /// When the last thing about a trade became known.
    private static func lastNews(
        _ chunk: CSVChunk, row: Int, columns: [Int]
    ) throws(FileError) -> Int64 {
        let withdrawal = columns[5]
        return try chunk.requiredInteger(
            row: row, column: chunk.isEmpty(row: row, column: withdrawal) ? columns[4] : withdrawal)
    }

    private static func trade(
        _ chunk: CSVChunk, row: Int, columns: [Int]
    ) throws(FileError) -> Trade {
        func text(_ column: Int) -> String { chunk.text(row: row, column: columns[column]) }
        func required(_ column: Int) throws(FileError) -> String {
            let text = text(column)
            guard !text.isEmpty else {
                throw chunk.error(row: row, column: columns[column], "nothing here")
            }
            return text
        }
        func flag(_ column: Int, _ yes: String, _ no: String) throws(FileError) -> Bool {
            let text = text(column)
            guard text == yes || text == no else {
                throw chunk.error(
                    row: row, column: columns[column], "an unknown code",
                    expected: "\(yes) or \(no)")
            }
            return text == yes
        }
        var trade = Trade()
        trade.tradeID = try required(0)
        trade.cusip = try required(1)
        trade.figi = text(2)
        trade.executionTime = try chunk.requiredInteger(row: row, column: columns[3])
        trade.reportTime = try chunk.requiredInteger(row: row, column: columns[4])
        if !chunk.isEmpty(row: row, column: columns[5]) {
            trade.withdrawnTime = try chunk.requiredInteger(row: row, column: columns[5])
            guard trade.withdrawnTime >= trade.reportTime else {
                throw chunk.error(
                    row: row, column: columns[5], "withdrawn before it was reported",
                    expected: "at least \(trade.reportTime)")
            }
        }
        trade.replaces = text(6)
        trade.isATS = try flag(7, "Y", "N")
        let buys = try flag(8, "B", "S")
        let withDealer = try flag(9, "D", "C")
        guard !(buys && withDealer) else {
            throw chunk.error(
                row: row, column: columns[8], "a trade between dealers stored as a purchase",
                expected: "S", advice: "Trades between dealers are stored once, as S")
        }
        trade.side = withDealer ? .dealer : buys ? .bid : .offer
        trade.quantity = try chunk.requiredNumber(row: row, column: columns[10])
        guard trade.quantity > 0 else {
            throw chunk.error(
                row: row, column: columns[10], "not a quantity", expected: "more than 0 dollars")
        }
        trade.price = try chunk.requiredNumber(row: row, column: columns[11])
        trade.yield = try chunk.numberOrMissing(row: row, column: columns[12])
        trade.isDisseminated = try flag(13, "Y", "N")
        trade.dealer = text(14)
        return trade
    }
}

/// Finds the days in New York of times of which most are of the day of the one before.
private struct DayFinder {
    private var last: (day: CalendarDate, times: Range<Int64>)?

    mutating func day(of time: Int64) -> CalendarDate {
        if let last, last.times.contains(time) { return last.day }
        let day = EasternTime.date(time)
        let start = EasternTime.nanoseconds(day, timeOfDay: 0)
        last = (day, start..<max(start, EasternTime.nanoseconds(day + 1, timeOfDay: 0)))
        return day
    }
}
