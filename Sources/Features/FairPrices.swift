import Bonds
import FairValue

/// The fair value of every bond by the filter of the whole market: what labels are measured from.
///
/// It keeps trading time with nights in it, as the Kalman baseline does.
struct FairPrices {
    let parameters: KalmanParameters
    private let groups: KalmanGroups
    private var filter: MarketFilter
    private var scales: InnovationScales
    private var clock = TradingClock(overnightShare: KalmanParameters.overnightShare)
    private var executionClock = TradingClock(overnightShare: KalmanParameters.overnightShare)
    private var days = 0.0

    init(_ bonds: BondTable, _ parameters: KalmanParameters) {
        self.parameters = parameters
        groups = KalmanGroups(bonds)
        filter = groups.filter(parameters)
        scales = InnovationScales(bonds: bonds.rows.count)
    }

    /// A bond at a moment, as the filter needs it.
    struct Place {
        let bond: Int
        let rating: CreditRating?
        let isHighYield: Bool
        /// Of the class, without what a change of class adds to a bond's own.
        let creditIndex: Double
        /// To maturity.
        let years: Double
        /// Since the dated date.
        let age: Double
        /// The log spread that the cohort suggests.
        let prior: Double

        fileprivate var logAge: Double { ln(1 + max(0, age)) }
    }

    /// Moves to a time, in UTC epoch nanoseconds.
    mutating func advance(to time: Int64) { days = clock.moment(time).days }

    /// Takes in a print.
    /// - Parameter key: by which it may be taken back.
    mutating func observe(
        _ place: Place, executed: Int64, quote: SpreadQuote, side: Int, quantity: Double,
        isATS: Bool, key: UInt64
    ) {
        let isSeen = filter.isSeen(bond: place.bond)
        let days = executionClock.moment(executed).days
        let update = filter.observe(
            MarketPrint(
                bond: place.bond, days: days, setting: setting(place),
                logSpread: ln(max(quote.spread, 3)), dv01: quote.dv01,
                trade: groups.traits(
                    bond: place.bond, side: Double(side), quantity: quantity, isATS: isATS,
                    logAge: place.logAge)),
            identifier: Int(bitPattern: UInt(key)))
        guard isSeen else { return }
        scales.observe(
            update, bond: place.bond, isHighYield: place.isHighYield, days: days)
    }

    mutating func withdraw(bond: Int, key: UInt64) {
        filter.withdraw(bond: bond, identifier: Int(bitPattern: UInt(key)))
    }

    /// The log spread of a bond's middle now, with its variance.
    func estimate(_ place: Place) -> FairValueFilter.Estimate {
        filter.predicted(bond: place.bond, days: days, setting: setting(place))
    }

    /// Writes what the filter knows beside its estimate: what trades of 1 MM and of 100,000 with a
    /// client cost and how noisy they are, and how large innovations lately were.
    /// - Parameter units: units of the label in a difference of 1 of the log spread.
    func write(
        _ place: Place, estimate: FairValueFilter.Estimate, dv01: Double, units: Float,
        into row: UnsafeMutablePointer<Float>
    ) {
        row[0] = ln(0.01 + Float(estimate.variance.squareRoot()) * units)
        let spread = max(3, e(estimate.logSpread))
        for (index, quantity) in [1e6, 1e5].enumerated() {
            let (offset, noise) = parameters.observation(
                groups.traits(
                    bond: place.bond, side: 1, quantity: quantity, isATS: false,
                    logAge: place.logAge), spread: spread, dv01: dv01)
            row[1 + 2 * index] = clip(Float(offset) * units, 12)
            row[2 + 2 * index] = ln(0.01 + Float(noise.squareRoot()) * units)
        }
        row[5] = Float(ln(0.01 + scales.scale(isHighYield: place.isHighYield)))
        row[6] = Float(ln(0.01 + scales.scale(bond: place.bond)))
    }

    private func setting(_ place: Place) -> BondSetting {
        groups.setting(
            bond: place.bond, rating: place.rating, isHighYield: place.isHighYield,
            creditIndex: place.creditIndex, years: place.years, prior: place.prior)
    }

    /// Writes the state into an archive, or takes it from one.
    /// - Returns: false where the archive belongs to other bonds.
    mutating func archive(_ archive: inout FilterArchive) -> Bool {
        let fits = filter.archive(&archive)
        scales.archive(&archive)
        return fits
    }
}
