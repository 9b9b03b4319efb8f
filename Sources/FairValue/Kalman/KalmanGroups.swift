import Bonds

/// Where each bond stands among the others, for the filter of a market: its issuer's block, its
/// rating bucket and its sector.
public struct KalmanGroups: Sendable {
    /// The number of the block of each bond; issuers of many bonds are several blocks, by maturity.
    public let blocks: [Int]
    /// How many groups of sector and class there are.
    public let sectorGroups: Int
    private let sectors: [Int]
    private let logAmounts: [Double]

    /// AAA, AA, A, BBB, BB, B, CCC and below, no rating.
    public static let ratingGroups = 8
    /// A block costs the square of its bonds for each print.
    private static let largestBlock = 64

    public init(_ bonds: BondTable) {
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
        // The amount outstanding is today's, so it is not known at an earlier time.
        logAmounts = rows.map { row in
            row.offeringAmount > 0
                ? min(max((row.offeringAmount / 6e8).logarithm, -3), 3) : 0
        }
    }

    /// A filter of these bonds before their first print.
    public func filter(_ parameters: KalmanParameters) -> MarketFilter {
        MarketFilter(
            parameters, blocks: blocks, ratingGroups: Self.ratingGroups,
            sectorGroups: sectorGroups)
    }

    /// Where a bond stands now.
    /// - Parameters:
    ///   - rating: nil where nobody rates the bond.
    ///   - years: to maturity.
    ///   - prior: the log spread that its cohort suggests.
    public func setting(
        bond: Int, rating: CreditRating?, isHighYield: Bool, creditIndex: Double, years: Double,
        prior: Double
    ) -> BondSetting {
        let group = (rating?.notch).map { $0 == 0 ? 0 : min(($0 - 1) / 3 + 1, 6) } ?? 7
        return BondSetting(
            isHighYield: isHighYield, creditIndex: creditIndex, ratingGroup: group,
            sectorGroup: 2 * sectors[bond] + (isHighYield ? 1 : 0),
            curveLoading: (min(max(years, 0.5), 30) / 5).logarithm, prior: prior)
    }

    /// What is known of a trade of a bond besides its price.
    /// - Parameters:
    ///   - side: +1 where the dealer sells to a client, -1 where it buys, 0 between dealers.
    ///   - quantity: dollars of par.
    ///   - logAge: ln(1 + years since the dated date).
    public func traits(
        bond: Int, side: Double, quantity: Double, isATS: Bool, logAge: Double
    ) -> TradeTraits {
        TradeTraits(
            side: side, quantity: quantity, isATS: isATS, logAmount: logAmounts[bond],
            logAge: logAge)
    }
}
