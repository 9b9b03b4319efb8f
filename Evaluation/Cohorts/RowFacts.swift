import Bonds

/// What a market folder and the clock say about each trade, found once and used by every cohort.
struct RowFacts: Sendable {
    /// The day in New York, in days since 1970-01-01.
    let day: [Int32]
    /// The hour in New York.
    let hour: [UInt8]
    /// Where each row's bond stands in the market's list; -1 where it has none.
    let bondRow: [Int32]
    /// Notches below the best rating as of the trade; -1 where there is none.
    let notch: [Int8]
    /// Bonds of the trades that the market does not list.
    let unknownBonds: Int

    init(_ trades: TradeColumns, market: MarketReference?, ratingAgency: String?) {
        let count = trades.time.count
        var day = [Int32](repeating: 0, count: count)
        var hour = [UInt8](repeating: 0, count: count)
        for row in 0..<count {
            let clock = EasternTime.clock(trades.time[row])
            day[row] = clock.date.dayNumber
            hour[row] = UInt8(clock.timeOfDay / 3_600_000_000_000)
        }
        let listed = trades.bonds.map { Int32(market?.index($0) ?? -1) }
        bondRow = trades.bond.map { listed[Int($0)] }
        unknownBonds = market == nil ? 0 : listed.count { $0 < 0 }
        var notch = [Int8](repeating: -1, count: count)
        if let market {
            // A rating holds for a day, and the next trade of a bond is often on the same one.
            var last = [(day: Int32, notch: Int8)](
                repeating: (.min, -1), count: trades.bonds.count)
            for row in 0..<count where bondRow[row] >= 0 {
                let bond = Int(trades.bond[row])
                if last[bond].day != day[row] {
                    let terms = market.bonds.rows[Int(bondRow[row])]
                    let rating = market.ratings.rating(
                        cusip: terms.cusip, issuer: terms.issuer,
                        asOf: CalendarDate(dayNumber: Int(day[row])), agency: ratingAgency)
                    last[bond] = (day[row], rating.map { Int8($0.notch) } ?? -1)
                }
                notch[row] = last[bond].notch
            }
        }
        self.day = day
        self.hour = hour
        self.notch = notch
    }

    /// 0 for investment grade, 1 for high yield, -1 where there is no rating.
    var grades: CohortCodes {
        CohortCodes(
            dimension: .credit, names: ["IG", "HY"],
            codes: notch.map { $0 < 0 ? -1 : $0 < CreditRating.highestHighYield ? 0 : 1 })
    }

    /// The first and the last day of the trades in New York.
    var period: ClosedRange<CalendarDate>? {
        guard let first = day.min(), let last = day.max() else { return nil }
        return CalendarDate(dayNumber: Int(first))...CalendarDate(dayNumber: Int(last))
    }

    func selecting(_ rows: [Int]) -> RowFacts {
        RowFacts(
            day: rows.map { day[$0] }, hour: rows.map { hour[$0] },
            bondRow: rows.map { bondRow[$0] }, notch: rows.map { notch[$0] },
            unknownBonds: unknownBonds)
    }

    private init(
        day: [Int32], hour: [UInt8], bondRow: [Int32], notch: [Int8], unknownBonds: Int
    ) {
        self.day = day
        self.hour = hour
        self.bondRow = bondRow
        self.notch = notch
        self.unknownBonds = unknownBonds
    }
}

extension CreditRating {
    /// BB+, the first notch that is not of investment grade.
    fileprivate static let highestHighYield: Int8 = 10
}
