import Bonds

/// A mean in which what is older weighs less.
public struct DecayedMean: Sendable, Hashable, Codable {
    public private(set) var mean = 0.0
    /// The number of observations that it is worth, as of the last one; 0 where there was none.
    public private(set) var weight = 0.0
    private var days = 0.0

    public init() {}

    /// Takes in a value; times may come a little out of order.
    /// - Parameters:
    ///   - days: when, in trading days.
    ///   - halfLife: trading days in which a weight halves.
    public mutating func add(_ value: Double, days: Double, halfLife: Double) {
        if weight > 0 {
            weight *= (-max(0, days - self.days) / halfLife).binaryExponential
            self.days = max(days, self.days)
        } else {
            self.days = days
        }
        weight += 1
        mean += (value - mean) / weight
    }

    mutating func archive(_ archive: inout FilterArchive) {
        archive.pass(&mean)
        archive.pass(&weight)
        archive.pass(&days)
    }
}

/// What to expect of a bond that has no print yet: the mean log spread of its cohort, which is its
/// rating notch and its maturity bucket (below 3 years, to 7, to 12, above).
public struct CohortPrior: Sendable, Codable {
    private static let buckets = 4
    /// All notches and, last, no rating.
    private static let notches = 23
    private static let unrated = notches - 1
    private var cells = [DecayedMean](repeating: DecayedMean(), count: buckets * notches)
    private let halfLife: Double

    public init(_ parameters: FairValueParameters = FairValueParameters()) {
        halfLife = parameters.priorHalfLife
    }

    /// The maturity bucket of a bond.
    public static func bucket(years: Double) -> Int {
        years < 3 ? 0 : years < 7 ? 1 : years < 12 ? 2 : 3
    }

    /// Takes in a print's side-adjusted log spread.
    /// - Parameters:
    ///   - rating: the bond's, nil where it has none.
    ///   - years: to maturity.
    ///   - days: when the print was executed, in trading days.
    public mutating func add(
        logSpread: Double, rating: CreditRating?, years: Double, days: Double
    ) {
        cells[Self.cell(rating?.notch ?? Self.unrated, Self.bucket(years: years))]
            .add(logSpread, days: days, halfLife: halfLife)
    }

    /// The log spread of a cohort; where that has no print, of the nearest notch in the bucket, then
    /// of the nearest notch in any; the credit index where no bond has a print.
    public func logSpread(rating: CreditRating?, years: Double, creditIndex: Double) -> Double {
        let bucket = Self.bucket(years: years)
        let notch = rating?.notch ?? Self.unrated
        let own = cells[Self.cell(notch, bucket)]
        if own.weight > 0 { return own.mean }
        for distance in 0..<Self.notches {
            for near in [notch - distance, notch + distance]
            where (0..<Self.notches).contains(near) {
                let cell = cells[Self.cell(near, bucket)]
                if cell.weight > 0 { return cell.mean }
            }
        }
        for distance in 0..<Self.notches {
            for near in [notch - distance, notch + distance]
            where (0..<Self.notches).contains(near) {
                for other in 0..<Self.buckets {
                    let cell = cells[Self.cell(near, other)]
                    if cell.weight > 0 { return cell.mean }
                }
            }
        }
        return creditIndex
    }

    private static func cell(_ notch: Int, _ bucket: Int) -> Int { notch * buckets + bucket }
}
