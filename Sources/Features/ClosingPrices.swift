import Bonds
import Files

/// Daily values of many names, each known from the midnight in New York after its day: the closes
/// of shares and of their sectors, the spreads of default swaps.
///
/// What is known is a function of the tables and the date, so a snapshot need not keep it.
final class DailySeries: @unchecked Sendable {
    private struct Row {
        let day: Int32
        let name: Int32
        let value: Float
    }

    /// So many values of a name are kept.
    private static let kept = 16
    private let rows: [Row]
    private var position = 0
    private let values: Memory<Float>
    private let counts: Memory<Int32>
    /// Decayed means and their weights, for the half-lives of ``FeatureNames/closeHalfLives``.
    private let means: Memory<Float>
    private let keeps: [Float]

    /// - Parameter entries: by name, the logarithms of values.
    init(names: Int, _ entries: [(date: CalendarDate, name: Int, value: Double)]) {
        rows = entries.filter { $0.value.isFinite }
            .map { Row(day: $0.date.dayNumber, name: Int32($0.name), value: Float($0.value)) }
            .enumerated().sorted { ($0.element.day, $0.offset) < ($1.element.day, $1.offset) }
            .map(\.element)
        values = Memory(names * Self.kept)
        counts = Memory(names)
        means = Memory(names * 24)
        keeps = FeatureNames.closeHalfLives.map { Float(twoTo(-1 / $0)) }
    }

    /// Takes in the values of the days before a date.
    func advance(to date: CalendarDate) {
        while position < rows.count, rows[position].day < date.dayNumber {
            let row = rows[position]
            position += 1
            let name = Int(row.name)
            let place = Int(counts[name]) % Self.kept
            values[name * Self.kept + place] = row.value
            counts[name] += 1
            for index in 0..<12 {
                let weight = means[name * 24 + 12 + index] * keeps[index] + 1
                means[name * 24 + 12 + index] = weight
                means[name * 24 + index] += (row.value - means[name * 24 + index]) / weight
            }
        }
    }

    func isKnown(_ name: Int) -> Bool { counts[name] > 0 }

    /// The newest value of a name.
    func last(_ name: Int) -> Float { value(name, before: 0) }

    /// The newest value less the one so many days before it, or less the oldest that is kept.
    func change(_ name: Int, over days: Int) -> Float {
        last(name) - value(name, before: min(days, Int(counts[name]) - 1, Self.kept - 1))
    }

    /// The newest value less a decayed mean.
    func gap(_ name: Int, mean index: Int) -> Float { last(name) - means[name * 24 + index] }

    private func value(_ name: Int, before days: Int) -> Float {
        values[name * Self.kept + (Int(counts[name]) - 1 - days) % Self.kept]
    }
}

/// The daily tables of a market folder that features look at, and who stands behind each bond.
struct DailyTables {
    let entities: EntityTable
    /// The number of a ticker in the series below.
    private let tickers: [String: Int]
    let shares: DailySeries
    let sectorShares: DailySeries
    let swaps: DailySeries

    init(entities: [EntityRow] = [], equities: [EquityRow] = [], swaps: [SwapRow] = []) {
        self.entities = EntityTable(entities)
        var tickers: [String: Int] = [:]
        for name in equities.map(\.ticker) + swaps.map(\.ticker) where tickers[name] == nil {
            tickers[name] = tickers.count
        }
        self.tickers = tickers
        let numbered = tickers
        func series(_ entries: [(CalendarDate, String, Double)]) -> DailySeries {
            DailySeries(
                names: numbered.count,
                entries.compactMap { date, name, value in
                    guard value > 0, let number = numbered[name] else { return nil }
                    return (date, number, ln(value))
                })
        }
        shares = series(equities.map { ($0.date, $0.ticker, $0.close) })
        sectorShares = series(equities.map { ($0.date, $0.ticker, $0.sectorIndexClose) })
        // The five-year swap, or the nearest to it that the file has.
        let nearest = swaps.map { abs($0.tenor - 5) }.min() ?? 0
        self.swaps = series(
            swaps.filter { abs($0.tenor - 5) == nearest }.map { ($0.date, $0.ticker, $0.spread) })
    }

    /// Reads `entities.csv`, `equities.csv` and `cds.csv` where they are there.
    init(market folder: String) throws(FileError) {
        self.init(
            entities: try Self.read(market: folder), equities: try Self.read(market: folder),
            swaps: try Self.read(market: folder))
    }

    private static func read<Row: ReferenceRow>(market folder: String) throws(FileError) -> [Row] {
        guard let path = try Row.path(market: folder) else { return [] }
        return try Row.read(path: path)
    }

    /// The number of the share of a bond's issuer on a date; nil where none is listed.
    func ticker(cusip: String, asOf date: CalendarDate) -> Int? {
        entities.entity(cusip: cusip, asOf: date).flatMap { tickers[$0.ticker] }
    }

    func advance(to date: CalendarDate) {
        shares.advance(to: date)
        sectorShares.advance(to: date)
        swaps.advance(to: date)
    }
}
