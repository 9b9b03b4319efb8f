import Bonds

/// A fund's bonds at their last forecasts.
struct Basket {
    /// By bond: dollars of par; the last price, NaN where there is none yet, and its time in
    /// seconds; what one without a price is taken to be worth.
    private var par: [Double]
    private var price: [Double]
    private var time: [Double]
    private var assumed: [Double]
    private var held = 0.0
    private var covered = 0.0
    /// Dollars of the bonds with a price, and of those without one, NaN where nothing is assumed.
    private var value = 0.0
    private var rest = 0.0
    /// The sum of par times the time of its price.
    private var moment = 0.0

    init(bondCount: Int) {
        par = [Double](repeating: 0, count: bondCount)
        price = [Double](repeating: .nan, count: bondCount)
        time = par
        assumed = price
    }

    /// The share of the par whose bonds have a price.
    var coverage: Double { held > 0 ? covered / held : 0 }

    /// The mean age of the prices in seconds, weighted by par.
    func age(at now: Int64) -> Double { Double(now) / 1e9 - moment / covered }

    /// Holds some bonds from now on. Those without a price are priced at the mean yield of the
    /// others: their prices would differ with their coupons.
    mutating func hold(
        _ holdings: [(bond: Int, par: Double)], on date: CalendarDate, _ bonds: BondTable
    ) {
        for index in par.indices { par[index] = 0 }
        for holding in holdings { par[holding.bond] += holding.par }
        let own = par.indices.filter { par[$0] > 0 }
        let priced = own.filter { !price[$0].isNaN }
        let others = own.filter { price[$0].isNaN }
        held = own.reduce(0) { $0 + par[$1] }
        covered = priced.reduce(0) { $0 + par[$1] }
        value = priced.reduce(0) { $0 + par[$1] * price[$1] / 100 }
        moment = priced.reduce(0) { $0 + par[$1] * time[$1] }
        guard !others.isEmpty else {
            rest = 0
            return
        }
        let settlement = Settlement.date(tradedOn: date)
        func flows(_ bonds: BondTable, _ places: [Int]) -> [RemainingCashFlows?] {
            places.map { bonds.rows[$0].terms.cashFlows(settlement: settlement) }
        }
        let yields = PriceArrays.yields(
            cleanPrices: priced.map { price[$0] }, cashFlows: flows(bonds, priced))
        var sum = (yield: 0.0, par: 0.0)
        for (bond, yield) in zip(priced, yields) where !yield.isNaN {
            sum = (sum.yield + par[bond] * yield, sum.par + par[bond])
        }
        let mean = sum.par > 0 ? sum.yield / sum.par : .nan
        let prices = PriceArrays.cleanPrices(
            yields: others.map { _ in mean }, cashFlows: flows(bonds, others))
        rest = 0
        for (bond, price) in zip(others, prices) {
            assumed[bond] = price
            rest += par[bond] * price / 100
        }
    }

    mutating func see(_ forecast: BondValues.Value) {
        let bond = Int(forecast.bond)
        let seconds = Double(forecast.time) / 1e9
        if par[bond] > 0 {
            if price[bond].isNaN {
                covered += par[bond]
                rest -= par[bond] * assumed[bond] / 100
            } else {
                value -= par[bond] * price[bond] / 100
                moment -= par[bond] * time[bond]
            }
            value += par[bond] * forecast.price / 100
            moment += par[bond] * seconds
        }
        price[bond] = forecast.price
        time[bond] = seconds
    }

    /// Dollars a share: the bonds at their prices, those without one at their assumed prices or else
    /// at the mean of the others, and the cash. Nil where too few bonds have a price.
    func worth(_ fund: FundRow) -> Double? {
        guard coverage >= FundMarket.leastCoverage, fund.shares > 0 else { return nil }
        let bonds = rest.isNaN ? value / coverage : value + rest
        return (bonds + (fund.cash.isNaN ? 0 : fund.cash)) / fund.shares
    }
}
