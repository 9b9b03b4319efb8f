/// The on-the-run Treasuries over time, as `treasuries.csv` has them: benchmark and curve.
///
/// A tick counts at a time only if it is strictly earlier. Which issue is on the run for a tenor is
/// what its last tick says, so the roll is the file's.
public struct TreasuryTable: Sendable {
    /// One series a tenor, in the order of ``TreasuryRow/tenors``.
    private let series: [AsOfSeries<Int64, TreasuryRow>]

    public init(_ rows: [TreasuryRow]) {
        let byTenor = AsOfSeries.grouped(
            rows, key: \.tenor, time: \.time, value: { $0 })
        series = TreasuryRow.tenors.map { byTenor[$0] ?? AsOfSeries() }
    }

    /// The last tick of a tenor strictly before a time.
    public func onTheRun(tenor: Int, before time: Int64) -> TreasuryRow? {
        guard let index = TreasuryRow.tenors.firstIndex(of: tenor) else { return nil }
        return series[index].last(before: time)?.value
    }

    /// The last tick, strictly before a time, of the on-the-run Treasury whose tenor is nearest to
    /// what remains of a bond at that time; of two that are equally near the shorter.
    ///
    /// The middle between two tenors is counted in whole months of the calendar, from the date in
    /// New York. Tenors without an earlier tick do not take part.
    public func benchmark(maturity: CalendarDate, before time: Int64) -> TreasuryRow? {
        let today = EasternTime.date(time)
        var nearest: TreasuryRow?
        for index in series.indices {
            guard let tick = series[index].last(before: time)?.value else { continue }
            if let shorter = nearest,
                maturity <= today.adding(months: 6 * (shorter.tenor + tick.tenor))
            {
                break
            }
            nearest = tick
        }
        return nearest
    }

    /// The curve through the last ticks strictly before a time, by the time that each issue has
    /// left; nil where there is no tick.
    public func curve(before time: Int64) -> YieldCurve? {
        let today = EasternTime.date(time)
        return YieldCurve(
            series.compactMap { $0.last(before: time)?.value }.map {
                (years: YieldCurve.years(from: today, to: $0.maturity), yield: $0.yieldMid)
            })
    }

    /// The curve's yield in percent at a bond's maturity, as of strictly before a time: what the
    /// interpolated spread is over. Nil where there is no tick.
    public func interpolatedYield(maturity: CalendarDate, before time: Int64) -> Double? {
        curve(before: time)?
            .yield(years: YieldCurve.years(from: EasternTime.date(time), to: maturity))
    }
}

/// Yields by time to maturity, linear between its points and level beyond the outer ones.
public struct YieldCurve: Sendable, Hashable {
    /// Years to maturity, ascending.
    public let years: [Double]
    /// Percent.
    public let yields: [Double]

    /// Points in any order; of points at one time the first counts.
    /// - Returns: nil where there are none.
    public init?(_ points: [(years: Double, yield: Double)]) {
        var years: [Double] = []
        var yields: [Double] = []
        for point in points.sorted(by: { $0.years < $1.years }) where point.years != years.last {
            years.append(point.years)
            yields.append(point.yield)
        }
        guard !years.isEmpty else { return nil }
        self.years = years
        self.yields = yields
    }

    /// The yield in percent at a time to maturity in years.
    public func yield(years wanted: Double) -> Double {
        guard let upper = years.firstIndex(where: { $0 >= wanted }) else {
            return yields[yields.count - 1]
        }
        guard upper > 0 else { return yields[0] }
        let share = (wanted - years[upper - 1]) / (years[upper] - years[upper - 1])
        return yields[upper - 1] + share * (yields[upper] - yields[upper - 1])
    }

    /// Years of 365.25 days between two dates.
    public static func years(from first: CalendarDate, to last: CalendarDate) -> Double {
        Double(last - first) / 365.25
    }
}
