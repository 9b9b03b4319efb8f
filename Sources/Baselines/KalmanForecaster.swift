import Bonds
import FairValue
import Tape

/// One fair value a bond, in the manner of Trumid's Fair Value Model Price: a Kalman filter over own
/// trades, related bonds, Treasuries and ETFs, with trade size in the observation noise and the
/// half-spread of side and size in the observation.
///
/// Its variance is the unit of the quantiles, times what prints of the class and of the bond lately
/// showed of their innovations' size. A forecast uses every tick before it, so it is never older than
/// the ticks: five minutes in a market folder of such.
struct KalmanForecaster: Forecaster {
    private var filter: MarketFilter
    private var settings: BondSettings
    private var scales: InnovationScales

    init(_ parameters: KalmanParameters, _ bonds: BondTable) {
        settings = BondSettings(bonds)
        filter = settings.groups.filter(parameters)
        scales = InnovationScales(bonds: bonds.rows.count)
    }

    mutating func observe(_ print: SeenPrint) {
        let isSeen = filter.isSeen(bond: print.view.bond)
        let update = filter.observe(settings.print(print), identifier: print.identifier)
        settings.learn(print)
        guard isSeen else { return }
        scales.observe(
            update, bond: print.view.bond, isHighYield: print.view.isHighYield,
            days: print.view.moment.days)
    }

    mutating func withdraw(bond: Int, identifier: Int) {
        filter.withdraw(bond: bond, identifier: identifier)
    }

    mutating func forecast(_ query: ForecastQuery, _ view: BondView) -> PointForecast? {
        let setting = settings.setting(view)
        let days = view.moment.days
        let middle = filter.predicted(bond: view.bond, days: days, setting: setting)
        let value = view.cashFlows.value(
            logSpread: middle.logSpread, curveYield: view.curveYield)
        let estimate = filter.forecast(
            bond: view.bond, days: days, setting: setting,
            trade: settings.traits(
                view, side: query.side, quantity: query.quantity, isATS: query.isATS),
            dv01: value.dv01)
        let scale =
            scales.scale(isHighYield: view.isHighYield) * scales.scale(bond: view.bond)
        return PointForecast(
            space: .logSpread, location: estimate.logSpread,
            scale: (estimate.variance * scale).squareRoot(), point: value.price)
    }
}

/// Where each bond stands among the others, with what its cohort suggests.
struct BondSettings {
    let groups: KalmanGroups
    private var prior = CohortPrior()
    private let parameters = FairValueParameters()

    init(_ bonds: BondTable) { groups = KalmanGroups(bonds) }

    func setting(_ view: BondView) -> BondSetting {
        groups.setting(
            bond: view.bond, rating: view.rating, isHighYield: view.isHighYield,
            creditIndex: view.creditIndex, years: view.years,
            prior: prior.logSpread(
                rating: view.rating, years: view.years, creditIndex: view.creditIndex))
    }

    func traits(
        _ view: BondView, side: Trade.Side, quantity: Double, isATS: Bool
    ) -> TradeTraits {
        groups.traits(
            bond: view.bond, side: side.sign, quantity: quantity, isATS: isATS,
            logAge: view.logAge)
    }

    func print(_ print: SeenPrint) -> MarketPrint {
        MarketPrint(
            bond: print.view.bond, days: print.view.moment.days, setting: setting(print.view),
            logSpread: max(print.quote.spread, BondView.leastSpread).logarithm,
            dv01: print.quote.dv01,
            trade: traits(
                print.view, side: print.side, quantity: print.quantity, isATS: print.isATS))
    }

    /// Lets a print's cohort know of it.
    mutating func learn(_ print: SeenPrint) {
        let seen = parameters.observation(
            spread: print.quote.spread, dv01: print.quote.dv01, side: print.side.sign,
            quantity: print.quantity)
        prior.add(
            logSpread: seen.adjusted, rating: print.view.rating, years: print.view.years,
            days: print.view.moment.days)
    }
}
