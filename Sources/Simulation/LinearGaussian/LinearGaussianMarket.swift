import Bonds
import FairValue
import Foundation
import Random
import Tape

/// A market in which everything is linear and Gaussian in the log spread, so that the Kalman filter
/// with the true parameters cannot be beaten: what it forecasts is what `truth.csv` holds.
///
/// A bond's log spread follows its class's credit index, which two ETFs show without noise, a random
/// walk of its issuer, one of its issuer's curve and one of its own; a trade shows it shifted by side
/// and size, with Gaussian noise. Every print is reported a second later, before its issuer trades
/// again.
public final class LinearGaussianMarket: SimulatedMarket {
    public let settings: MarketSettings
    public let bonds: [BondRow]
    public let calls: [CallRow] = []
    public let entities: [EntityRow] = []
    public let ratings: [RatingRow]
    public let dates: [CalendarDate]

    /// The parameters of the world and of its filter.
    public static let parameters: KalmanParameters = {
        var parameters = KalmanParameters()
        parameters.issuerVariance = 4e-4
        parameters.issuerCurveVariance = 6e-5
        parameters.bondVariance = 3e-4
        parameters.highYieldShare = 0.6
        parameters.ratingVariance = 0
        parameters.sectorVariance = 0
        parameters.creditLoading = 0.85
        parameters.highYieldCreditLoading = 0.9
        // Sizes in shares of the spread alone do not depend on the state: all stays linear.
        parameters.halfSpread.fixed = 0
        parameters.halfSpread.perDV01 = 0
        parameters.halfSpread.perSpread = 0.02
        parameters.halfSpread.amount = 0
        parameters.halfSpread.age = 0
        parameters.noise.fixed = 0
        parameters.noise.perDV01 = 0
        parameters.noise.perSpread = 0.02
        parameters.noise.amount = 0
        parameters.noise.age = 0
        // Nothing is cut where nothing is an outlier.
        parameters.largestInnovation = 1e6
        return parameters
    }()
    /// The share of a day's variance that comes at night.
    static let overnightShare = 0.3

    private let population: LinearGaussianPopulation
    private let random: RandomStream
    private var market: LinearGaussianTicks
    private var filter: MarketFilter
    private var issuers: [IssuerState]
    private var spreads: [BondState?]
    private var clock = TradingClock(overnightShare: LinearGaussianMarket.overnightShare)
    private var pricer: BondPricer
    private var nextIndex = 0

    /// How far an issuer's walks have come, and when.
    private struct IssuerState {
        var level = 0.0
        var curve = 0.0
        var days = 0.0
    }

    /// A bond's log spread, and where what moves it stood then.
    private struct BondState {
        var logSpread: Double
        var creditIndex: Double
        var level: Double
        var curve: Double
        var days: Double
        let curveLoading: Double
    }

    /// - Throws: ``SimulationError`` for settings out of range.
    public init(_ settings: MarketSettings) throws(SimulationError) {
        try settings.check()
        var settings = settings
        settings.linearGaussian = true
        // Each of these would make the filter less than the best.
        settings.injectedErrors = false
        settings.splits = false
        settings.portfolioTrades = false
        settings.ratingMigrations = false
        settings.newIssues = false
        self.settings = settings
        random = RandomStream(seed: settings.seed).stream("linear Gaussian market")
        var dates = [BondMarketCalendar.adding(businessDays: 0, to: settings.start)]
        while dates.count < settings.days {
            dates.append(BondMarketCalendar.adding(businessDays: 1, to: dates[dates.count - 1]))
        }
        self.dates = dates
        population = LinearGaussianPopulation(
            count: settings.bonds, start: dates[0], random: random.stream("bonds"))
        bonds = population.bonds
        ratings = population.ratings(from: dates[0])
        market = LinearGaussianTicks(start: dates[0], random: random.stream("ticks"))
        filter = MarketFilter(
            Self.parameters, blocks: population.issuers, ratingGroups: 1, sectorGroups: 1)
        issuers = Array(repeating: IssuerState(), count: population.issuerCount)
        spreads = Array(repeating: nil, count: bonds.count)
        pricer = BondPricer(bonds.map(\.terms))
    }

    public func rating(bond: Int, day: Int) -> CreditRating {
        CreditRating(notch: population.notches[bond])
    }

    public func nextDay() -> SimulatedDay? {
        guard nextIndex < dates.count else { return nil }
        let index = nextIndex
        nextIndex += 1
        let date = dates[index]
        var tables = DayTables()
        (tables.treasuries, tables.markets) = market.nextDay(date, index: index)
        var stream = random.stream("trades").stream(index)
        let trades = arrivals(&stream).compactMap { arrival in
            trade(arrival, date: date, &stream)
        }
        return SimulatedDay(date: date, index: index, trades: trades, tables: tables)
    }

    private struct Arrival {
        let second: Int
        let bond: Int
    }

    /// Trades of the day in order of time; those of an issuer are at least three seconds apart.
    private func arrivals(_ stream: inout RandomStream) -> [Arrival] {
        var drawn: [Arrival] = []
        for bond in bonds.indices {
            var time = 0.0
            while true {
                time -= log(1 - stream.uniform()) / population.tradesPerDay[bond]
                if time >= 1 { break }
                drawn.append(Arrival(second: 1 + Int(time * 35_980), bond: bond))
            }
        }
        drawn.sort { ($0.second, $0.bond) < ($1.second, $1.bond) }
        var last = [Int](repeating: -10, count: population.issuerCount)
        var kept: [Arrival] = []
        for arrival in drawn {
            let issuer = population.issuers[arrival.bond]
            let second = max(arrival.second, last[issuer] + 3)
            guard second < 35_990 else { continue }
            last[issuer] = second
            kept.append(Arrival(second: second, bond: arrival.bond))
        }
        return kept.sorted { ($0.second, $0.bond) < ($1.second, $1.bond) }
    }

    private func trade(
        _ arrival: Arrival, date: CalendarDate, _ stream: inout RandomStream
    ) -> SimulatedTrade? {
        let bond = arrival.bond
        let time = EasternTime.nanoseconds(
            date, timeOfDay: Int64(8 * 3600 + arrival.second) * 1_000_000_000)
        let moment = clock.moment(time)
        // Always the same number of draws, whatever becomes of them.
        let draws = (0..<7).map { _ in stream.normal() }
        let uniforms = (0..<3).map { _ in stream.uniform() }
        let maturity = bonds[bond].terms.maturity
        guard YieldCurve.years(from: date, to: maturity) > 0.25,
            let now = market.history.market(before: time),
            let flows = pricer.cashFlows(bond: bond, settlement: moment.settlement)
        else { return nil }
        let curveYield = market.history.yield(now, maturity: maturity)
        let isHighYield = population.notches[bond] >= 10
        let setting = BondSetting(
            isHighYield: isHighYield,
            creditIndex: market.history.creditIndex(now, isHighYield: isHighYield),
            ratingGroup: 0, sectorGroup: 0, curveLoading: population.curveLoadings[bond],
            prior: population.priors[bond])
        let side: Trade.Side =
            uniforms[0] < 0.3 ? .dealer : uniforms[0] < 0.67 ? .offer : .bid
        let quantity = (pow(10, 5.2 + 0.75 * draws[0]) / 1000).rounded() * 1000
        let trade = TradeTraits(
            side: side == .offer ? 1 : side == .bid ? -1 : 0,
            quantity: min(max(quantity, 1000), 5e7), isATS: uniforms[1] < 0.25)
        let latent = logSpread(bond, moment.days, setting, draws)
        let parameters = Self.parameters
        let (offset, noise) = parameters.observation(trade, spread: exp(latent), dv01: 1)
        let seen = latent - offset + noise.squareRoot() * draws[6]
        let expected = filter.forecast(
            bond: bond, days: moment.days, setting: setting, trade: trade, dv01: 1)
        func price(_ logSpread: Double) -> Double {
            flows.cleanPrice(yield: curveYield + exp(logSpread) / 100)
        }
        let deviation = expected.variance.squareRoot()
        let scale =
            (price(expected.logSpread - deviation) - price(expected.logSpread + deviation)) / 2
        let printed = (price(seen) * 1e6).rounded() / 1e6
        let middle = flows.value(logSpread: latent, curveYield: curveYield)
        filter.observe(
            MarketPrint(
                bond: bond, days: moment.days, setting: setting, logSpread: seen,
                dv01: middle.dv01, trade: trade))
        return SimulatedTrade(
            bond: bond, ordinal: arrival.second, executionTime: time,
            reportTime: time + 1_000_000_000, side: side, isATS: trade.isATS,
            quantity: trade.quantity, price: printed,
            yield: (flows.yield(cleanPrice: printed) * 1e6).rounded() / 1e6,
            truth: TrueDistribution(
                location: price(expected.logSpread), lowerScale: scale, upperScale: scale,
                degreesOfFreedom: .infinity),
            mid: middle.price, latentSpread: exp(latent), dv01: middle.dv01, volatility: 1,
            news: 0)
    }

    /// Moves a bond's log spread to a time; a new one is drawn around what the filter expects of it.
    private func logSpread(
        _ bond: Int, _ days: Double, _ setting: BondSetting, _ draws: [Double]
    ) -> Double {
        let parameters = Self.parameters
        let issuer = population.issuers[bond]
        let share = setting.isHighYield ? parameters.highYieldShare : 1
        var state = issuers[issuer]
        if state.days == 0 { state.days = days }
        let elapsed = (share * max(0, days - state.days)).squareRoot()
        state.level += elapsed * parameters.issuerVariance.squareRoot() * draws[1]
        state.curve += elapsed * parameters.issuerCurveVariance.squareRoot() * draws[2]
        state.days = days
        issuers[issuer] = state
        let logSpread: Double
        let loading: Double
        if let last = spreads[bond] {
            let beta =
                setting.isHighYield
                ? parameters.highYieldCreditLoading : parameters.creditLoading
            loading = last.curveLoading
            let own =
                (share * (days - last.days) * parameters.bondVariance).squareRoot() * draws[3]
            logSpread =
                last.logSpread + beta * (setting.creditIndex - last.creditIndex)
                + (state.level - last.level) + loading * (state.curve - last.curve) + own
        } else {
            loading = setting.curveLoading
            let prior = filter.predicted(bond: bond, days: days, setting: setting)
            logSpread = prior.logSpread + prior.variance.squareRoot() * draws[4]
        }
        spreads[bond] = BondState(
            logSpread: logSpread, creditIndex: setting.creditIndex, level: state.level,
            curve: state.curve, days: days, curveLoading: loading)
        return logSpread
    }
}
