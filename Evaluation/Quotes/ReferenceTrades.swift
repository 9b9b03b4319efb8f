import Files
import Quantiles

/// The trades by which quotes are judged: those of a tape that were not withdrawn later, with the
/// prints of one trade as one.
public struct ReferenceTrades: Sendable {
    /// The tape, for messages.
    public let file: String
    let cusips: [String]
    /// The FIGI of each of `cusips`, empty where unknown.
    let figis: [String]
    /// Which of `cusips` each trade is of.
    let bond: [Int32]
    /// UTC epoch nanoseconds.
    let time: [Int64]
    let side: [TradeSide]
    let isATS: [Bool]
    /// Dollars of par.
    let quantity: [Double]
    /// Per 100 of par.
    let price: [Double]
    let counts: Counts

    /// What became of the prints of a tape.
    struct Counts: Sendable {
        /// Prints of the file, and those before all quotes.
        var prints = 0
        var beforeQuotes = 0
        var withdrawn = 0
        /// Prints that share bond, time, buy/sell, side and venue with another.
        var pieces = 0
        var piecewiseTrades = 0
    }

    /// Reads the trades since the first of some quotes, from a table such as `trades.csv`.
    ///
    /// Columns: `cusip`, `execution_date`, `ats_indicator`, `buy_sell`, `side`, `quantity`, `price`,
    /// and where there are `figi` and `withdrawn_date`.
    /// - Parameters:
    ///   - quotes: tables of quotes; trades before the first of them are passed over.
    ///   - progress: is told the number of prints now and then.
    /// - Throws: `FileError` at a column that is missing or a cell that is not what it should be.
    public init(
        path: String, for quotes: [ForecastTable],
        progress: (_ prints: Int) throws -> Void = { _ in }
    ) throws {
        let times = quotes.compactMap(\.executionDate)
        let first = times.compactMap { $0.min() }.min() ?? .min
        var prints = PrintReader(start: first)
        let reader = try CSVReader(path: path)
        let columns = try PrintColumns(reader)
        while let chunk = try reader.nextChunk(rows: 1 << 14) {
            for row in 0..<chunk.rowCount { try prints.read(chunk, row: row, columns) }
            try progress(prints.counts.prints)
        }
        let kept = prints.merge()
        file = path
        cusips = prints.cusips
        figis = prints.figis
        bond = kept.map { prints.bond[$0] }
        time = kept.map { prints.time[$0] }
        side = kept.map { prints.side[$0] }
        isATS = kept.map { prints.isATS[$0] }
        quantity = kept.map { prints.quantity[$0] }
        price = kept.map { prints.price[$0] }
        counts = prints.counts
    }

    /// Some of the trades, as the rows of a table of forecasts of them.
    func columns(_ rows: [Int], quoteAge: [Double]) -> TradeColumns {
        TradeColumns(
            bonds: cusips, bond: rows.map { bond[$0] }, time: rows.map { time[$0] },
            side: rows.map { side[$0] }, isATS: rows.map { isATS[$0] },
            quantity: rows.map { quantity[$0] }, quoteAge: quoteAge)
    }
}

/// Where a tape has what.
private struct PrintColumns {
    let cusip, time, venue, direction, party, quantity, price: Int
    let figi, withdrawn: Int?

    init(_ reader: CSVReader) throws(FileError) {
        cusip = try reader.requiredColumn("cusip")
        time = try reader.requiredColumn("execution_date")
        venue = try reader.requiredColumn("ats_indicator")
        direction = try reader.requiredColumn("buy_sell")
        party = try reader.requiredColumn("side")
        quantity = try reader.requiredColumn("quantity")
        price = try reader.requiredColumn("price")
        figi = reader.header.firstIndex(of: "figi")
        withdrawn = reader.header.firstIndex(of: "withdrawn_date")
    }
}

/// Collects the prints since a time, column by column.
private struct PrintReader {
    let start: Int64
    private(set) var counts = ReferenceTrades.Counts()
    private(set) var figis: [String] = []
    private(set) var bond: [Int32] = []
    private(set) var time: [Int64] = []
    private(set) var side: [TradeSide] = []
    private(set) var isATS: [Bool] = []
    private(set) var quantity: [Double] = []
    private(set) var price: [Double] = []
    private var numbers = NameNumbers()

    var cusips: [String] { numbers.names }

    init(start: Int64) { self.start = start }

    mutating func read(_ chunk: CSVChunk, row: Int, _ columns: PrintColumns) throws(FileError) {
        func flag(
            _ column: Int, _ expected: String, _ meaning: (UnsafeBufferPointer<UInt8>) -> Bool?
        ) throws(FileError) -> Bool {
            if let flag = chunk.withBytes(row: row, column: column, meaning) { return flag }
            throw chunk.error(row: row, column: column, "an unknown code", expected: expected)
        }
        counts.prints += 1
        let executed = try chunk.requiredInteger(row: row, column: columns.time)
        guard TimeUnit.nanoseconds.epochNanoseconds(executed) != nil else {
            throw chunk.error(
                row: row, column: columns.time, "not a time in nanoseconds",
                expected: "UTC epoch nanoseconds", advice: "Convert the column and try again")
        }
        guard executed >= start else {
            counts.beforeQuotes += 1
            return
        }
        if let withdrawn = columns.withdrawn, !chunk.isEmpty(row: row, column: withdrawn) {
            counts.withdrawn += 1
            return
        }
        time.append(executed)
        isATS.append(try flag(columns.venue, TradeCode.venues) { TradeCode.isATS($0) })
        side.append(
            TradeSide(
                isPurchase: try flag(columns.direction, TradeCode.directions) {
                    TradeCode.isPurchase($0)
                },
                isWithClient: try flag(columns.party, TradeCode.parties) {
                    TradeCode.isWithClient($0)
                }))
        quantity.append(try chunk.requiredNumber(row: row, column: columns.quantity))
        price.append(try chunk.requiredNumber(row: row, column: columns.price))
        bond.append(numbers.number(chunk.text(row: row, column: columns.cusip)))
        if figis.count < numbers.names.count {
            figis.append(columns.figi.map { chunk.text(row: row, column: $0) } ?? "")
        }
    }

    /// Makes prints of equal bond, time, buy/sell, side and venue one, in the place of the first.
    /// - Returns: the places of the trades.
    mutating func merge() -> [Int] {
        let columns = TradeColumns(
            bonds: cusips, bond: bond, time: time, side: side, isATS: isATS, quantity: quantity)
        var isKept = [Bool](repeating: true, count: time.count)
        for group in SortedKeys(TradeKey.keys(columns)).repeated {
            counts.piecewiseTrades += 1
            counts.pieces += group.count
            let quantities = group.map { quantity[$0] }
            let shares = AggregatedTable.shares(quantities)
            price[group[0]] = zip(group, shares).reduce(0) { $0 + $1.1 * price[$1.0] }
            quantity[group[0]] = quantities.reduce(0, +)
            for row in group.dropFirst() { isKept[row] = false }
        }
        return isKept.indices.filter { isKept[$0] }
    }
}
