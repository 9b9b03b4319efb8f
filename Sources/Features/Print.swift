import Tape

/// A print as the rings keep it: 64 bytes, which is the room of one step of sixteen channels.
///
/// So the prints that a row is made of can be copied into the row itself and turned into features
/// there, later and on another thread.
struct Print: BitwiseCopyable {
    /// UTC epoch nanoseconds.
    var executed: Int64 = 0
    /// The side-adjusted log spread less its share of the credit index then.
    var level: Float = 0
    /// The same without the adjustment for the side.
    var rawLevel: Float = 0
    /// Against the bond's own filter before the print.
    var innovation: Float = 0
    /// What of the innovation the bond's filter did not take over.
    var kept: Float = 0
    var weight: Float = 0
    /// The decimal logarithm of the disseminated quantity in millions.
    var size: Float = 0
    /// Per 100 of par.
    var price: Float = 0
    /// The logarithm of the bond's years to maturity.
    var logYears: Float = 0
    /// The logarithm of its DV01 times its spread.
    var logRisk: Float = 0
    /// The log spread as it stands, against the filter before the print.
    var rawResidual: Float = 0
    /// Where in the market grid it was executed.
    var slot: Int32 = 0
    var bond: Int32 = 0
    /// Counts the prints of a bond, and with the bond names this one.
    var sequence: UInt32 = 0
    /// +1 where the dealer sells to a client, -1 where it buys from one, 0 between dealers.
    var side: Int8 = 0
    var flags: UInt8 = 0
    /// The bond's rating then.
    var notch: UInt8 = 0
    private var unused: UInt8 = 0

    static let exists: UInt8 = 1
    static let ats: UInt8 = 2
    static let capped: UInt8 = 4

    var isATS: Bool { flags & Self.ats != 0 }
    var isCapped: Bool { flags & Self.capped != 0 }
}

/// What it takes to observe a print again after an earlier one was withdrawn.
struct Observed: BitwiseCopyable {
    var logSpread = 0.0
    var adjusted = 0.0
    var noiseVariance = 0.0
    /// Trading days at execution.
    var days = 0.0
    var creditIndex = 0.0
    /// The cohort's log spread before the print.
    var prior = 0.0
    /// Whether the bond was of high yield then.
    var isHighYield = false
}

extension Trade.Side {
    /// +1 where the dealer sells to a client, -1 where it buys from one, 0 between dealers.
    public var sign: Int {
        switch self {
        case .bid: -1
        case .offer: 1
        case .dealer: 0
        }
    }
}
