import Bonds
import FairValue

/// A bond at a moment, as the filter of the market needs it.
struct FairPlace {
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

    var logAge: Double { ln(1 + max(0, age)) }
}

/// A print as the filter of the market needs it.
struct FairPrint {
    let place: FairPlace
    /// UTC epoch nanoseconds.
    let executed: Int64
    let quote: SpreadQuote
    let side: Int
    let quantity: Double
    let isATS: Bool
    /// By which it may be taken back.
    let key: UInt64
}

/// What the filter of the market knows of a bond: 32 bytes, which is the room of the family
/// `fair_value` in a row.
struct FairEstimate: BitwiseCopyable {
    /// Of the bond's middle.
    var logSpread = 0.0
    var variance = 0.0
    /// How large innovations lately were over what the filter expects: of the class, and of the bond
    /// over that of its class.
    var classScale = 0.0
    var bondScale = 0.0
}

/// The filter of the whole market, with how well it did lately.
///
/// It keeps trading time with nights in it, as the Kalman baseline does.
struct FairFilter {
    private let groups: KalmanGroups
    private var filter: MarketFilter
    private var scales: InnovationScales
    private var clock = TradingClock(overnightShare: KalmanParameters.overnightShare)
    private var executionClock = TradingClock(overnightShare: KalmanParameters.overnightShare)

    /// Estimates outside, of no spread at all and of more than 12,000 percent, are not believed: so
    /// every one has a price.
    private static let believed = -18.0...14.0

    init(_ groups: KalmanGroups, _ parameters: KalmanParameters) {
        self.groups = groups
        filter = groups.filter(parameters)
        scales = InnovationScales(bonds: groups.blocks.count)
    }

    mutating func observe(_ print: FairPrint) {
        let place = print.place
        let isSeen = filter.isSeen(bond: place.bond)
        let days = executionClock.moment(print.executed).days
        let update = filter.observe(
            MarketPrint(
                bond: place.bond, days: days, setting: setting(place),
                logSpread: ln(max(print.quote.spread, 3)), dv01: print.quote.dv01,
                trade: groups.traits(
                    bond: place.bond, side: Double(print.side), quantity: print.quantity,
                    isATS: print.isATS, logAge: place.logAge)),
            identifier: Int(bitPattern: UInt(print.key)))
        guard isSeen else { return }
        scales.observe(
            update, bond: place.bond, isHighYield: place.isHighYield, days: days)
    }

    mutating func withdraw(bond: Int, key: UInt64) {
        filter.withdraw(bond: bond, identifier: Int(bitPattern: UInt(key)))
    }

    /// What is known of a bond at a time, in UTC epoch nanoseconds.
    mutating func estimate(_ place: FairPlace, at time: Int64) -> FairEstimate {
        let days = clock.moment(time).days
        let middle = filter.predicted(bond: place.bond, days: days, setting: setting(place))
        return FairEstimate(
            logSpread: min(
                max(middle.logSpread, Self.believed.lowerBound), Self.believed.upperBound),
            variance: middle.variance,
            classScale: scales.scale(isHighYield: place.isHighYield),
            bondScale: scales.scale(bond: place.bond))
    }

    private func setting(_ place: FairPlace) -> BondSetting {
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
