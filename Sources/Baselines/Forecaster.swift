import Bonds
import FairValue
import Quantiles
import Tape

/// A classical price, fed with prints in the order in which they became known.
protocol Forecaster {
    /// Takes in a print that was reported.
    mutating func observe(_ print: SeenPrint)
    /// Takes back a print that became known to be wrong.
    mutating func withdraw(bond: Int, identifier: Int)
    /// The forecast of a trade; nil where the method itself has none.
    mutating func forecast(_ query: ForecastQuery, _ view: BondView) -> PointForecast?
}

/// A forecast before its quantiles: where the middle is and in which unit errors are alike.
struct PointForecast {
    /// What the unit is of and which way it points.
    enum Space {
        /// Points of price.
        case price
        /// The log spread: what is higher is a lower price.
        case logSpread
        /// Nothing is learned: the distribution is known.
        case truth(TrueDistribution)
    }

    let space: Space
    /// A price per 100 of par, or the logarithm of a spread in basis points.
    let location: Double
    let scale: Double
    /// The method's price as such, without what residuals taught.
    let point: Double
    /// How old the last print behind it is: 0 to 3.
    var staleness = 0

    static func price(_ price: Double, scale: Double, staleness: Int = 0) -> PointForecast {
        PointForecast(
            space: .price, location: price, scale: scale, point: price, staleness: staleness)
    }

    /// By how many units a price turned out above the forecast (in log spread: wider).
    func residual(_ price: Double, _ view: BondView) -> Double {
        switch space {
        case .price, .truth: return (price - location) / scale
        case .logSpread:
            guard let quote = view.cashFlows.quote(cleanPrice: price, curveYield: view.curveYield)
            else { return .nan }
            return (max(quote.spread, BondView.leastSpread).logarithm - location) / scale
        }
    }

    /// The price quantiles at some levels whose residual quantiles are given, all ascending.
    func prices(
        _ levels: QuantileLevels, _ residuals: [Double], _ view: BondView
    ) -> [Double] {
        switch space {
        case .price:
            return residuals.map { max(location + scale * $0, Self.leastPrice) }
        case .truth(let truth):
            return levels.values.map { max(truth.quantile($0), Self.leastPrice) }
        case .logSpread:
            var prices = residuals.reversed().map {
                view.price(spread: (location + scale * $0).exponential)
            }
            // Neighbours may come in the wrong order by a rounding.
            for index in prices.indices.dropFirst() {
                prices[index] = max(prices[index], prices[index - 1])
            }
            return prices
        }
    }

    /// No bond is quoted below.
    private static let leastPrice = 0.001
}

extension BondView {
    /// The least spread that is believed, in basis points.
    static let leastSpread = 3.0

    /// The unit of price errors: a floor and 1.1 % of duration times spread, in points.
    func unit(price: Double) -> Double {
        guard let quote = cashFlows.quote(cleanPrice: price, curveYield: curveYield) else {
            return 0.02 + 0.011 * price / 100
        }
        return 0.02 + 0.011 * quote.dv01 * max(quote.spread, Self.leastSpread)
    }
}
