import Bonds
import FairValue
import Files
import Foundation
import Quantiles

/// What a job came to.
public struct BaselineSummary: Sendable, Encodable {
    public let method: BaselineMethod
    public let trainTo: String
    public let from: String
    public let to: String
    /// Whether the folder's manifest says that the market is simulated.
    public let isSimulatedMarket: Bool
    /// Trades that were forecast.
    public internal(set) var rows = 0
    /// Trades from whose residuals the quantiles were learned.
    public internal(set) var trainingRows = 0
    /// Forecast trades of bonds without a print, priced by the matrix.
    public internal(set) var fallbacks = 0
    /// Trades without a forecast: the bond has matured, or no Treasury has a tick.
    public internal(set) var unpriced = 0
    /// Prints that taught nothing: not disseminated, or at a price without a yield.
    public internal(set) var unseenPrints = 0
    /// Trades that are not forecast since they were withdrawn, or are of bonds not in bonds.csv.
    public let withdrawnTrades: Int
    public let unknownTrades: Int
    /// Yield and spread tiles that stay empty, since the price has no yield in range.
    public internal(set) var emptyTiles = 0
    public internal(set) var investmentGrade = Score()
    public internal(set) var highYield = Score()
    /// Of the Kalman filter.
    public internal(set) var parameters: KalmanParameters?
    public internal(set) var fit: Fit?

    /// What a fit of the Kalman filter came to.
    public struct Fit: Sendable, Encodable {
        /// Mean negative log-likelihood a print, up to a constant.
        public let loss: Double
        public let steps: Int
    }

    /// How good the forecasts of a class were, in points.
    public struct Score: Sendable, Encodable {
        public private(set) var rows = 0
        /// Mean pinball over the levels.
        public var pinball: Double { rows > 0 ? loss / Double(rows) : .nan }
        /// Quantiles of the absolute error of the median, at 50, 75 and 95 %.
        public var deviance: [Double] { Self.quantiles(errors) }
        /// The same of the method's price as such, which knows no side.
        public var pointDeviance: [Double] { Self.quantiles(pointErrors) }
        private var loss = 0.0
        private var errors: [Float] = []
        private var pointErrors: [Float] = []

        mutating func add(_ price: Double, median: Double, point: Double, pinball: Double) {
            rows += 1
            loss += pinball
            errors.append(Float(abs(price - median)))
            pointErrors.append(Float(abs(price - point)))
        }

        private static func quantiles(_ errors: [Float]) -> [Double] {
            guard !errors.isEmpty else { return [.nan, .nan, .nan] }
            let sorted = errors.map(Double.init).sorted()
            return [0.5, 0.75, 0.95].map { sampleQuantile(ofSorted: sorted, at: $0) }
        }

        private enum CodingKeys: String, CodingKey {
            case rows, pinball, deviance, pointDeviance
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(rows, forKey: .rows)
            guard rows > 0 else { return }
            try container.encode(pinball, forKey: .pinball)
            try container.encode(deviance, forKey: .deviance)
            try container.encode(pointDeviance, forKey: .pointDeviance)
        }
    }

    private let levels: QuantileLevels

    init(_ job: BaselineJob, _ plan: QueryPlan) {
        method = job.method
        levels = job.levels
        trainTo = plan.trainTo.description
        from = plan.days.lowerBound.description
        to = plan.days.upperBound.description
        withdrawnTrades = plan.withdrawn
        unknownTrades = plan.unknown
        isSimulatedMarket = Self.isSimulated(job.market)
    }

    private enum CodingKeys: String, CodingKey {
        case method, trainTo, from, to, isSimulatedMarket = "simulatedMarket", rows, trainingRows
        case fallbacks, unpriced, unseenPrints, withdrawnTrades, unknownTrades, emptyTiles
        case investmentGrade, highYield, parameters, fit
    }

    mutating func score(
        _ query: ForecastQuery, _ prices: [Double], point: Double, _ bond: BondView
    ) {
        var loss = 0.0
        for (level, price) in zip(levels.values, prices) {
            loss += Quantiles.pinball(label: query.price, forecast: price, level: level)
        }
        loss /= Double(prices.count)
        let median = prices[levels.medianIndex]
        if bond.isHighYield {
            highYield.add(query.price, median: median, point: point, pinball: loss)
        } else {
            investmentGrade.add(query.price, median: median, point: point, pinball: loss)
        }
    }

    /// Whether a folder has the manifest of a simulated market.
    private static func isSimulated(_ market: String) -> Bool {
        struct Manifest: Decodable {
            let simulated: Bool
        }
        let bytes = try? FileContents.bytes(of: market + "/manifest.json")
        let manifest = bytes.flatMap { try? JSONDecoder().decode(Manifest.self, from: Data($0)) }
        return manifest?.simulated ?? false
    }
}

extension BaselineSummary: CustomStringConvertible {
    /// A few lines for people.
    public var description: String {
        var lines: [String] = []
        if isSimulatedMarket { lines.append("simulated market") }
        let training = method == .oracle ? "" : ", trained on \(trainingRows) up to \(trainTo)"
        lines.append("\(rows) trades forecast from \(from) to \(to)\(training)")
        for (count, text) in [
            (fallbacks, "of bonds without a print, priced by the matrix"),
            (unpriced, "without a forecast: the bond has matured, or no Treasury has a tick"),
            (withdrawnTrades, "not forecast: withdrawn later"),
            (unknownTrades, "not forecast: the bond is not in bonds.csv"),
        ] where count > 0 {
            lines.append("  \(count) \(text)")
        }
        if emptyTiles > 0 {
            lines.append("  \(emptyTiles) yield tiles are empty: the price has no yield in range")
        }
        lines.append(
            "points               rows  pinball  deviance 50 / 75 / 95 %  of the price as such")
        for (name, score) in [("investment grade", investmentGrade), ("high yield", highYield)]
        where score.rows > 0 {
            lines.append(
                String(format: "%@ %8d  %.5f  ", name.padded(to: 16), score.rows, score.pinball)
                    + Self.text(score.deviance) + "  " + Self.text(score.pointDeviance))
        }
        return lines.joined(separator: "\n")
    }

    private static func text(_ deviance: [Double]) -> String {
        deviance.map { String(format: "%.4f", $0) }.joined(separator: " / ")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        padding(toLength: width, withPad: " ", startingAt: 0)
    }
}
