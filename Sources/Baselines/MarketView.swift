import Bonds
import FairValue
import Files
import Tape

/// The market as of a time, for whoever prices a bond in it.
///
/// Events are taken in as they become known; a view of a bond at a time uses the ticks strictly
/// before it.
struct MarketView {
    let bonds: BondTable
    private let ratings: RatingTable
    private var clock = TradingClock(overnightShare: KalmanParameters.overnightShare)
    private var pricer: BondPricer
    private var history = MarketHistory()
    private var facts: [Facts?]
    private var lastTrim = CalendarDate(dayNumber: 0)

    /// Ticks are kept so many days, for late prints.
    private static let daysKept: Int64 = 30

    private struct Facts {
        let date: CalendarDate
        let rating: CreditRating?
        let logAge: Double
    }

    init(market folder: String, bonds: BondTable) throws(FileError) {
        self.bonds = bonds
        ratings = RatingTable(try RatingRow.readIfPresent(market: folder))
        pricer = BondPricer(bonds.rows.map(\.terms))
        facts = Array(repeating: nil, count: bonds.rows.count)
    }

    mutating func append(_ row: TreasuryRow) {
        history.append(row)
        let date = EasternTime.date(row.time)
        guard date != lastTrim else { return }
        lastTrim = date
        history.forget(before: row.time - Self.daysKept * 86_400_000_000_000)
    }

    mutating func append(_ row: MarketRow) { history.append(row) }

    /// A bond as of strictly before a time; nil where it has matured or no Treasury has a tick.
    mutating func bond(_ bond: Int, before time: Int64) -> BondView? {
        let moment = clock.moment(time)
        guard let market = history.market(before: time),
            let flows = pricer.cashFlows(bond: bond, settlement: moment.settlement)
        else { return nil }
        let row = bonds.rows[bond]
        let curveYield = history.yield(market, maturity: row.terms.maturity)
        guard !curveYield.isNaN else { return nil }
        let facts = facts(bond, on: moment.date)
        let isHighYield = facts.rating.map { !$0.isInvestmentGrade } ?? false
        return BondView(
            bond: bond, moment: moment, cashFlows: flows,
            years: max(0, YieldCurve.years(from: moment.date, to: row.terms.maturity)),
            curveYield: curveYield, rating: facts.rating, isHighYield: isHighYield,
            creditIndex: history.creditIndex(market, isHighYield: isHighYield),
            logAge: facts.logAge)
    }

    /// A print as the public saw it: its size capped, from the market at its execution; nil where
    /// the public did not see it or its price has no spread.
    mutating func print(_ trade: Trade, bond: Int) -> SeenPrint? {
        guard trade.isDisseminated, let view = self.bond(bond, before: trade.executionTime),
            let quote = view.cashFlows.quote(
                cleanPrice: trade.price, curveYield: view.curveYield)
        else { return nil }
        return SeenPrint(
            view: view, time: trade.executionTime, price: trade.price, quote: quote,
            side: trade.side,
            quantity: min(trade.quantity, view.isHighYield ? 1e6 : 5e6), isATS: trade.isATS,
            identifier: SeenPrint.identifier(trade))
    }

    /// What is known of a bond on a day, looked up once.
    private mutating func facts(_ bond: Int, on date: CalendarDate) -> Facts {
        if let known = facts[bond], known.date == date { return known }
        let row = bonds.rows[bond]
        let age = row.terms.datedDate.map { max(0, YieldCurve.years(from: $0, to: date)) } ?? 0
        let found = Facts(
            date: date,
            rating: ratings.rating(cusip: row.cusip, issuer: row.issuer, asOf: date),
            logAge: (1 + age).logarithm)
        facts[bond] = found
        return found
    }
}

/// A bond as of a time.
struct BondView {
    /// The row of the bond.
    let bond: Int
    let moment: TradingMoment
    let cashFlows: RemainingCashFlows
    /// To maturity.
    let years: Double
    /// The interpolated curve's, in percent.
    let curveYield: Double
    /// Nil where nobody rates the bond, which then counts as investment grade.
    let rating: CreditRating?
    let isHighYield: Bool
    /// The log spread index of the bond's class.
    let creditIndex: Double
    /// ln(1 + years since the dated date).
    let logAge: Double

    /// The clean price at a spread in basis points over today's curve.
    func price(spread: Double) -> Double {
        cashFlows.cleanPrice(yield: max(curveYield + spread / 100, -4))
    }
}

/// A print that the public saw.
struct SeenPrint {
    /// The bond as of the print's execution.
    let view: BondView
    /// Of execution, in UTC epoch nanoseconds.
    let time: Int64
    let price: Double
    let quote: SpreadQuote
    let side: Trade.Side
    /// Dollars of par as disseminated.
    let quantity: Double
    let isATS: Bool
    /// By which it may be taken back.
    let identifier: Int

    static func identifier(_ trade: Trade) -> Int { trade.tradeID.hashValue | 1 }
}

extension Trade.Side {
    /// +1 where the dealer sells to a client, -1 where it buys from one, 0 between dealers.
    var sign: Double {
        switch self {
        case .bid: -1
        case .offer: 1
        case .dealer: 0
        }
    }
}
