import Files

/// The bonds of a market folder, found by CUSIP, with their call schedules.
public struct BondTable: Sendable {
    public let rows: [BondRow]
    private let indices: [String: Int]
    private let schedules: [String: CallSchedule]

    public init(_ rows: [BondRow], calls: [CallRow] = []) {
        self.rows = rows
        indices = Dictionary(
            rows.enumerated().map { ($1.cusip, $0) }, uniquingKeysWith: { first, _ in first })
        schedules = Dictionary(grouping: calls, by: \.cusip)
            .mapValues { CallSchedule($0.map(\.call)) }
    }

    /// Reads `bonds.csv` and, where it is there, `calls.csv`.
    public init(market folder: String) throws(FileError) {
        let calls = try CallRow.path(market: folder)
        self.init(
            try BondRow.read(market: folder), calls: try calls.map(CallRow.read(path:)) ?? [])
    }

    /// Where a bond stands in `rows`.
    public func index(cusip: String) -> Int? { indices[cusip] }

    public subscript(cusip: String) -> BondRow? { indices[cusip].map { rows[$0] } }

    /// The dates on which a bond may be called; nil where it has none.
    public func calls(cusip: String) -> CallSchedule? { schedules[cusip] }
}

/// Ratings over time, of issuers and of single bonds.
///
/// A rating is known from its date on. A bond's own rating goes before its issuer's, agency by
/// agency.
public struct RatingTable: Sendable {
    private typealias Series = AsOfSeries<CalendarDate, CreditRating?>
    private let ofBonds: [String: [String: Series]]
    private let ofIssuers: [String: [String: Series]]

    public init(_ rows: [RatingRow]) {
        ofBonds = Self.group(rows.filter { !$0.cusip.isEmpty }, by: \.cusip)
        ofIssuers = Self.group(rows.filter(\.cusip.isEmpty), by: \.issuer)
    }

    /// Reads `ratings.csv`.
    public init(market folder: String) throws(FileError) {
        self.init(try RatingRow.read(market: folder))
    }

    /// The rating of a bond as of a date: the middle one of all agencies that rate it then, the
    /// lower of two middle ones; nil where none does.
    ///
    /// So a bond is of investment grade where most agencies say so (FINRA Rule 6710(h)).
    /// - Parameter agency: where given, only this agency is asked.
    public func rating(
        cusip: String, issuer: String, asOf date: CalendarDate, agency: String? = nil
    ) -> CreditRating? {
        var byAgency: [String: CreditRating] = [:]
        for series in [ofIssuers[issuer], ofBonds[cusip]].compactMap({ $0 }) {
            for (name, series) in series where agency == nil || agency == name {
                guard let entry = series.last(upTo: date) else { continue }
                byAgency[name] = entry.value
            }
        }
        let best = byAgency.values.sorted(by: >)
        return best.isEmpty ? nil : best[best.count / 2]
    }

    private static func group(
        _ rows: [RatingRow], by key: (RatingRow) -> String
    ) -> [String: [String: Series]] {
        Dictionary(grouping: rows, by: key).mapValues { rows in
            Series.grouped(rows, key: \.agency, time: \.date, value: \.rating)
        }
    }
}

/// Who stood behind a bond on a day.
public struct EntityTable: Sendable {
    private let byBond: [String: [EntityRow]]

    public init(_ rows: [EntityRow]) {
        byBond = Dictionary(grouping: rows, by: \.cusip)
    }

    /// Reads `entities.csv`.
    public init(market folder: String) throws(FileError) {
        self.init(try EntityRow.read(market: folder))
    }

    /// The entity of a bond on a date, the last of the file where several hold; nil where the bond
    /// is not mapped then.
    public func entity(cusip: String, asOf date: CalendarDate) -> EntityRow? {
        byBond[cusip]?.last { row in
            row.from.map { $0 <= date } ?? true && row.to.map { date < $0 } ?? true
        }
    }
}

/// The prices of ETFs and indices over time, as `markets.csv` has them.
public struct MarketTable: Sendable {
    private let series: [String: AsOfSeries<Int64, Double>]

    public init(_ rows: [MarketRow]) {
        series = AsOfSeries.grouped(rows, key: \.symbol, time: \.time, value: \.price)
    }

    /// Reads `markets.csv`.
    public init(market folder: String) throws(FileError) {
        self.init(try MarketRow.read(market: folder))
    }

    public var symbols: [String] { series.keys.sorted() }

    /// The last price strictly before a time, and its own time.
    public func price(symbol: String, before time: Int64) -> (time: Int64, value: Double)? {
        series[symbol]?.last(before: time)
    }
}

/// What the ETFs held and were worth, day by day.
public struct FundTable: Sendable {
    private let holdings: [String: AsOfSeries<CalendarDate, [HoldingRow]>]
    private let funds: [String: AsOfSeries<CalendarDate, FundRow>]

    public init(holdings: [HoldingRow], funds: [FundRow]) {
        self.holdings = Dictionary(grouping: holdings, by: \.etf).mapValues { rows in
            AsOfSeries(
                Dictionary(grouping: rows, by: \.date).sorted { $0.key < $1.key }
                    .map { (time: $0.key, value: $0.value) })
        }
        self.funds = AsOfSeries.grouped(funds, key: \.etf, time: \.date, value: { $0 })
    }

    /// Reads `holdings.csv` and `funds.csv`.
    public init(market folder: String) throws(FileError) {
        self.init(
            holdings: try HoldingRow.read(market: folder),
            funds: try FundRow.read(market: folder))
    }

    public var etfs: [String] { Set(holdings.keys).union(funds.keys).sorted() }

    /// What an ETF held on the last day of its holdings strictly before a date: a day's files are
    /// known when it is over.
    public func holdings(etf: String, before date: CalendarDate) -> [HoldingRow] {
        holdings[etf]?.last(before: date)?.value ?? []
    }

    /// An ETF's shares, cash and net asset value on its last day strictly before a date.
    public func fund(etf: String, before date: CalendarDate) -> FundRow? {
        funds[etf]?.last(before: date)?.value
    }
}

extension TreasuryTable {
    /// Reads `treasuries.csv`.
    public init(market folder: String) throws(FileError) {
        self.init(try TreasuryRow.read(market: folder))
    }
}
