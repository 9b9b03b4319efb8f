import Arrays
import Bonds
import Files
import QuantileModels
import Tape

/// Writes the quotes of many bonds at a moment, or of many trades each at its own: blocks of bonds
/// are priced and formatted by a thread each, and written in order.
public struct UniverseScorer: Sendable {
    /// What a file holds, and what of that which was asked for it does not.
    public struct Summary: Sendable, Equatable, Encodable {
        /// Lines that asked for a price.
        public var asked = 0
        /// Lines that got theirs.
        public var priced = 0
        /// Lines that did not; the list beside the quotes says why.
        public var unpriced = 0
        /// Quotes written.
        public var rows = 0
        /// Yield and spread tiles that are empty, since a price has no yield in range.
        public var emptyTiles = 0

        public init() {}

        public static func += (sum: inout Summary, other: Summary) {
            sum.asked += other.asked
            sum.priced += other.priced
            sum.unpriced += other.unpriced
            sum.rows += other.rows
            sum.emptyTiles += other.emptyTiles
        }
    }

    public let model: QuantileModel
    public let bonds: BondTable
    public let format: QuoteFormat
    /// Blocks that are worked on at once.
    public let workerCount: Int

    /// A matrix product of so many rows keeps a core busy.
    private static let bondsPerBlock = 512

    public init(
        model: QuantileModel, bonds: BondTable, format: QuoteFormat,
        workerCount: Int = BLAS.threadCount
    ) {
        self.model = model
        self.bonds = bonds
        self.format = format
        self.workerCount = max(1, workerCount)
    }

    /// Writes the quotes of a universe at a moment, and beside them the list of the lines that have
    /// none; both appear when they are complete.
    ///
    /// - Parameters:
    ///   - market: has seen all that became known strictly before the time.
    ///   - onProgress: called with the lines done; may throw to stop.
    public func score(
        _ universe: Universe, conditions: [TradeCondition], in market: BondMarket,
        at time: Int64, to path: String, onProgress: (Int) throws -> Void = { _ in }
    ) throws -> Summary {
        var summary = Summary()
        var missing = UnpricedList()
        try write(to: path, hasTrades: false) { sink in
            var start = 0
            let lines = universe.lines
            while start < lines.count {
                var blocks: [BondStates] = []
                while blocks.count < workerCount, start < lines.count {
                    let end = min(start + Self.bondsPerBlock, lines.count)
                    var states = BondStates()
                    for line in lines[start..<end] {
                        if let reason = try add(line, to: &states, market, at: time) {
                            missing.append(line.number, line.identifier, time, reason)
                        }
                    }
                    summary.asked += end - start
                    summary.priced += states.count
                    blocks.append(states)
                    start = end
                }
                for (text, empty) in texts(blocks, conditions: conditions) {
                    try sink.append(text)
                    summary.emptyTiles += empty
                }
                try onProgress(summary.asked)
            }
        }
        summary.rows = summary.priced * conditions.count
        summary.unpriced = missing.count
        try missing.write(beside: path)
        return summary
    }

    /// Writes the quotes of trades, each as of its execution, in the order of their executions.
    public func score(
        _ trades: AskedTrades, in archive: MarketArchive, to path: String,
        onProgress: (Int) throws -> Void = { _ in }
    ) throws -> Summary {
        var summary = Summary()
        summary.asked = trades.lines.count
        var missing = UnpricedList()
        try write(to: path, hasTrades: true) { sink in
            var blocks: [(states: BondStates, trades: [AskedTrades.Line])] = []
            func flush() throws {
                let done = blocks
                for (text, empty) in Parallel.map(count: done.count, { text(done[$0]) }) {
                    try sink.append(text)
                    summary.emptyTiles += empty
                }
                blocks.removeAll(keepingCapacity: true)
            }
            for (place, line) in trades.lines.enumerated() {
                let reason: String?
                switch line.trade {
                case .failure(let error): reason = error.description
                case .success(let trade):
                    let market = try archive.market(before: trade.time)
                    if blocks.last.map({ $0.states.count == Self.bondsPerBlock }) ?? true {
                        if blocks.count == workerCount { try flush() }
                        blocks.append((BondStates(), []))
                    }
                    let block = blocks.count - 1
                    reason = try market.add(
                        bond: trade.bond, at: trade.time, to: &blocks[block].states)?.description
                    if reason == nil { blocks[block].trades.append(line) }
                }
                if let reason {
                    missing.append(line.number, line.identifier, line.time, reason)
                } else {
                    summary.priced += 1
                }
                if place % 256 == 0 { try onProgress(place) }
            }
            try flush()
        }
        summary.rows = summary.priced
        summary.unpriced = missing.count
        try missing.write(beside: path)
        return summary
    }

    /// Adds a line's bond, or says why it has no price.
    private func add(
        _ line: Universe.Line, to states: inout BondStates, _ market: BondMarket, at time: Int64
    ) throws -> String? {
        switch line.bond {
        case .failure(let error): error.description
        case .success(let bond):
            try market.add(bond: bond, at: time, to: &states)?.description
        }
    }

    private func write(
        to path: String, hasTrades: Bool, _ body: (inout FileSink) throws -> Void
    ) throws {
        // One thread a block beats threads within a block's products.
        let threads = BLAS.threadCount
        BLAS.setThreadCount(1)
        defer { BLAS.setThreadCount(threads) }
        try AtomicFile.write(to: path) { sink in
            try sink.append(QuoteText.firstLine(format, model.levels, hasTrades: hasTrades))
            try body(&sink)
        }
    }

    private func texts(
        _ blocks: [BondStates], conditions: [TradeCondition]
    ) -> [(text: [UInt8], empty: Int)] {
        Parallel.map(count: blocks.count) { index in
            let states = blocks[index]
            let tiles = states.tiles(of: model, conditions: conditions)
            var text = QuoteText(
                format: format, bonds: bonds, levels: model.levels, hasTrades: false)
            for (place, view) in states.views.enumerated() {
                for (variation, condition) in conditions.enumerated() {
                    text.append(
                        view, condition, tiles, row: place * conditions.count + variation)
                }
            }
            return (text.finished(), 2 * tiles.missingYields)
        }
    }

    private func text(
        _ block: (states: BondStates, trades: [AskedTrades.Line])
    ) -> (text: [UInt8], empty: Int) {
        var text = QuoteText(format: format, bonds: bonds, levels: model.levels, hasTrades: true)
        let trades = block.trades.compactMap { try? $0.trade.get() }
        let tiles = block.states.tiles(of: model, paired: trades.map(\.condition))
        for (row, view) in block.states.views.enumerated() {
            text.append(
                view, trades[row].condition, tiles, row: row,
                trade: (block.trades[row].identifier, trades[row].price))
        }
        return (text.finished(), 2 * tiles.missingYields)
    }
}

/// What was asked for and has no quote, with the reason: a CSV file beside the quotes.
struct UnpricedList {
    private var cells: CSVRows
    private(set) var count = 0

    init() {
        cells = CSVRows(columnCount: 4)
        for name in ["line", "identifier", "execution_date", "reason"] { cells.field(name) }
        cells.endRow()
    }

    mutating func append(_ line: Int, _ identifier: String, _ time: Int64?, _ reason: String) {
        cells.field(line)
        cells.field(identifier)
        if let time { cells.field(time) } else { cells.empty() }
        cells.field(reason)
        cells.endRow()
        count += 1
    }

    func write(beside path: String) throws(FileError) {
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
