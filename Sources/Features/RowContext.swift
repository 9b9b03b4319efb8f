import Bonds

/// What it takes, beside the row itself, to finish a row: the bond and the market at its moment.
struct RowContext {
    var bond = 0
    /// UTC epoch nanoseconds.
    var time: Int64 = 0
    /// Trading days.
    var days = 0.0
    var settlement = CalendarDate(dayNumber: 0)
    /// The fair log spread, and the credit index of the bond's class as its filter counts it.
    var logSpread: Float = 0
    var credit: Float = 0
    /// Points of price at the fair spread, and in a unit of the label.
    var price = 0.0
    var unit: Float = 0
    /// Points a basis point.
    var dv01: Float = 0
    /// Units of the label in a difference of 1 of the log spread.
    var unitsPerSpread: Float = 0
    var years: Float = 0
    var logYears: Float = 0
    var logRisk: Float = 0
    /// Percent.
    var yield = 0.0
    /// Where the bond's maturity lies between the tenors of the grid.
    var curve = CurvePlace()
    /// The market grid now, which slots of it may be read, and which of its columns is the bond's
    /// credit index.
    var market = SIMD16<Float>()
    var newestSlot: Int32 = 0
    var oldestSlot: Int32 = 0
    var creditColumn = 0
    /// Of the bond's own last print; -1 and 0 where it has none.
    var lastSlot: Int32 = -1
    var lastExecuted: Int64 = 0
    var isSeen: Bool { lastSlot >= 0 }
    /// The six groups of the bond, and the trading days of their last prints.
    var groupDays = SIMD8<Double>()
    /// Residuals and prints of offers and of bids: of the bond, its issuer, its sector and class.
    var quotes = SIMD16<Float>()
}

/// A maturity between two tenors of the Treasury curve.
struct CurvePlace {
    var below = 0
    var share: Float = 0

    init() {}

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
