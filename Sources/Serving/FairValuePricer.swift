import Bonds
import FairValue
import Files
import Quantiles
import Random
import Tape

/// Prices by the robust Kalman filter of each bond's log spread, without a network: the price to beat.
///
/// The log spread of a trade is normal around the filter's state, seen from the trade's side; its
/// variance is that of the state plus that of a print of the trade's size. A moment in the past is
/// answered from the state as it was then. A print that was withdrawn later stays in the state, which
/// bounds what a single print does.
public actor FairValuePricer: Pricer {
    public nonisolated let version: String
    private let bonds: BondTable
    private let parameters = FairValueParameters()
    private var clock = TradingClock()
    private var flows: BondPricer
    private var history = MarketHistory()
    private var prior: CohortPrior
    private var states: [[State]]
    private var record: MarketRecord
    private var treasuries: Ticks<TreasuryRow, TreasuryTable>
    private var ratings: Ticks<RatingRow, RatingTable>
    /// The last event's time; questions before the first one have no answer.
    private var latest = Int64.min

    /// The state of a bond from the report of a print on.
    private struct State {
        let knownSince: Int64
        let filter: FairValueFilter
    }

    /// - Parameter name: what the market is called in the version.
    public init(bonds: BondTable, name: String) {
        self.bonds = bonds
        version = "fair-value/\(name)"
        flows = BondPricer(bonds.rows.map(\.terms))
        prior = CohortPrior(parameters)
        states = Array(repeating: [], count: bonds.rows.count)
        record = MarketRecord(bondCount: bonds.rows.count)
        treasuries = Ticks(TreasuryTable.init)
        ratings = Ticks(RatingTable.init)
    }

    /// Takes in all that a market folder has.
    /// - Parameter progress: called now and then with the number of events so far; may throw to stop.
    public func replay(
        market folder: String, progress: @Sendable (Int) throws -> Void
    ) throws {
        var replay = try MarketReplay(market: folder, bonds: bonds)
        var count = 0
        while let event = try replay.next() {
            observe(event)
            count += 1
            if count % 4_096 == 0 { try progress(count) }
        }
        record.finishTape()
        try progress(count)
    }

    public func observe(_ events: [MarketEvent]) {
        for event in events where record.isNews(event) { observe(event) }
    }

    public func marketFacts() -> MarketFacts { record.facts }

    public func lastTrades(bond: Int, count: Int) -> [Trade] {
        record.lastTrades(bond: bond, count: count)
    }

    public func standings(of trades: [(identifier: String, bond: Int)]) -> [TradeStanding] {
        record.standings(of: trades)
    }

    private func observe(_ event: MarketEvent) {
        // A server may hear of a thing after later ones; it is known from now on.
        let time = max(event.time, latest)
        latest = time
        record.observe(event, at: time)
        switch event {
        case .treasury(var tick):
            tick.time = time
            history.append(tick)
            treasuries.append(tick)
        case .market(var tick):
            tick.time = time
            history.append(tick)
        case .rating(let rating): ratings.append(rating)
        case .reported(let trade, let bond): observe(trade, bond: bond, at: time)
        case .withdrawn: break
        }
    }

    private func observe(_ trade: Trade, bond: Int, at time: Int64) {
        guard trade.isDisseminated, let view = view(bond: bond, before: trade.executionTime),
            let quote = view.flows.quote(cleanPrice: trade.price, curveYield: view.curveYield)
        else { return }
        let seen = parameters.observation(
            spread: quote.spread, dv01: quote.dv01, side: Self.sign(of: trade.side),
            quantity: min(trade.quantity, view.isHighYield ? 1e6 : 5e6))
        let years = YieldCurve.years(
            from: view.moment.date, to: bonds.rows[bond].terms.maturity)
        var filter = states[bond].last?.filter ?? FairValueFilter()
        filter.observe(
            seen, days: view.moment.days, creditIndex: view.creditIndex,
            isHighYield: view.isHighYield,
            prior: prior.logSpread(
                rating: view.rating, years: years, creditIndex: view.creditIndex), parameters)
        prior.add(
            logSpread: seen.adjusted, rating: view.rating, years: years, days: view.moment.days)
        states[bond].append(State(knownSince: time, filter: filter))
    }

    private static func sign(of side: Trade.Side) -> Double {
        switch side {
        case .bid: -1
        case .offer: 1
        case .dealer: 0
        }
    }
}

extension FairValuePricer {
    /// A bond in the market of a moment.
    private struct View {
        let moment: TradingMoment
        let flows: RemainingCashFlows
        /// Percent.
        let curveYield: Double
        let rating: CreditRating?
        let creditIndex: Double

        /// A bond that nobody rates counts as investment grade.
        var isHighYield: Bool { rating.map { !$0.isInvestmentGrade } ?? false }
    }

    private func view(bond: Int, before time: Int64) -> View? {
        let moment = clock.moment(time)
        let row = bonds.rows[bond]
        guard let market = history.market(before: time),
            let flows = flows.cashFlows(bond: bond, settlement: moment.settlement)
        else { return nil }
        let curveYield = history.yield(market, maturity: row.terms.maturity)
        guard !curveYield.isNaN else { return nil }
        let rating = ratings.table.rating(
            cusip: row.cusip, issuer: row.issuer, asOf: moment.date)
        let isHighYield = rating.map { !$0.isInvestmentGrade } ?? false
        return View(
            moment: moment, flows: flows, curveYield: curveYield, rating: rating,
            creditIndex: history.creditIndex(market, isHighYield: isHighYield))
    }

    public func answers(to questions: [PriceQuestion]) -> [PriceAnswer] {
        let now = PricingService.systemTime()
        return questions.map { question in
            if let reason = question.lack(at: now) { return .insufficientData(reason: reason) }
            return answer(question)
        }
    }

    private func answer(_ question: PriceQuestion) -> PriceAnswer {
        // What is known now includes the last event itself; nothing is known after it.
        let moment = latest == .min ? latest : latest + 1
        let time = min(question.time ?? moment, moment)
        guard time > .min, let view = view(bond: question.bond, before: time) else {
            return .insufficientData(reason: "the bond has matured, or no Treasury has a tick")
        }
        guard let filter = state(of: question.bond, before: time)?.filter else {
            return .insufficientData(reason: "no print of the bond is known")
        }
        let middle = filter.predicted(
            days: view.moment.days, creditIndex: view.creditIndex, isHighYield: view.isHighYield,
            prior: 0, parameters)
        let value = view.flows.value(logSpread: middle.logSpread, curveYield: view.curveYield)
        let spread = 100 * (view.flows.yield(cleanPrice: value.price) - view.curveYield)
        guard spread.isFinite else {
            return .insufficientData(reason: "the fair price has no yield")
        }
        let print = parameters.observation(
            spread: spread, dv01: value.dv01,
            side: Self.sign(of: question.side), quantity: Double(question.quantity))
        let center = middle.logSpread - (print.adjusted - print.logSpread)
        let deviation = (middle.variance + print.noiseVariance).squareRoot()
        // A low price is a wide spread.
        let prices = QuantileLevels.standard.values.reversed().map { level in
            view.flows.value(
                logSpread: center + deviation * normalQuantile(level), curveYield: view.curveYield
            ).price
        }
        return quote(question, prices: prices, view.flows, before: time)
    }

    /// The newest state that was known strictly before a time.
    private func state(of bond: Int, before time: Int64) -> State? {
        let known = states[bond]
        var range = known.startIndex..<known.endIndex
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range =
                known[middle].knownSince < time
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound > 0 ? known[range.lowerBound - 1] : nil
    }

    private func quote(
        _ question: PriceQuestion, prices: [Double], _ flows: RemainingCashFlows,
        before time: Int64
    ) -> PriceAnswer {
        guard question.label != .price else { return .quote(Quote(tiles: prices, time: time)) }
        let yields = TileOrientation.yieldTiles(priceTiles: prices, cashFlows: [flows])
        guard yields.missing == 0 else {
            return .insufficientData(reason: "a price quantile has no yield")
        }
        guard question.label == .spread else {
            return .quote(Quote(tiles: yields.tiles, time: time))
        }
        guard
            let benchmark = treasuries.table.benchmark(
                maturity: bonds.rows[question.bond].terms.maturity, before: time)
        else { return .insufficientData(reason: "no Treasury has a tick") }
        return .quote(
            Quote(
                tiles: TileOrientation.spreadTiles(
                    yieldTiles: yields.tiles, treasuryYields: [benchmark.yieldMid]),
                time: time,
                benchmark: Quote.Benchmark(tenor: benchmark.tenor, cusip: benchmark.cusip)))
    }
}

/// Rows that keep coming, and the table over them, made when it is asked for.
private struct Ticks<Row: Sendable, Table: Sendable>: Sendable {
    private var rows: [Row] = []
    private var made: Table?
    private let make: @Sendable ([Row]) -> Table

    init(_ make: @escaping @Sendable ([Row]) -> Table) { self.make = make }

    mutating func append(_ row: Row) {
        rows.append(row)
        made = nil
    }

    var table: Table {
        mutating get {
            if let made { return made }
            let table = make(rows)
            made = table
            return table
        }
    }
}
