import Bonds
import Files
import Quantiles

/// The deviance of each signal in price, through full repricing and through DV01, and in basis
/// points of yield: the order of two signals can be another one in another space, because the same
/// basis point is worth more on a long bond.
public struct SpaceTable: Sendable, Encodable {
    public struct Row: Sendable, Encodable {
        public let name: String
        /// Medians and 95 % quantiles of |forecast - trade|.
        public let price: [Double]
        public let priceByDV01: [Double]
        public let basisPoints: [Double]

        enum CodingKeys: String, CodingKey {
            case name, price
            case priceByDV01 = "price_by_dv01"
            case basisPoints = "basis_points"
        }
    }

    public let rows: [Row]
    /// Trades whose price and forecasts all have a yield.
    public let trades: Int

    /// Nil without a market, or where no trade has yields.
    init?(_ matched: MatchedTables, names: [String], market: MarketReference?) {
        guard let market, let trades = matched.trades, let facts = matched.facts else { return nil }
        let flows = Repricing(trades: trades, facts: facts, market: market).cashFlows()
        let observed = PriceArrays.yields(cleanPrices: matched.label, cashFlows: flows)
        let forecasts = matched.tables.map { table in
            PriceArrays.yields(
                cleanPrices: table.tiles(level: table.levels.medianIndex), cashFlows: flows)
        }
        let usable = observed.indices.filter { row in
            !observed[row].isNaN && forecasts.allSatisfy { !$0[row].isNaN }
        }
        guard !usable.isEmpty else { return nil }
        let dv01 = usable.map { flows[$0]?.risk(yield: observed[$0]).dv01 ?? .nan }
        func quantiles(_ values: [Double]) -> [Double] {
            let sorted = values.sorted()
            return [0.5, 0.95].map { sampleQuantile(ofSorted: sorted, at: $0) }
        }
        rows = matched.tables.indices.map { index in
            let median = matched.tables[index].tiles(
                level: matched.tables[index].levels.medianIndex)
            let points = usable.map { abs(median[$0] - matched.label[$0]) }
            let basis = usable.map { 100 * abs(forecasts[index][$0] - observed[$0]) }
            return Row(
                name: names[index], price: quantiles(points),
                priceByDV01: quantiles(zip(basis, dv01).map { $0 * $1 }),
                basisPoints: quantiles(basis))
        }
        self.trades = usable.count
    }

    /// Whether the order of signals by their medians is another one in basis points than in price.
    var isInverted: Bool {
        func order(_ value: (Row) -> Double) -> [String] {
            rows.sorted { value($0) < value($1) }.map(\.name)
        }
        return order { $0.price[0] } != order { $0.basisPoints[0] }
    }
}
