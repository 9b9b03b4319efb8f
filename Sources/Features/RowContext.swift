import Bonds
import FairValue

/// What it takes, beside the row itself, to finish a row: the bond and the market at its moment.
struct RowContext {
    let place: FairPlace
    /// UTC epoch nanoseconds.
    let time: Int64
    /// Trading days.
    let days: Double
    let settlement: CalendarDate
    /// What the bond still pays, and the Treasury curve's yield at its maturity in percent.
    let flows: RemainingCashFlows
    let curveYield: Double
    /// The log spread that the bond's own filter expects, and the credit index of the bond's class as
    /// that counts it.
    var ownLogSpread = 0.0
    var credit: Float = 0
    /// Notches of the rating from AAA on.
    var notch: Float = 0
    var years: Float { Float(place.years) }
    var logYears: Float = 0
    /// The market grid now, which slots of it may be read, and which of its columns is the bond's
    /// credit index.
    var market = SIMD16<Float>()
    var newestSlot: Int32 = 0
    var oldestSlot: Int32 = 0
    var creditColumn = 0
    /// Of the bond's own last print; -1 and 0 where it has none.
    var isSeen = false
    var lastSlot: Int32 = -1
    var lastExecuted: Int64 = 0
    /// The six groups of the bond, and the trading days of their last prints.
    var groupDays = SIMD8<Double>()
    /// Residuals and prints of offers and of bids: of the bond, its issuer, its sector and class.
    var quotes = SIMD16<Float>()

    var bond: Int { place.bond }
}

/// A bond at its fair price.
struct RowPrice {
    let logSpread: Float
    /// Points of price at the fair spread, and in a unit of the label.
    let price: Double
    let unit: Float
    /// Points a basis point.
    let dv01: Double
    /// Units of the label in a difference of 1 of the log spread.
    let unitsPerSpread: Float
    /// The logarithm of the DV01 times the spread.
    let logRisk: Float
    /// Percent.
    let yield: Double
    /// Where the bond's maturity lies between the tenors of the grid.
    let curve: CurvePlace

    init(_ context: RowContext, _ estimate: FairEstimate, _ parameters: FairValueParameters) {
        let value = context.flows.value(
            logSpread: estimate.logSpread, curveYield: context.curveYield)
        logSpread = Float(estimate.logSpread)
        price = value.price
        dv01 = value.dv01
        unit = Float(parameters.unit(dv01: value.dv01, logSpread: estimate.logSpread))
        let spread = e(logSpread)
        unitsPerSpread = Float(dv01) * spread / unit
        logRisk = ln(max(Float(dv01) * spread, 1e-6))
        yield = context.curveYield + Double(spread) / 100
        curve = CurvePlace(years: context.years)
    }

    var reference: FeatureReference { FeatureReference(price: Float(price), scale: unit) }
}

/// A maturity between two tenors of the Treasury curve.
struct CurvePlace {
    var below = 0
    var share: Float = 0

    init(years: Float) {
        let tenors = TreasuryRow.tenors
        while below < tenors.count - 2, years > Float(tenors[below + 1]) { below += 1 }
        let low = Float(tenors[below])
        share = clip((years - low) / (Float(tenors[below + 1]) - low), 0, 1)
    }

    /// The yield in tenths of a percent where the grid begins with these yields.
    @inline(__always)
    func yield(_ market: SIMD16<Float>) -> Float {
        market[below] + share * (market[below + 1] - market[below])
    }

    /// The yield in tenths of a percent where the seven yields are these.
    @inline(__always)
    func yield(_ yields: UnsafePointer<Float>) -> Float {
        yields[below] + share * (yields[below + 1] - yields[below])
    }
}

/// What a label is counted from.
public struct FeatureReference: Sendable, Hashable {
    /// The fair clean price per 100 of par, as the filter sees it.
    public let price: Float
    /// Points of price in a unit of the label.
    public let scale: Float

    /// Labels are cut at so many units.
    public static let largestLabel: Float = 30

    /// The label of a price.
    public func label(price: Double) -> Float {
        clip(Float((price - Double(self.price)) / Double(scale)), Self.largestLabel)
    }
}
