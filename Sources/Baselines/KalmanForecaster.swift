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
    private var classScales = [InnovationScale(), InnovationScale()]
    private var bondScales: [DecayedMean]

    /// A bond's own scale counts like so many prints of the class at first.
    private static let bondPrior = 15.0
    private static let bondHalfLife = 20.0
    private static let largestSquare = 9.0

    init(_ parameters: KalmanParameters, _ bonds: BondTable) {
        settings = BondSettings(bonds)
        filter = MarketFilter(
            parameters, blocks: settings.blocks, ratingGroups: BondSettings.ratingGroups,
            sectorGroups: settings.sectorGroups)
        bondScales = Array(repeating: DecayedMean(), count: bonds.rows.count)
    }

    mutating func observe(_ print: SeenPrint) {
        let bond = print.view.bond
        let isSeen = filter.isSeen(bond: bond)
        let update = filter.observe(settings.print(print), identifier: print.identifier)
        settings.learn(print)
        // A first print tells of the prior, not of the noise.
        guard isSeen else { return }
        let days = print.view.moment.days
        let index = print.view.isHighYield ? 1 : 0
        let square = update.innovation * update.innovation / update.variance
        let relative = square / classScales[index].value
        classScales[index].add(min(square, Self.largestSquare), days: days)
        bondScales[bond].add(
            min(relative, Self.largestSquare), days: days, halfLife: Self.bondHalfLife)
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
        let own = bondScales[view.bond]
        let scale =
            classScales[view.isHighYield ? 1 : 0].value
            * (Self.bondPrior + own.weight * own.mean) / (Self.bondPrior + own.weight)
        return PointForecast(
            space: .logSpread, location: estimate.logSpread,
            scale: (estimate.variance * scale).squareRoot(), point: value.price)
    }
}

/// The size of a class's innovations over what the filter expects: of half a day, leaning on that of
/// a month.
private struct InnovationScale {
    private var recent = DecayedMean()
    private var usual = DecayedMean()

    var value: Double {
        let usual = (50 + usual.weight * usual.mean) / (50 + usual.weight)
        return (50 * usual + recent.weight * recent.mean) / (50 + recent.weight)
    }

    mutating func add(_ square: Double, days: Double) {
        recent.add(square, days: days, halfLife: 0.5)
        usual.add(square, days: days, halfLife: 20)
    }
}

/// Where each bond stands among the others, for the filter of a market.
struct BondSettings {
    /// The number of the issuer of each bond; issuers of many bonds are several, by maturity.
    let blocks: [Int]
    let sectorGroups: Int
    private let sectors: [Int]
    private let logAmounts: [Double]
    private var prior = CohortPrior()
    private let parameters = FairValueParameters()

    /// AAA, AA, A, BBB, BB, B, CCC and below, no rating.
    static let ratingGroups = 8
    /// A block costs the square of its bonds for each print.
    private static let largestBlock = 64

    init(_ bonds: BondTable) {
        let rows = bonds.rows
        var blocks = [Int](repeating: 0, count: rows.count)
        var next = 0
        let order = rows.indices.sorted {
            (rows[$0].issuer, rows[$0].terms.maturity, $0)
                < (rows[$1].issuer, rows[$1].terms.maturity, $1)
        }
        var size = 0
        for (place, bond) in order.enumerated() {
            if place > 0,
                rows[order[place - 1]].issuer != rows[bond].issuer || size == Self.largestBlock
            {
                next += 1
                size = 0
            }
            blocks[bond] = next
            size += 1
        }
        self.blocks = blocks
        let names = Set(rows.map(\.sector)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        sectors = rows.map { numbers[$0.sector] ?? 0 }
        sectorGroups = 2 * max(1, names.count)
        logAmounts = rows.map { row in
            let amount = row.amountOutstanding.isNaN ? row.offeringAmount : row.amountOutstanding
            return amount > 0 ? min(max((amount / 6e8).logarithm, -3), 3) : 0
        }
    }

    func setting(_ view: BondView) -> BondSetting {
        let notch = view.rating?.notch
        let group = notch.map { $0 == 0 ? 0 : min(($0 - 1) / 3 + 1, 6) } ?? 7
        return BondSetting(
            isHighYield: view.isHighYield, creditIndex: view.creditIndex, ratingGroup: group,
            sectorGroup: 2 * sectors[view.bond] + (view.isHighYield ? 1 : 0),
            curveLoading: (min(max(view.years, 0.5), 30) / 5).logarithm,
            prior: prior.logSpread(
                rating: view.rating, years: view.years, creditIndex: view.creditIndex))
    }

    func traits(
        _ view: BondView, side: Trade.Side, quantity: Double, isATS: Bool
    ) -> TradeTraits {
        TradeTraits(
            side: side.sign, quantity: quantity, isATS: isATS, logAmount: logAmounts[view.bond],
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
