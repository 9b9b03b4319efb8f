import Features
import Tape

/// What a price is asked for: the trade's side, size and venue.
public struct TradeCondition: Sendable, Hashable {
    public var side: Trade.Side
    public var isATS: Bool
    /// Dollars of par.
    public var quantity: Double

    public init(side: Trade.Side, isATS: Bool, quantity: Double) {
        self.side = side
        self.isATS = isATS
        self.quantity = quantity
    }

    /// The numbers that a network reads of some conditions.
    ///
    /// Shape: `[condition, FeatureLayout.conditionWidth]`.
    static func features(_ conditions: [TradeCondition]) -> [Float] {
        let width = FeatureLayout.conditionWidth
        return [Float](unsafeUninitializedCapacity: conditions.count * width) { out, count in
            guard let start = out.baseAddress else { return }
            for (place, condition) in conditions.enumerated() {
                ConditionFeatures.write(
                    side: condition.side, quantity: condition.quantity, isATS: condition.isATS,
                    into: start + place * width)
            }
            count = conditions.count * width
        }
    }
}

/// The conditions under which a universe is priced.
public enum Variations: String, Sendable, CaseIterable {
    /// Both sides, not on an ATS, 1 MM.
    case minimal
    /// Both sides, on an ATS and not, 1 MM.
    case `default`
    /// Both sides, on an ATS and not, the ten standard sizes.
    case full

    /// Dollars of par.
    public static let standardSizes: [Double] = [
        1e3, 1e4, 1e5, 2.5e5, 5e5, 1e6, 2e6, 3e6, 4e6, 5e6,
    ]

    /// The sizes that are priced, in dollars of par.
    public var sizes: [Double] { self == .full ? Self.standardSizes : [1e6] }

    /// The conditions: by size, then side, then venue.
    /// - Parameter includesDealers: whether trades between dealers are priced too.
    public func conditions(includesDealers: Bool = false) -> [TradeCondition] {
        let sides: [Trade.Side] = includesDealers ? [.bid, .offer, .dealer] : [.bid, .offer]
        return sizes.flatMap { size in
            sides.flatMap { side in
                (self == .minimal ? [false] : [false, true]).map {
                    TradeCondition(side: side, isATS: $0, quantity: size)
                }
            }
        }
    }
}
