import Bonds
import Datasets
import FairValue
import Files
import Random
import Tape

/// Turns events into vectors: what becomes known goes in, in order; the features of any bond at the
/// present moment come out.
///
/// One engine serves training rows, questions about the past and live quotes, so all three give the
/// same bytes. A vector at a time sees the events whose time is strictly earlier. Memory depends on
/// the number of bonds, not on how long the engine runs.
///
/// An engine belongs to one thread.
public final class FeatureEngine {
    public let layout: FeatureLayout
    public let bonds: BondTable
    public let parameters: FairValueParameters
    /// Called before the past of the market grid changes, which it does when a series begins:
    /// captured rows must have been finished by then.
    var beforeRewrite: (() -> Void)?
    /// What was passed over.
    public internal(set) var tally = FeatureTally()
    /// The latest event or question, in UTC epoch nanoseconds.
    public internal(set) var now = Int64.min

    var moment: TradingMoment
    var clock = TradingClock()
    var executionClock = TradingClock()
    var calendar = CalendarFeatures()
    var history = MarketHistory()
    let grid: MarketGrid
    /// Turns captured rows into features.
    let finisher: RowFinisher
    var cohorts: CohortPrior
    var ratings = RatingBook()
    let fairPrices: FairPrices
    let tables: DailyTables
    var pricer: BondPricer
    let calls: [CallSchedule?]
    private let bondsOfIssuer: [String: [Int]]

    let groups: GroupNumbers
    let facts: Memory<BondFacts>
    let filters: Memory<FairValueFilter>
    let states: Memory<BondState>
    /// Filter and state before the oldest print of the ring.
    let baseFilters: Memory<FairValueFilter>
    let baseStates: Memory<BondState>
    let sequences: Memory<UInt32>
    /// -1 where there is no rating.
    let notches: Memory<Int8>
    /// What keeps the credit index of a bond in one piece when its class changes.
    let creditOffsets: Memory<Double>
    /// The bond's share in the daily tables, -1 where none is listed.
    let tickers: Memory<Int32>
    let rings: PrintRings
    /// Beside each print of ``rings``: hashes of the trades' identifiers, and what was observed.
    let keys: Memory<UInt64>
    let observed: Memory<Observed>
    let issuerRings: PrintRings
    let classRings: PrintRings
    let sums: DecayedSums
    let days: DayBook
    let dealers: DealerBook

    /// - Parameter tables: what `entities.csv`, `equities.csv` and `cds.csv` say.
    init(
        bonds: BondTable, layout: FeatureLayout, tables: DailyTables,
        parameters: FairValueParameters
    ) {
        self.bonds = bonds
        self.layout = layout
        self.tables = tables
        self.parameters = parameters
        cohorts = CohortPrior(parameters)
        let kalmanGroups = KalmanGroups(bonds)
        fairPrices = FairPrices(FairFilter(kalmanGroups, layout.kalman))
        let terms = bonds.rows.map(\.terms)
        calls = bonds.rows.map { bonds.calls(cusip: $0.cusip) }
        pricer = BondPricer(terms)
        grid = MarketGrid()
        finisher = RowFinisher(
            layout: layout, parameters: parameters, terms: terms, calls: calls, grid: grid,
            groups: kalmanGroups)
        moment = clock.moment(0)
        var issuers: [String: Int] = [:]
        var sectors: [String: Int] = [:]
        var bondsOfIssuer: [String: [Int]] = [:]
        let count = bonds.rows.count
        facts = Memory(count)
        for (index, row) in bonds.rows.enumerated() {
            let issuer = issuers[row.issuer] ?? issuers.count
            issuers[row.issuer] = issuer
            let sector = sectors[row.sector] ?? sectors.count
            sectors[row.sector] = sector
            bondsOfIssuer[row.issuer, default: []].append(index)
            let amount = row.offeringAmount
            facts[index] = BondFacts(
                issuer: Int32(issuer), sector: Int32(sector),
                sectorFeature: Int32(layout.sectors.firstIndex(of: row.sector) ?? -1),
                datedDay: row.terms.datedDate?.dayNumber ?? -1,
                maturityDay: row.terms.maturity.dayNumber, coupon: Float(row.terms.coupon),
                logAmount: amount > 0 ? Float(ln(amount / 6e8)) : 0, isCallable: row.isCallable)
        }
        self.bondsOfIssuer = bondsOfIssuer
        groups = GroupNumbers(
            bonds: count, issuers: issuers.count, sectors: max(sectors.count, 1))
        filters = Memory(count)
        states = Memory(count)
        baseFilters = Memory(count)
        baseStates = Memory(count)
        sequences = Memory(count)
        notches = Memory(count)
        creditOffsets = Memory(count)
        tickers = Memory(count)
        rings = PrintRings(groups: count)
        keys = Memory(count * PrintRings.capacity)
        observed = Memory(count * PrintRings.capacity)
        issuerRings = PrintRings(groups: issuers.count)
        classRings = PrintRings(groups: 3 * groups.sectors)
        sums = DecayedSums(groups: groups.count)
        days = DayBook(
            bonds: count, issuers: issuers.count, sectorClasses: 3 * groups.sectors)
        dealers = DealerBook(
            bonds: layout.hasDealers ? count : 0, issuers: layout.hasDealers ? issuers.count : 0)
        for bond in 0..<count {
            filters[bond] = FairValueFilter()
            baseFilters[bond] = FairValueFilter()
            notches[bond] = -1
            tickers[bond] = -1
        }
    }

    /// An engine for some bonds and the daily tables that go with them, before its first event.
    public convenience init(
        bonds: BondTable, layout: FeatureLayout, entities: [EntityRow] = [],
        equities: [EquityRow] = [], swaps: [SwapRow] = [],
        parameters: FairValueParameters = FairValueParameters()
    ) {
        self.init(
            bonds: bonds, layout: layout,
            tables: DailyTables(entities: entities, equities: equities, swaps: swaps),
            parameters: parameters)
    }

    /// An engine for the bonds of a market folder, before its first event.
    /// - Parameter layout: that of the folder where nil; a checkpoint's for its features.
    public convenience init(
        market folder: String, bonds: BondTable, layout: FeatureLayout? = nil,
        parameters: FairValueParameters = FairValueParameters()
    ) throws(FileError) {
        let used: FeatureLayout
        if let layout {
            used = layout
        } else {
            used = try FeatureLayout(market: folder, bonds: bonds)
        }
        self.init(
            bonds: bonds, layout: used, tables: try DailyTables(market: folder),
            parameters: parameters)
    }

    /// Takes in what became known.
    /// - Throws: ``FeatureError/outOfOrder(time:after:)`` where the engine has seen a later time.
    public func apply(_ event: MarketEvent) throws(FeatureError) {
        try advance(to: event.time)
        switch event {
        case .treasury(let tick):
            history.append(tick)
            if let column = MarketGrid.column(tick) { setGrid(column.index, column.value) }
            tellCredit()
        case .market(let tick):
            history.append(tick)
            if let column = MarketGrid.column(tick) { setGrid(column.index, column.value) }
            tellCredit()
        case .rating(let row): rate(row)
        case .reported(let trade, let bond): observe(trade, bond: bond)
        case .withdrawn(let trade, let bond): withdraw(trade, bond: bond)
        }
    }

    /// Lets time pass without an event.
    /// - Throws: ``FeatureError/outOfOrder(time:after:)`` where the engine has seen a later time.
    public func advance(to time: Int64) throws(FeatureError) {
        guard time >= now else { throw .outOfOrder(time: time, after: now) }
        guard time > now else { return }
        turnTime(to: time)
    }

    /// Brings the clock, the calendar, the grid and the days up to a time.
    func turnTime(to time: Int64) {
        now = time
        let before = moment.date
        moment = clock.moment(time)
        if moment.date != before || days.day < 0 { turnDate() }
        grid.advance(to: moment.days)
        let day = Int32(moment.days)
        if days.day < 0 {
            days.begin(day)
        } else if day > days.day {
            days.turn(to: day, closes: closes())
        }
    }

    private func turnDate() {
        calendar.turn(to: moment.date)
        tables.advance(to: moment.date)
        for (bond, row) in bonds.rows.enumerated() {
            tickers[bond] = Int32(tables.ticker(cusip: row.cusip, asOf: moment.date) ?? -1)
        }
        history.forget(before: now - Self.memory)
    }

    /// For so long the curve is kept for late prints: 60 days, in nanoseconds.
    private static let memory: Int64 = 60 * 86_400_000_000_000

    private func tellCredit() {
        guard let market = history.market(before: .max) else { return }
        setGrid(
            MarketGrid.investmentGrade, Float(history.creditIndex(market, isHighYield: false)))
        setGrid(MarketGrid.highYield, Float(history.creditIndex(market, isHighYield: true)))
    }

    private func setGrid(_ column: Int, _ value: Float) {
        if !grid.isKnown(column) { beforeRewrite?() }
        grid.set(column, value)
    }

    /// The bonds that have had a print, at the end of the trading day.
    private func closes() -> [DayBook.Close] {
        guard let market = history.market(before: now) else { return [] }
        var closes: [DayBook.Close] = []
        for bond in 0..<bonds.rows.count where filters[bond].isSeen {
            let years = YieldCurve.years(
                from: moment.date, to: facts[bond].maturity)
            guard years > 0 else { continue }
            let groups = RatingGroups(notch: Int(notches[bond]))
            let credit =
                history.creditIndex(market, isHighYield: groups.isHighYield)
                + creditOffsets[bond]
            let estimate = filters[bond].predicted(
                days: moment.days, creditIndex: credit, isHighYield: groups.isHighYield,
                prior: 0, parameters)
            closes.append(
                DayBook.Close(
                    bond: bond, issuer: Int(facts[bond].issuer),
                    sectorClass: 3 * Int(facts[bond].sector) + groups.grade,
                    bucket: groups.bucket, logSpread: Float(estimate.logSpread),
                    logYears: Float(ln(years))))
        }
        return closes
    }

    private func rate(_ row: RatingRow) {
        ratings.apply(row)
        let concerned =
            row.cusip.isEmpty
            ? bondsOfIssuer[row.issuer] ?? [] : bonds.index(cusip: row.cusip).map { [$0] } ?? []
        let market = history.market(before: .max)
        for bond in concerned {
            let rating = ratings.rating(
                cusip: bonds.rows[bond].cusip, issuer: bonds.rows[bond].issuer)
            let before = RatingGroups(notch: Int(notches[bond])).isHighYield
            notches[bond] = Int8(rating?.notch ?? -1)
            let after = RatingGroups(notch: Int(notches[bond])).isHighYield
            // The other class's index has another level; the bond's spread has not jumped.
            if before != after, filters[bond].isSeen, let market {
                creditOffsets[bond] +=
                    history.creditIndex(market, isHighYield: before)
                    - history.creditIndex(market, isHighYield: after)
            }
        }
    }

    func rating(_ bond: Int) -> CreditRating? {
        notches[bond] < 0 ? nil : CreditRating(notch: Int(notches[bond]))
    }
}
