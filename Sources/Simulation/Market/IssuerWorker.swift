import Bonds
import Foundation
import Random
import Tape

/// Simulates issuers, one day of one issuer at a time; every thread has a worker of its own.
///
/// An issuer's bonds are worked together, because a trade in one moves the spreads of all.
final class IssuerWorker {
    /// What has been traded since the last `removeTrades`.
    private(set) var trades: [SimulatedTrade] = []
    private(set) var quotes: [SimulatedQuote] = []

    private let population: Population
    private var factors = IssuerFactors()
    /// The paths of the issuer's bonds of the day. Shape: `[bond, step]`.
    private let paths: UnsafeMutablePointer<Double>
    private let normals: UnsafeMutableBufferPointer<Double>
    private let marks: UnsafeMutableBufferPointer<Double>
    private var arrivals: [Arrival] = []
    private var places: [Place] = []

    /// A bond on the day that is being worked.
    private struct Place {
        let bond: Int
        let years: Double
        let age: Double
        var arrivalCount = 0
        var pricing: BondPricing?
        /// What earlier days' trades have left, for quotes, which know nothing of today's.
        let openingImpact: Double
        /// When the impact was last brought up to date, as a share of the day.
        var impactTime = 0.0
    }

    private static let impactOnBond = 0.0040
    private static let impactOnIssuer = 0.0015

    init(population: Population) {
        self.population = population
        let mostBonds = population.bondsOfIssuer.map(\.count).max() ?? 1
        paths = .allocate(capacity: max(1, mostBonds) * MarketClock.steps)
        normals = .allocate(capacity: MarketClock.steps)
        marks = .allocate(capacity: TradeMark.count)
    }

    deinit {
        paths.deallocate()
        normals.deallocate()
        marks.deallocate()
    }

    func removeTrades() {
        trades.removeAll(keepingCapacity: true)
        quotes.removeAll(keepingCapacity: true)
    }

    /// Moves an issuer and its bonds through a day.
    /// - Parameter states: The states of all bonds; those of this issuer are touched.
    func advance(
        _ number: Int, _ state: inout IssuerState,
        states: UnsafeMutablePointer<BondState>,
        closes: UnsafeMutablePointer<ClosingPrice>, context: DayContext
    ) {
        let issuer = population.issuers[number]
        let notch = population.events.notch(issuer, day: context.index)
        factors.advance(
            issuer, &state, notch: notch, changes: population.events.ratingChanges[number],
            context: context)
        placeBonds(
            issuer, notch: notch, issuerImpact: state.impact, states: states, context: context)
        drawArrivals(issuer, state, context: context)
        spreadOverSeconds()
        priceTrades(&state, states: states, context: context)
        close(&state, states: states, closes: closes, context: context)
    }

    private func placeBonds(
        _ issuer: Issuer, notch: Int, issuerImpact: Double,
        states: UnsafeMutablePointer<BondState>, context: DayContext
    ) {
        places.removeAll(keepingCapacity: true)
        for number in population.bondsOfIssuer[issuer.number] {
            let bond = population.bonds[number]
            let years = context.years(bond)
            guard bond.isTraded(day: context.index, years: years) else { continue }
            let age = context.age(bond)
            BondPath.advance(
                bond, &states[number], sector: issuer.sector, notch: notch, age: age,
                years: years, factors: factors, context: context,
                path: paths + places.count * MarketClock.steps, normals: normals)
            places.append(
                Place(
                    bond: number, years: years, age: age,
                    openingImpact: states[number].impact + issuerImpact))
        }
    }

    // MARK: Arrivals

    private func drawArrivals(_ issuer: Issuer, _ state: IssuerState, context: DayContext) {
        arrivals.removeAll(keepingCapacity: true)
        for place in places.indices {
            let bond = population.bonds[places[place].bond]
            let process = ArrivalProcess(
                jumpSecond: factors.jumpSecond, flow: state.flow, liquidity: bond.liquidity)
            var intensity = 0.7 * bond.activity * factors.activity
            if factors.jumpSecond != nil { intensity *= 1.8 }
            if bond.issueDay >= 0 {
                intensity *= 1 + 6 * exp2(-Double(context.index - bond.issueDay) / 3)
            }
            let before = arrivals.count
            process.append(
                to: &arrivals, place: place, intensity: intensity,
                draws: context.settings.draws(
                    .bondArrivals, entity: bond.number, day: context.index),
                marks: markDraws(bond.number, context), scratch: marks)
            places[place].arrivalCount = arrivals.count - before
        }
        for line in context.basketLines[issuer.number] ?? [] {
            guard let place = places.firstIndex(where: { $0.bond == line.bond }) else { continue }
            arrivals.append(
                Arrival(
                    second: line.second, place: place, ordinal: places[place].arrivalCount,
                    side: line.side, quantity: line.quantity, basket: line))
            places[place].arrivalCount += 1
        }
    }

    private func markDraws(_ bond: Int, _ context: DayContext) -> CounterStream {
        context.settings.draws(.tradeMarks, entity: bond, day: context.index)
    }

    /// Moves trades of a bond that fall on one second apart: prints of one second are one trade.
    private func spreadOverSeconds() {
        arrivals.sort { ($0.place, $0.second, $0.ordinal) < ($1.place, $1.second, $1.ordinal) }
        for index in arrivals.indices.dropFirst()
        where arrivals[index].place == arrivals[index - 1].place
            && arrivals[index].second <= arrivals[index - 1].second
        {
            arrivals[index].second = arrivals[index - 1].second + 1
        }
        arrivals.sort { ($0.second, $0.place, $0.ordinal) < ($1.second, $1.place, $1.ordinal) }
    }

    // MARK: Prices

    private func priceTrades(
        _ state: inout IssuerState, states: UnsafeMutablePointer<BondState>, context: DayContext
    ) {
        var issuerTime = 0.0
        for arrival in arrivals {
            let time = Self.shareOfDay(Double(arrival.second))
            state.impact *= exp2(-(time - issuerTime) / 2)
            issuerTime = time
            let number = places[arrival.place].bond
            states[number].impact *= exp2(-(time - places[arrival.place].impactTime))
            places[arrival.place].impactTime = time
            guard
                let trade = trade(
                    arrival, impact: states[number].impact + state.impact, context: context)
            else { continue }
            trades.append(trade)
            let sign: Double =
                switch arrival.side {
                case .offer: -1
                case .bid: 1
                case .dealer: 0
                }
            let push =
                sign * (min(arrival.quantity, 10e6) / 1e6).squareRoot()
                * population.bonds[number].impactScale
            states[number].impact += Self.impactOnBond * push
            state.impact += Self.impactOnIssuer * push
        }
        // What is left at the close.
        state.impact *= exp2(-(1 - issuerTime) / 2)
        for place in places {
            states[place.bond].impact *= exp2(-(1 - place.impactTime))
        }
    }

    /// The share of the day's clock, which begins at the last close, that has passed.
    private static func shareOfDay(_ second: Double) -> Double {
        MarketClock.weights[0] + (1 - MarketClock.weights[0]) * min(second / MarketClock.length, 1)
    }

    /// A bond's prices at a time, in seconds after the opening.
    private func mark(
        _ place: Int, second: Double, impact: Double, context: DayContext
    ) -> (mid: Double, model: TradeModel)? {
        let bond = population.bonds[places[place].bond]
        if places[place].pricing == nil {
            places[place].pricing = BondPricing(
                bond, years: places[place].years, settlement: context.settlement)
        }
        guard let pricing = places[place].pricing else { return nil }
        let position = min(
            second / MarketClock.secondsPerStep, Double(MarketClock.steps - 1))
        let step = min(Int(position), MarketClock.steps - 2)
        let share = position - Double(step)
        let path = paths + place * MarketClock.steps + step
        let spread = exp(path[0] + share * (path[1] - path[0]) + impact)
        let (mid, dv01) = pricing.mid(spread: spread, context.market, step, share)
        return (
            mid,
            TradeModel(
                bond: bond, age: places[place].age, dv01: dv01, spread: spread,
                volatility: interpolated(context.market.volatility, step, share),
                news: interpolated(factors.news, step, share))
        )
    }

    private func trade(
        _ arrival: Arrival, impact: Double, context: DayContext
    ) -> SimulatedTrade? {
        guard
            let (mid, model) = mark(
                arrival.place, second: Double(arrival.second), impact: impact, context: context),
            let pricing = places[arrival.place].pricing
        else { return nil }
        let bond = model.bond
        TradeMark.fill(marks, of: arrival.ordinal, from: markDraws(bond.number, context))
        let isATS =
            marks[.isATS]
            < TradeModel.shareOnATS(quantity: arrival.quantity, side: arrival.side)
        let truth = model.distribution(
            mid: mid, side: arrival.side, quantity: arrival.quantity, isATS: isATS,
            basketShift: arrival.basket?.shift)
        let tail = studentQuantile(
            0.5 + 0.5 * marks[.noiseSize], degreesOfFreedom: truth.degreesOfFreedom)
        let drawn =
            marks[.noiseSign] < truth.lowerMass
            ? truth.location - truth.lowerScale * tail
            : truth.location + truth.upperScale * tail
        let delay = ReportDelay(marks, isATS: isATS)
        var trade = SimulatedTrade(
            bond: bond.number, ordinal: arrival.ordinal,
            executionTime: context.opening + Int64(arrival.second) * MarketClock.second,
            reportTime: delay.report(executed: arrival.second, context), side: arrival.side,
            isATS: isATS, quantity: arrival.quantity, price: Self.printed(drawn), yield: .nan,
            truth: truth, mid: mid, latentSpread: model.spread, dv01: model.dv01,
            volatility: model.volatility, news: model.news)
        trade.basket = arrival.basket?.basket
        trade.isPrimaryMarket = bond.issueDay == context.index
        if context.settings.splits, arrival.basket == nil {
            TradeSplit.apply(
                to: &trade, marks,
                draws: context.settings.draws(
                    .splitPieces, entity: bond.number, day: context.index,
                    block: 8 * arrival.ordinal),
                noise: model.noise(quantity: arrival.quantity, isATS: isATS))
        }
        trade.yield = (pricing.yield(price: trade.price) * 1e6).rounded() / 1e6
        return trade
    }

    /// A price as it is printed: six decimals, and never below half a point.
    static func printed(_ price: Double) -> Double {
        (max(price, 0.5) * 1e6).rounded() / 1e6
    }

    // MARK: The close

    private func close(
        _ state: inout IssuerState, states: UnsafeMutablePointer<BondState>,
        closes: UnsafeMutablePointer<ClosingPrice>, context: DayContext
    ) {
        for place in places.indices {
            let number = places[place].bond
            let impact = states[number].impact + state.impact
            if context.isHeld[number],
                let (mid, model) = mark(
                    place, second: MarketClock.length, impact: impact, context: context)
            {
                closes[number] = ClosingPrice(
                    mid: mid, halfSpread: model.halfSpread(quantity: 1e6))
            }
            if context.settings.quotes { quote(place, context: context) }
        }
    }

    private func quote(_ place: Int, context: DayContext) {
        let bond = population.bonds[places[place].bond]
        var draws = context.settings.draws(.quotes, entity: bond.number, day: context.index)
        let count = draws.poisson(mean: 2 + 8 / (1 + exp(-bond.liquidity)))
        for number in 0..<count {
            var draws = draws.at(block: 64 + 4 * number)
            let second = MarketClock.arrival(share: draws.uniform()).rounded(.down)
            let latency = 300 + 3300 * draws.uniform()
            guard
                let (mid, model) = mark(
                    place, second: max(0, second - latency),
                    impact: places[place].openingImpact, context: context)
            else { return }
            let center =
                mid + 0.5 * model.noise(quantity: 1e6, isATS: false) * draws.normal()
            let half = 1.25 * model.halfSpread(quantity: 1e6)
            let sizes = [100_000.0, 250_000, 500_000, 1e6, 2e6, 5e6]
            quotes.append(
                SimulatedQuote(
                    time: context.opening + Int64(second) * MarketClock.second,
                    bond: bond.number, bid: Self.quoted(center - half),
                    ask: Self.quoted(center + half),
                    bidSize: sizes[Int(draws.uniform() * Double(sizes.count))],
                    askSize: sizes[Int(draws.uniform() * Double(sizes.count))],
                    source: "Dealer \(1 + Int(draws.uniform() * 8))"))
        }
    }

    /// A quoted price: three decimals.
    private static func quoted(_ price: Double) -> Double {
        (max(price, 0.5) * 1e3).rounded() / 1e3
    }
}

/// What a bond is worth at the close, for the funds that hold it.
struct ClosingPrice {
    var mid = Double.nan
    var halfSpread = 0.0
}
