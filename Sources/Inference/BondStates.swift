import Arrays
import Bonds
import QuantileModels
import Quantiles
import Tape

/// Some bonds, each as of a moment: all that it takes to price them under any condition.
///
/// A value, made by ``BondMarket``; pricing it needs no engine and can be done by any thread.
public struct BondStates: Sendable {
    /// A bond in the market of a moment.
    public struct View: Sendable {
        /// The row of the bond.
        public let bond: Int
        /// UTC epoch nanoseconds.
        public let time: Int64
        public let cashFlows: RemainingCashFlows
        /// The last tick of the on-the-run Treasury nearest to the bond's maturity.
        public let benchmark: TreasuryRow
    }

    public private(set) var views: [View] = []
    /// Shape: `[view, state feature]`.
    private(set) var states: [Float] = []
    private(set) var references = ReferenceRows(references: [], scales: [])

    public init() {}

    public var count: Int { views.count }

    mutating func reserve(_ count: Int, width: Int) {
        states.reserveCapacity(states.count + count * width)
    }

    mutating func append(
        _ view: View, state: UnsafeBufferPointer<Float>, reference: Float, scale: Float
    ) {
        views.append(view)
        states.append(contentsOf: state)
        references.references.append(reference)
        references.scales.append(scale)
    }
}

/// Why a bond has no price at a moment.
public enum Unpriced: String, Sendable, Error, CustomStringConvertible {
    case matured = "the bond has matured"
    case notIssued = "the bond is not issued yet"
    case noTreasury = "no Treasury has a tick yet"
    case noPositivePrice = "a price quantile is not above zero"

    public var description: String { rawValue }
}

/// Quantiles of price, yield and spread, row by row.
///
/// Shape: `[row, level]` each. A price without a yield in range has NaN there.
public struct TileRows: Sendable {
    public let levelCount: Int
    /// Clean, per 100 of par.
    public let prices: [Double]
    /// To maturity, in percent.
    public let yields: [Double]
    /// Over the benchmark Treasury, in basis points.
    public let spreads: [Double]

    public var rowCount: Int { prices.count / levelCount }

    /// Whether a row's quantiles can be prices: finite and above zero.
    func arePrices(row: Int) -> Bool {
        prices[row * levelCount..<(row + 1) * levelCount].allSatisfy { $0 > 0 && $0.isFinite }
    }

    /// The yield and spread tiles that a row lacks.
    func emptyCount(row: Int) -> Int {
        2 * yields[row * levelCount..<(row + 1) * levelCount].count(where: \.isNaN)
    }

    /// - Parameter views: one a row.
    init(prices: [Float], levelCount: Int, views: [BondStates.View]) {
        self.levelCount = levelCount
        self.prices = prices.map(Double.init)
        (yields, _) = TileOrientation.yieldTiles(
            priceTiles: self.prices, cashFlows: views.map(\.cashFlows))
        spreads = TileOrientation.spreadTiles(
            yieldTiles: yields, treasuryYields: views.map(\.benchmark.yieldMid))
    }
}

extension BondStates {
    /// The tiles of every bond under every condition, the conditions of a bond together: the trunk
    /// of a two-stage network runs once a bond.
    public func tiles(of model: QuantileModel, conditions: [TradeCondition]) -> TileRows {
        tiles(
            of: model,
            requests: views.indices.map { (view: $0, conditions: conditions) })
    }

    /// The tiles of every bond under every condition, some bonds after the others, so that what is
    /// made on the way to them stays in the cache.
    ///
    /// - Parameter body: gets the places of some bonds and their tiles, the conditions of a bond
    ///   together.
    func forEachTiles(
        of model: QuantileModel, conditions: [TradeCondition],
        _ body: (Range<Int>, TileRows) -> Void
    ) {
        let codes = codes(of: model)
        let bondsAtOnce = max(1, Self.rowsAtOnce / max(1, conditions.count))
        for start in stride(from: 0, to: count, by: bondsAtOnce) {
            let places = start..<min(start + bondsAtOnce, count)
            body(
                places,
                tiles(
                    of: model, codes, requests: places.map { (view: $0, conditions: conditions) }))
        }
    }

    /// The tiles of so many rows, and what leads to them, take about a megabyte.
    private static let rowsAtOnce = 2_048

    /// The tiles of each bond under a condition of its own, one a row.
    public func tiles(of model: QuantileModel, paired conditions: [TradeCondition]) -> TileRows {
        precondition(
            conditions.count == count,
            "BondStates: \(conditions.count) conditions for \(count) bonds")
        var prices: [Float] = []
        if count > 0 {
            prices =
                model.forecast(
                    joined(views.indices.map { ($0, conditions[$0]) }, of: model),
                    references: references
                ).elements
        }
        return TileRows(prices: prices, levelCount: model.levels.count, views: views)
    }

    /// The tiles of bonds under conditions that may differ by bond; the rows are those of the first
    /// request, then of the second, and so on.
    public func tiles(
        of model: QuantileModel, requests: [(view: Int, conditions: [TradeCondition])]
    ) -> TileRows {
        tiles(of: model, codes(of: model), requests: requests)
    }

    /// What a trunk says of all bonds; nil where the network has none.
    private func codes(of model: QuantileModel) -> QuantileModel.Codes? {
        model.spec.family == .twoStage && count > 0 ? model.codes(states: states) : nil
    }

    private func tiles(
        of model: QuantileModel, _ codes: QuantileModel.Codes?,
        requests: [(view: Int, conditions: [TradeCondition])]
    ) -> TileRows {
        let levels = model.levels.count
        var starts: [Int] = []
        var rows = 0
        for request in requests {
            starts.append(rows)
            rows += request.conditions.count
        }
        var prices = [Float](repeating: .nan, count: rows * levels)
        func put(_ found: [Float], requests places: [Int], conditions: Int) {
            for (place, request) in places.enumerated() {
                let count = conditions * levels
                prices.replaceSubrange(
                    starts[request] * levels..<starts[request] * levels + count,
                    with: found[place * count..<(place + 1) * count])
            }
        }
        // Bonds that are asked for under the same conditions go through the head together.
        let groups = Dictionary(grouping: requests.indices) { requests[$0].conditions }
        for (conditions, places) in groups where !conditions.isEmpty {
            let views = places.map { requests[$0].view }
            let found: [Float]
            if let codes {
                let all = views.count == count && views == Array(0..<count)
                found =
                    model.forecast(
                        all ? codes : codes.gathered(views),
                        conditions: TradeCondition.features(conditions),
                        references: references.gathered(views)
                    ).elements
            } else {
                found =
                    model.forecast(
                        joined(views.flatMap { view in conditions.map { (view, $0) } }, of: model),
                        references: references.gathered(
                            views.flatMap { Array(repeating: $0, count: conditions.count) })
                    ).elements
            }
            put(found, requests: places, conditions: conditions.count)
        }
        return TileRows(
            prices: prices, levelCount: levels,
            views: requests.flatMap {
                Array(repeating: views[$0.view], count: $0.conditions.count)
            })
    }

    /// State and condition side by side, as a network in one stage reads them.
    private func joined(
        _ rows: [(view: Int, condition: TradeCondition)], of model: QuantileModel
    ) -> FeatureMatrix {
        let width = count == 0 ? 0 : states.count / count
        let conditions = TradeCondition.features(rows.map(\.condition))
        let conditionWidth = rows.isEmpty ? 0 : conditions.count / rows.count
        var values: [Float] = []
        values.reserveCapacity(rows.count * (width + conditionWidth))
        for (place, row) in rows.enumerated() {
            values += states[row.view * width..<(row.view + 1) * width]
            values += conditions[place * conditionWidth..<(place + 1) * conditionWidth]
        }
        return FeatureMatrix(names: model.features, values: values)
    }
}

extension ReferenceRows {
    fileprivate func gathered(_ rows: [Int]) -> ReferenceRows {
        ReferenceRows(
            references: rows.map { references[$0] }, scales: rows.map { scales[$0] })
    }
}
