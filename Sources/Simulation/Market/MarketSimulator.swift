import Bonds
import Dispatch
import Foundation
import Tape

/// Makes a market, one business day after the other, in memory that does not grow with the days.
///
/// Issuers are worked in parallel. Every random number has its own place, so the market is the same
/// to the last bit however many threads there are, and longer markets begin with shorter ones.
public final class MarketSimulator: SimulatedMarket {
    public let settings: MarketSettings
    /// All bonds, those that are issued in the course of the market last.
    public let bonds: [BondRow]
    /// The rows of `calls.csv`.
    public let calls: [CallRow]
    /// The rows of `entities.csv`.
    public let entities: [EntityRow]
    /// The rows of `ratings.csv`.
    public let ratings: [RatingRow]
    /// The business days.
    public let dates: [CalendarDate]

    let population: Population
    private let dateAfter: CalendarDate
    private let workers: [IssuerWorker]
    private let issuerStates: UnsafeMutableBufferPointer<IssuerState>
    private let bondStates: UnsafeMutableBufferPointer<BondState>
    private let closes: UnsafeMutableBufferPointer<ClosingPrice>
    private var isHeld: [Bool]
    private var path: MarketPath
    private var treasuries = TreasuryIssues()
    private var equities: EquityMarket
    private var funds = FundMarket()
    /// The day that comes next.
    private var nextIndex = 0

    /// Draws the issuers and bonds of a market.
    ///
    /// - Parameter threads: how many work at a time; the market does not depend on it.
    /// - Throws: ``SimulationError`` for settings out of range.
    public init(_ settings: MarketSettings, threads: Int = 2) throws(SimulationError) {
        try settings.check()
        self.settings = settings
        (dates, dateAfter) = MarketClock.dates(from: settings.start, count: settings.days)
        population = try Population(settings, dates: dates)
        bonds = population.bondRows
        calls = population.callRows(bonds)
        entities = population.entityRows(bonds)
        ratings = population.ratingRows(dates)

        let population = population
        workers = (0..<max(1, threads)).map { _ in IssuerWorker(population: population) }
        issuerStates = .allocate(capacity: population.issuers.count)
        issuerStates.initialize(repeating: IssuerState())
        bondStates = .allocate(capacity: population.bonds.count)
        bondStates.initialize(repeating: BondState())
        closes = .allocate(capacity: population.bonds.count)
        closes.initialize(repeating: ClosingPrice())
        isHeld = [Bool](repeating: false, count: population.bonds.count)
        path = MarketPath(settings)
        equities = EquityMarket(issuers: population.issuers, settings: settings)
    }

    deinit {
        issuerStates.deallocate()
        bondStates.deallocate()
        closes.deallocate()
    }

    /// The rating of a bond's issuer on a day, which decides on the cap of disseminated sizes.
    public func rating(bond: Int, day: Int) -> CreditRating {
        let issuer = population.issuers[population.bonds[bond].issuer]
        return CreditRating(notch: population.events.notch(issuer, day: day))
    }

    /// The day on which a bond is issued; nil where that was before the market began.
    public func issueDay(bond: Int) -> Int? {
        let day = population.bonds[bond].issueDay
        return day < 0 ? nil : day
    }

    /// Makes the next day; nil after the last.
    public func nextDay() -> SimulatedDay? {
        guard nextIndex < dates.count else { return nil }
        let index = nextIndex
        nextIndex += 1

        let notches = population.issuers.map { population.events.notch($0, day: index) }
        let agingDate = settings.aging ? dates[index] : dates[0]
        func years(_ bond: SimulatedBond) -> Double {
            YieldCurve.years(from: agingDate, to: bond.terms.maturity)
        }
        funds.choose(day: index, from: population.bonds, years: years, notches: notches)
        funds.markHeld(&isHeld)
        let candidates = population.bonds.filter {
            $0.isTraded(day: index, years: years($0)) && $0.issueDay != index
        }
        let context = DayContext(
            settings: settings, index: index, date: dates[index],
            market: path.advance(day: index), opening: MarketClock.opening(dates[index]),
            nextOpening: MarketClock.opening(
                index + 1 < dates.count ? dates[index + 1] : dateAfter),
            settlement: Settlement.date(tradedOn: dates[index]),
            basketLines: settings.portfolioTrades
                ? PortfolioTrades.lines(
                    day: index, candidates: candidates, notches: notches, population: population,
                    settings: settings) : [:],
            isHeld: isHeld, agingDate: agingDate)
        work(context)
        return SimulatedDay(
            date: dates[index], index: index, trades: mergedTrades(), tables: tables(context))
    }

    /// Moves all issuers through a day, each on the thread that its number falls to.
    private func work(_ context: DayContext) {
        // Each issuer's states and those of its bonds are touched by one thread only.
        nonisolated(unsafe) let (issuers, bonds) = (issuerStates, bondStates)
        nonisolated(unsafe) let (closes, workers) = (closes, workers)
        guard let bonds = bonds.baseAddress, let closes = closes.baseAddress else { return }
        nonisolated(unsafe) let (firstBond, firstClose) = (bonds, closes)
        DispatchQueue.concurrentPerform(iterations: workers.count) { thread in
            workers[thread].removeTrades()
            for issuer in stride(from: thread, to: issuers.count, by: workers.count) {
                workers[thread].advance(
                    issuer, &issuers[issuer], states: firstBond, closes: firstClose,
                    context: context)
            }
        }
    }

    /// All workers' trades in the order of execution time, bond and ordinal, which is total.
    private func mergedTrades() -> [SimulatedTrade] {
        struct Key {
            var time: Int64
            var bond: Int
            var ordinal: Int
            var worker: Int
            var row: Int
        }
        var keys: [Key] = []
        keys.reserveCapacity(workers.reduce(0) { $0 + $1.trades.count })
        for (number, worker) in workers.enumerated() {
            for (row, trade) in worker.trades.enumerated() {
                keys.append(
                    Key(
                        time: trade.executionTime, bond: trade.bond, ordinal: trade.ordinal,
                        worker: number, row: row))
            }
        }
        keys.sort { ($0.time, $0.bond, $0.ordinal) < ($1.time, $1.bond, $1.ordinal) }
        return keys.map { workers[$0.worker].trades[$0.row] }
    }

    private func tables(_ context: DayContext) -> DayTables {
        var tables = DayTables()
        tables.treasuries = treasuries.rows(
            date: context.date, opening: context.opening, market: context.market,
            hasNoise: settings.treasuryNoise)
        for step in 0..<MarketClock.steps {
            let time =
                context.opening
                + Int64(step) * Int64(MarketClock.secondsPerStep) * MarketClock.second
            for (symbol, prices) in zip(MarketDay.symbols, context.market.prices) {
                tables.markets.append(
                    MarketRow(
                        time: time, symbol: symbol, price: (prices[step] * 1e4).rounded() / 1e4))
            }
        }
        guard let issuers = issuerStates.baseAddress, let closes = closes.baseAddress else {
            return tables
        }
        (tables.equities, tables.swaps) = equities.advance(
            context, states: issuers, events: population.events)
        (tables.holdings, tables.funds) = funds.publish(
            context, closes: closes, cusip: { bonds[$0].cusip })
        tables.quotes = workers.flatMap(\.quotes).sorted {
            ($0.time, $0.bond, $0.source, $0.bid) < ($1.time, $1.bond, $1.source, $1.bid)
        }
        return tables
    }
}
