import Files

/// The tape of a market folder in memory, column by column, in report order.
public struct TradeTable: Sendable {
    /// The distinct CUSIPs, in the order of their first trade.
    public private(set) var cusips: [String] = []
    /// The FIGI of each of `cusips`, empty where unknown.
    public private(set) var figis: [String] = []
    /// The distinct names of reporting dealers.
    public private(set) var dealers: [String] = []

    public internal(set) var tradeIDs: [String] = []
    /// The index of each trade's bond in `cusips`.
    public private(set) var bonds: [Int32] = []
    /// UTC epoch nanoseconds.
    public private(set) var executionTimes: [Int64] = []
    /// UTC epoch nanoseconds, ascending.
    public private(set) var reportTimes: [Int64] = []
    /// When a trade became known to be wrong; `Int64.max` where it holds.
    public internal(set) var withdrawnTimes: [Int64] = []
    /// The trade that each one corrects, empty for none.
    public private(set) var replaces: [String] = []
    public private(set) var isATS: [Bool] = []
    public private(set) var sides: [Trade.Side] = []
    /// Dollars of par.
    public internal(set) var quantities: [Double] = []
    /// Per 100 of par.
    public internal(set) var prices: [Double] = []
    /// TRACE's own, in percent; NaN where there is none.
    public private(set) var yields: [Double] = []
    public private(set) var isDisseminated: [Bool] = []
    /// The index of each trade's dealer in `dealers`, -1 where it is not told.
    public private(set) var dealerIndices: [Int32] = []

    private var bondIndex: [String: Int32] = [:]
    private var dealerIndex: [String: Int32] = [:]

    public init() {}

    public var count: Int { tradeIDs.count }

    /// The index of a bond in `cusips`, nil where it has no trade.
    public func bond(_ cusip: String) -> Int32? { bondIndex[cusip] }

    /// One row as a trade.
    public func trade(_ row: Int) -> Trade {
        var trade = Trade()
        trade.tradeID = tradeIDs[row]
        trade.cusip = cusips[Int(bonds[row])]
        trade.figi = figis[Int(bonds[row])]
        trade.executionTime = executionTimes[row]
        trade.reportTime = reportTimes[row]
        trade.withdrawnTime = withdrawnTimes[row]
        trade.replaces = replaces[row]
        trade.isATS = isATS[row]
        trade.side = sides[row]
        trade.quantity = quantities[row]
        trade.price = prices[row]
        trade.yield = yields[row]
        trade.isDisseminated = isDisseminated[row]
        trade.dealer = dealerIndices[row] < 0 ? "" : dealers[Int(dealerIndices[row])]
        return trade
    }

    /// Appends a trade.
    public mutating func append(_ trade: Trade) {
        tradeIDs.append(trade.tradeID)
        bonds.append(bondIndex(trade.cusip, figi: trade.figi))
        executionTimes.append(trade.executionTime)
        reportTimes.append(trade.reportTime)
        withdrawnTimes.append(trade.withdrawnTime)
        replaces.append(trade.replaces)
        isATS.append(trade.isATS)
        sides.append(trade.side)
        quantities.append(trade.quantity)
        prices.append(trade.price)
        yields.append(trade.yield)
        isDisseminated.append(trade.isDisseminated)
        dealerIndices.append(dealerIndex(trade.dealer))
    }

    private mutating func bondIndex(_ cusip: String, figi: String) -> Int32 {
        if let index = bondIndex[cusip] {
            if figis[Int(index)].isEmpty { figis[Int(index)] = figi }
            return index
        }
        let index = Int32(cusips.count)
        bondIndex[cusip] = index
        cusips.append(cusip)
        figis.append(figi)
        return index
    }

    private mutating func dealerIndex(_ name: String) -> Int32 {
        if name.isEmpty { return -1 }
        if let index = dealerIndex[name] { return index }
        let index = Int32(dealers.count)
        dealerIndex[name] = index
        dealers.append(name)
        return index
    }
}

extension TradeTable {
    /// Reads `trades.csv`, plain or gzip; the rows must be in report order.
    public init(path: String) throws(FileError) {
        let reader = try TradeReader(path: path)
        while let trades = try reader.next() {
            for trade in trades { append(trade) }
        }
    }

    /// Writes the table; its rows must be in report order.
    public func write(to path: String) throws {
        try TradeFile.write(to: path, count: count) { trade($0) }
    }
}
