import Bonds

/// The Treasury curve and the credit indices over time, as ticks arrive.
///
/// A late print is compared with the market at its execution, so the past is kept until it is
/// forgotten: 192 bytes a distinct time.
public struct MarketHistory: Sendable {
    private static let tenors = TreasuryRow.tenors
    private var rows: [Row] = []
    private var indices = (
        investmentGrade: CreditIndex.investmentGrade, highYield: CreditIndex.highYield
    )

    /// The market from a time on.
    private struct Row {
        var time: Int64
        /// Of the tenors: percent, NaN where there is no tick yet.
        var yields = SIMD8<Double>(repeating: .nan)
        /// Of the tenors: day numbers of the issues' maturities.
        var maturities = SIMD8<Int32>()
        var investmentGrade: Double
        var highYield: Double
    }

    public init() {}

    /// When the latest tick came, in UTC epoch nanoseconds; nil before the first.
    public var lastTime: Int64? { rows.last?.time }

    /// Takes in a Treasury tick; ticks come in order of time.
    public mutating func append(_ row: TreasuryRow) {
        guard let tenor = Self.tenors.firstIndex(of: row.tenor) else { return }
        openRow(row.time)
        rows[rows.count - 1].yields[tenor] = row.yieldMid
        rows[rows.count - 1].maturities[tenor] = row.maturity.dayNumber
    }

    /// Takes in a tick of an ETF; of those that no credit index follows nothing is kept.
    public mutating func append(_ row: MarketRow) {
        if row.symbol == indices.investmentGrade.symbol {
            openRow(row.time)
            indices.investmentGrade.update(
                price: row.price, yield: lastYield(indices.investmentGrade.tenor))
            rows[rows.count - 1].investmentGrade = indices.investmentGrade.value
        } else if row.symbol == indices.highYield.symbol {
            openRow(row.time)
            indices.highYield.update(price: row.price, yield: lastYield(indices.highYield.tenor))
            rows[rows.count - 1].highYield = indices.highYield.value
        }
    }

    /// Forgets what was replaced before a time.
    public mutating func forget(before time: Int64) {
        let count = max(0, self.count(before: time) - 1)
        guard count > 0 else { return }
        rows.removeFirst(count)
    }

    /// The market as of strictly before a time; the oldest that is kept where the time is earlier.
    /// Nil where there is no tick.
    public func market(before time: Int64) -> Moment? {
        rows.isEmpty ? nil : Moment(row: max(0, count(before: time) - 1))
    }

    /// A place in the history, valid until the history is changed.
    public struct Moment: Sendable {
        fileprivate let row: Int
    }

    /// The log spread index of a class.
    public func creditIndex(_ moment: Moment, isHighYield: Bool) -> Double {
        isHighYield ? rows[moment.row].highYield : rows[moment.row].investmentGrade
    }

    /// The curve's yield in percent at a maturity, linear between the on-the-run issues by the time
    /// that they have left and level beyond; NaN where there is no Treasury tick.
    public func yield(_ moment: Moment, maturity: CalendarDate) -> Double {
        let (yields, days) = (rows[moment.row].yields, rows[moment.row].maturities)
        let wanted = maturity.dayNumber
        var (below, above) = (-1, -1)
        for tenor in 0..<7 where !yields[tenor].isNaN {
            let day = days[tenor]
            if day <= wanted, below < 0 || day > days[below] { below = tenor }
            if day >= wanted, above < 0 || day < days[above] { above = tenor }
        }
        guard below >= 0 else { return above < 0 ? .nan : yields[above] }
        guard above >= 0, days[above] > days[below] else { return yields[below] }
        let share = Double(wanted - days[below]) / Double(days[above] - days[below])
        return yields[below] + share * (yields[above] - yields[below])
    }

    private func count(before time: Int64) -> Int {
        if let last = rows.last, last.time < time { return rows.count }
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].time < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Makes a row for a time out of the last one, unless it is there.
    private mutating func openRow(_ time: Int64) {
        guard var row = rows.last else {
            rows.append(
                Row(
                    time: time, investmentGrade: indices.investmentGrade.value,
                    highYield: indices.highYield.value))
            return
        }
        precondition(
            time >= row.time, "MarketHistory: a tick at \(time) after one at \(row.time)")
        guard time > row.time else { return }
        row.time = time
        rows.append(row)
    }

    private func lastYield(_ tenor: Int) -> Double {
        guard let index = Self.tenors.firstIndex(of: tenor), let row = rows.last else {
            return .nan
        }
        return row.yields[index]
    }
}
