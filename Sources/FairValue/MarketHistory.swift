import Bonds

/// The Treasury curve and the credit indices over time, as ticks arrive.
///
/// A late print is compared with the market at its execution, so the past is kept until it is
/// forgotten: about 110 bytes a distinct time.
public struct MarketHistory: Sendable {
    private static let tenors = TreasuryRow.tenors
    private var times: [Int64] = []
    /// Percent, NaN where a tenor has no tick yet. Shape: `[time, tenor]`.
    private var yields: [Double] = []
    /// Day numbers of the issues' maturities. Shape: `[time, tenor]`.
    private var maturities: [Int32] = []
    private var investmentGrade: [Double] = []
    private var highYield: [Double] = []
    private var indices = (
        investmentGrade: CreditIndex.investmentGrade, highYield: CreditIndex.highYield
    )

    public init() {}

    /// Takes in a Treasury tick; ticks come in order of time.
    public mutating func append(_ row: TreasuryRow) {
        guard let tenor = Self.tenors.firstIndex(of: row.tenor) else { return }
        openRow(row.time)
        let cell = yields.count - Self.tenors.count + tenor
        yields[cell] = row.yieldMid
        maturities[cell] = row.maturity.dayNumber
    }

    /// Takes in a tick of an ETF; of those that no credit index follows nothing is kept.
    public mutating func append(_ row: MarketRow) {
        if row.symbol == indices.investmentGrade.symbol {
            openRow(row.time)
            indices.investmentGrade.update(
                price: row.price, yield: lastYield(indices.investmentGrade.tenor))
            investmentGrade[times.count - 1] = indices.investmentGrade.value
        } else if row.symbol == indices.highYield.symbol {
            openRow(row.time)
            indices.highYield.update(price: row.price, yield: lastYield(indices.highYield.tenor))
            highYield[times.count - 1] = indices.highYield.value
        }
    }

    /// Forgets what was replaced before a time.
    public mutating func forget(before time: Int64) {
        let count = max(0, self.count(before: time) - 1)
        guard count > 0 else { return }
        times.removeFirst(count)
        investmentGrade.removeFirst(count)
        highYield.removeFirst(count)
        yields.removeFirst(count * Self.tenors.count)
        maturities.removeFirst(count * Self.tenors.count)
    }

    /// The market as of strictly before a time; the oldest that is kept where the time is earlier.
    /// Nil where there is no tick.
    public func market(before time: Int64) -> Moment? {
        times.isEmpty ? nil : Moment(row: max(0, count(before: time) - 1))
    }

    /// A place in the history, valid until the history is changed.
    public struct Moment: Sendable {
        fileprivate let row: Int
    }

    /// The log spread index of a class.
    public func creditIndex(_ moment: Moment, isHighYield: Bool) -> Double {
        isHighYield ? highYield[moment.row] : investmentGrade[moment.row]
    }

    /// The curve's yield in percent at a maturity, linear between the on-the-run issues by the time
    /// that they have left and level beyond; NaN where there is no Treasury tick.
    public func yield(_ moment: Moment, maturity: CalendarDate) -> Double {
        let first = moment.row * Self.tenors.count
        let wanted = maturity.dayNumber
        var (below, above) = (-1, -1)
        for cell in first..<first + Self.tenors.count where !yields[cell].isNaN {
            let day = maturities[cell]
            if day <= wanted, below < 0 || day > maturities[below] { below = cell }
            if day >= wanted, above < 0 || day < maturities[above] { above = cell }
        }
        guard below >= 0 else { return above < 0 ? .nan : yields[above] }
        guard above >= 0, maturities[above] > maturities[below] else { return yields[below] }
        let share =
            Double(wanted - maturities[below]) / Double(maturities[above] - maturities[below])
        return yields[below] + share * (yields[above] - yields[below])
    }

    private func count(before time: Int64) -> Int {
        if let last = times.last, last < time { return times.count }
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Makes a row for a time out of the last one, unless it is there.
    private mutating func openRow(_ time: Int64) {
        if let last = times.last {
            precondition(time >= last, "MarketHistory: a tick at \(time) after one at \(last)")
            if time == last { return }
            yields.append(contentsOf: Array(yields.suffix(Self.tenors.count)))
            maturities.append(contentsOf: Array(maturities.suffix(Self.tenors.count)))
        } else {
            yields.append(contentsOf: repeatElement(.nan, count: Self.tenors.count))
            maturities.append(contentsOf: repeatElement(0, count: Self.tenors.count))
        }
        times.append(time)
        investmentGrade.append(indices.investmentGrade.value)
        highYield.append(indices.highYield.value)
    }

    private func lastYield(_ tenor: Int) -> Double {
        guard let index = Self.tenors.firstIndex(of: tenor), !times.isEmpty else { return .nan }
        return yields[yields.count - Self.tenors.count + index]
    }
}
