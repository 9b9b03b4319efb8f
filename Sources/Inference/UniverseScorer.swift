import Arrays
import Bonds
import Files
import QuantileModels
import Tape

/// Writes the quotes of many bonds at a moment, or of many trades each at its own: blocks of bonds
/// are priced and formatted by a thread each while the next are read, and written in order.
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

    /// The bonds of a block. A product of more rows costs less a row; towards the end blocks become
    /// smaller, so that all threads end at about the same time.
    private static func blockSize(left: Int) -> Int { min(2_048, max(128, left / 4)) }
    private static let tradesPerBlock = 512
    /// A file of so many quotes would only push others out of the page cache.
    private static let largeFile = 100_000

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
        var asked = 0
        let outcome = try write(
            to: path, hasTrades: false, rows: universe.lines.count * conditions.count
        ) { blocks in
            while asked < universe.lines.count {
                let size = Self.blockSize(left: universe.lines.count - asked)
                let lines = universe.lines[asked...].prefix(size)
                var states = BondStates()
                states.reserve(lines.count, width: model.stateCount)
                var priced: [Universe.Line] = []
                for line in lines {
                    if let reason = try add(line, to: &states, market, at: time) {
                        blocks.leaveOut(UnpricedLine(line, time, reason))
                    } else {
                        priced.append(line)
                    }
                }
                try blocks.add { [states, priced] in
                    text(states, priced, conditions: conditions)
                }
                asked += lines.count
                try onProgress(asked)
            }
        }
        return try finish(outcome, asked: asked, quotesPerLine: conditions.count, path)
    }

    /// Writes the quotes of trades, each as of its execution, in the order of their executions.
    public func score(
        _ trades: AskedTrades, in archive: MarketArchive, to path: String,
        onProgress: (Int) throws -> Void = { _ in }
    ) throws -> Summary {
        let outcome = try write(to: path, hasTrades: true, rows: trades.lines.count) { blocks in
            var states = BondStates()
            var priced: [AskedTrades.Line] = []
            func pass() throws {
                try blocks.add { [states, priced] in text(states, priced) }
                states = BondStates()
                priced = []
            }
            for (place, line) in trades.lines.enumerated() {
                let reason: String?
                switch line.trade {
                case .failure(let error): reason = error.description
                case .success(let trade):
                    reason = try archive.market(before: trade.time).add(
                        bond: trade.bond, at: trade.time, to: &states)?.description
                }
                if let reason {
                    blocks.leaveOut(UnpricedLine(line, reason))
                } else {
                    priced.append(line)
                    if priced.count == Self.tradesPerBlock { try pass() }
                }
                if place % 256 == 0 { try onProgress(place) }
            }
            try pass()
        }
        return try finish(outcome, asked: trades.lines.count, quotesPerLine: 1, path)
    }

    /// Writes the list of what has no price, which comes last.
    private func finish(
        _ outcome: TextBlocks.Outcome, asked: Int, quotesPerLine: Int, _ path: String
    ) throws -> Summary {
        try outcome.unpriced.write(beside: path)
        var summary = Summary()
        summary.asked = asked
        summary.unpriced = outcome.unpriced.count
        summary.priced = asked - summary.unpriced
        summary.rows = summary.priced * quotesPerLine
        summary.emptyTiles = outcome.emptyTiles
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
        to path: String, hasTrades: Bool, rows: Int, _ body: (inout TextBlocks) throws -> Void
    ) throws -> TextBlocks.Outcome {
        // One thread a block beats threads within a block's products.
        let threads = BLAS.threadCount
        BLAS.setThreadCount(1)
        defer { BLAS.setThreadCount(threads) }
        var outcome = TextBlocks.Outcome()
        try AtomicFile.write(to: path, isLarge: rows >= Self.largeFile) { sink in
            try sink.append(QuoteText.firstLine(format, model.levels, hasTrades: hasTrades))
            var blocks = TextBlocks(sink: sink, workerCount: workerCount)
            defer { blocks.wait() }
            try body(&blocks)
            outcome = try blocks.finish()
        }
        return outcome
    }

    private func text(
        _ states: BondStates, _ lines: [Universe.Line], conditions: [TradeCondition]
    ) -> TextBlock {
        var text = QuoteText(format: format, bonds: bonds, levels: model.levels, hasTrades: false)
        var unpriced: [UnpricedLine] = []
        var emptyTiles = 0
        states.forEachTiles(of: model, conditions: conditions) { places, tiles in
            for (index, place) in places.enumerated() {
                let view = states.views[place]
                let rows = index * conditions.count..<(index + 1) * conditions.count
                guard rows.allSatisfy(tiles.arePrices) else {
                    unpriced.append(
                        UnpricedLine(lines[place], view.time, Unpriced.noPositivePrice.description))
                    continue
                }
                for (row, condition) in zip(rows, conditions) {
                    text.append(view, condition, tiles, row: row)
                    emptyTiles += tiles.emptyCount(row: row)
                }
            }
        }
        return TextBlock(bytes: text.finished(), emptyTiles: emptyTiles, unpriced: unpriced)
    }

    private func text(_ states: BondStates, _ lines: [AskedTrades.Line]) -> TextBlock {
        let trades = lines.compactMap { try? $0.trade.get() }
        let tiles = states.tiles(of: model, paired: trades.map(\.condition))
        var text = QuoteText(format: format, bonds: bonds, levels: model.levels, hasTrades: true)
        var unpriced: [UnpricedLine] = []
        var emptyTiles = 0
        for (row, view) in states.views.enumerated() {
            guard tiles.arePrices(row: row) else {
                unpriced.append(
                    UnpricedLine(lines[row], Unpriced.noPositivePrice.description))
                continue
            }
            text.append(
                view, trades[row].condition, tiles, row: row,
                trade: (lines[row].identifier, trades[row].price))
            emptyTiles += tiles.emptyCount(row: row)
        }
        return TextBlock(bytes: text.finished(), emptyTiles: emptyTiles, unpriced: unpriced)
    }
}
