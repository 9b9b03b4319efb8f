import Bonds
import Foundation
import Quantiles
import Tape

/// Gathers what a simulated market is judged by, a day at a time.
public struct MarketCheck {
    private let market: any SimulatedMarket
    /// Trades that count for statistics of size: institutional ones.
    static let largeQuantity = 150_000.0

    private var tradesOfBond: [Int]
    private var lastPrice: [Double]
    private var lastChange: [Double]
    private var lastTime: [Int64]
    private var lastWeek: [Int]
    private var bondDays = 0
    private var bondWeeks = 0
    private var weeks: Set<Int> = []
    private var days = 0

    private var sizes = SizeCounts()
    private var sides = SideCounts()
    private var gaps: [Float] = []
    private var delays: [Float] = []
    private var bounce = Moments()
    private var markups: [[Float]] = [[], []]
    private var closes: [[Double]] = [[], [], [], []]
    private var transforms: [Float] = []
    /// Of large trades: errors of the true median, widths, and hours of errors; by grade.
    private var errors: [[Float]] = [[], []]
    private var widths: [[Float]] = [[], []]
    private var hourErrors: [[Float]] = Array(repeating: [], count: 24)

    public init(_ market: any SimulatedMarket) {
        self.market = market
        let count = market.bonds.count
        tradesOfBond = Array(repeating: 0, count: count)
        lastPrice = Array(repeating: .nan, count: count)
        lastChange = Array(repeating: .nan, count: count)
        lastTime = Array(repeating: .min, count: count)
        lastWeek = Array(repeating: -1, count: count)
    }

    /// Takes a day in.
    public mutating func observe(_ day: SimulatedDay) {
        days += 1
        let week = (Int(day.date.dayNumber) + 3) / 7
        weeks.insert(week)
        var isTraded = [Bool](repeating: false, count: tradesOfBond.count)
        var sums: [Int: (buys: Moments, sales: Moments)] = [:]
        for trade in day.trades {
            transforms.append(Float(trade.truth.probability(atMost: trade.price)))
            guard !market.settings.linearGaussian else { continue }
            let bond = trade.bond
            tradesOfBond[bond] += 1
            if !isTraded[bond] {
                isTraded[bond] = true
                bondDays += 1
            }
            if lastWeek[bond] != week {
                lastWeek[bond] = week
                bondWeeks += 1
            }
            observeSuccession(trade)
            sizes.count(trade)
            sides.count(trade)
            delays.append(Float(trade.reportTime - trade.executionTime) / 1e9)
            guard trade.quantity >= Self.largeQuantity else { continue }
            observeError(trade, day: day)
            switch trade.side {
            case .bid: sums[bond, default: (Moments(), Moments())].buys.add(trade.price, 0)
            case .offer: sums[bond, default: (Moments(), Moments())].sales.add(trade.price, 0)
            case .dealer: break
            }
        }
        for (bond, sum) in sums where sum.buys.count > 0 && sum.sales.count > 0 {
            markups[grade(bond, day)].append(Float(sum.sales.meanX - sum.buys.meanX))
        }
        observeCloses(day.tables)
    }

    private func grade(_ bond: Int, _ day: SimulatedDay) -> Int {
        market.rating(bond: bond, day: day.index).isInvestmentGrade ? 0 : 1
    }

    /// The time and the price change since the bond's last trade.
    private mutating func observeSuccession(_ trade: SimulatedTrade) {
        let bond = trade.bond
        if lastTime[bond] > .min {
            gaps.append(Float(trade.executionTime - lastTime[bond]) / 60e9)
            let change = trade.price - lastPrice[bond]
            if !lastChange[bond].isNaN { bounce.add(lastChange[bond], change) }
            lastChange[bond] = change
        }
        lastTime[bond] = trade.executionTime
        lastPrice[bond] = trade.price
    }

    private mutating func observeError(_ trade: SimulatedTrade, day: SimulatedDay) {
        let truth = trade.truth
        let error = Float(abs(trade.price - truth.quantile(0.5)))
        let grade = grade(trade.bond, day)
        errors[grade].append(error)
        widths[grade].append(Float(truth.quantile(0.95) - truth.quantile(0.05)))
        let hour = EasternTime.clock(trade.executionTime).timeOfDay / 3_600_000_000_000
        hourErrors[Int(hour)].append(error)
    }

    private mutating func observeCloses(_ tables: DayTables) {
        if let yield = tables.treasuries.last(where: { $0.tenor == 10 })?.yieldMid {
            closes[0].append(100 * yield)
        }
        for (series, symbol) in ["LQD", "HYG", "SPY"].enumerated() {
            guard let price = tables.markets.last(where: { $0.symbol == symbol })?.price else {
                continue
            }
            closes[series + 1].append(symbol == "SPY" ? log(price) : price)
        }
    }

    // MARK: The report

    /// Compares what was taken in with what is accepted.
    public func report(levels: QuantileLevels = .standard) -> CheckReport {
        let sorted = transforms.sorted()
        let calibration = levels.values.map { level in
            CheckReport.Calibration(
                level: level, share: Statistics.share(of: sorted, atMost: Float(level)))
        }
        let distance = Statistics.distanceFromUniform(sorted)
        return CheckReport(
            statistics: market.settings.linearGaussian ? [] : statistics,
            trades: transforms.count, calibration: calibration,
            calibrationError: calibration.map { abs($0.share - $0.level) }.max() ?? .nan,
            pitDistance: distance,
            pitProbability: Statistics.kolmogorovProbability(distance, count: sorted.count))
    }

    private var statistics: [CheckReport.Row] {
        activity + timing + sizes.rows + sides.rows + prices + factors + oracle
    }

    private var activity: [CheckReport.Row] {
        typealias Row = CheckReport.Row
        let bondDayCount = Double(market.settings.bonds * days)
        let ranked = tradesOfBond.prefix(market.settings.bonds).map(Double.init).sorted(by: >)
        let total = ranked.reduce(0, +)
        func top(_ share: Double) -> Double {
            ranked.prefix(max(1, Int(share * Double(ranked.count)))).reduce(0, +) / total
        }
        let all = Double(sizes.trades)
        return [
            Row(
                "trades of 150k or more a bond and day", expected: 1.02,
                Double(sizes.large) / bondDayCount, from: 0.9, to: 1.25),
            Row("all trades a bond and day", expected: 3.3, all / bondDayCount, from: 3, to: 4.2),
            Row(
                "trades a day of the median bond", expected: 1.6,
                Statistics.quantile(ranked, 0.5) / Double(days), from: 1, to: 2),
            Row(
                "trades a day of the busiest bond", expected: 160,
                (ranked.first ?? .nan) / Double(days), from: 60),
            Row(
                "share of bond-days with a trade", expected: 0.54,
                Double(bondDays) / bondDayCount, from: 0.45, to: 0.60),
            Row(
                "share of bonds that trade in a week", expected: 0.88,
                Double(bondWeeks) / Double(market.settings.bonds * weeks.count), from: 0.80,
                to: 0.93),
            Row("trades in the busiest tenth", expected: 0.48, top(0.1), from: 0.40, to: 0.60),
            Row("trades in the busiest hundredth", expected: 0.14, top(0.01), from: 0.10, to: 0.22),
            Row(
                "high yield among trades of 150k or more", expected: 0.28,
                Double(errors[1].count) / Double(sizes.large), from: 0.20, to: 0.33),
        ]
    }

    private var timing: [CheckReport.Row] {
        [
            CheckReport.Row(
                "minutes between trades of a bond, median", expected: 19,
                Statistics.quantile(gaps, 0.5), from: 10, to: 40),
            CheckReport.Row(
                "minutes between trades of a bond, 95 %", expected: 840,
                Statistics.quantile(gaps, 0.95), from: 500),
            CheckReport.Row(
                "seconds to the report, median", expected: 79, Statistics.quantile(delays, 0.5),
                from: 60, to: 100),
            CheckReport.Row(
                "seconds to the report, 97 %", expected: 900, Statistics.quantile(delays, 0.97),
                to: 900),
        ]
    }

    private var prices: [CheckReport.Row] {
        var rows: [CheckReport.Row] = []
        let expected = [[0.06, 0.13, 0.25], [0.11, 0.24, 0.43]]
        for (grade, name) in ["IG", "HY"].enumerated() {
            for (place, share) in [0.25, 0.5, 0.75].enumerated() {
                let value = expected[grade][place]
                rows.append(
                    CheckReport.Row(
                        "client sale over purchase, points, \(name), \(Int(share * 100)) %",
                        expected: value, Statistics.quantile(markups[grade], share),
                        from: 0.75 * value, to: 1.25 * value))
            }
        }
        rows.append(
            CheckReport.Row(
                "autocorrelation of price changes", expected: -0.37, bounce.correlation,
                from: -0.45, to: -0.25))
        return rows
    }

    private var factors: [CheckReport.Row] {
        let expected = [
            ("10-year yield, bp", 5.5), ("LQD, points", 0.50), ("HYG, points", 0.30),
            ("SPY, log", 0.0075),
        ]
        var rows = zip(expected, closes).map { expected, closes in
            CheckReport.Row(
                "daily deviation of \(expected.0)", expected: expected.1,
                Statistics.deviationOfChanges(closes), from: 0.75 * expected.1,
                to: 1.25 * expected.1)
        }
        let volatility = Self.volatility()
        for (share, expected, range) in [
            (0.01, 0.47, 0.45...0.55), (0.5, 0.78, 0.75...0.85), (0.99, 1.30, 1.2...1.4),
        ] {
            rows.append(
                CheckReport.Row(
                    "volatility of 1000 seeds, \(Int(share * 100)) %", expected: expected,
                    Statistics.quantile(volatility, share), from: range.lowerBound,
                    to: range.upperBound))
        }
        return rows
    }

    /// The volatility of many markets: that of one has too few independent days.
    private static func volatility() -> [Double] {
        (1...1000).flatMap { seed -> [Double] in
            var settings = MarketSettings()
            settings.seed = UInt64(seed)
            var path = MarketPath(settings)
            return (0..<2).flatMap { path.advance(day: $0).volatility }
        }
    }

    /// What the true median leaves of prices.
    private var oracle: [CheckReport.Row] {
        let ratios = [(expected: 5.96, range: 5...7.5), (expected: 4.65, range: 4.4...5.6)]
        let ranks = [0.51, 0.40]
        var rows: [CheckReport.Row] = []
        for (grade, name) in ["IG", "HY"].enumerated() {
            rows.append(
                CheckReport.Row(
                    "oracle's error, 95 % over 50 %, \(name)", expected: ratios[grade].expected,
                    Statistics.quantile(errors[grade], 0.95)
                        / Statistics.quantile(errors[grade], 0.5),
                    from: ratios[grade].range.lowerBound, to: ratios[grade].range.upperBound))
            rows.append(
                CheckReport.Row(
                    "oracle's width against error, Spearman, \(name)", expected: ranks[grade],
                    Statistics.spearman(widths[grade], errors[grade]), from: 0.35))
        }
        let medians = hourErrors.filter { $0.count >= 100 }.map { Statistics.quantile($0, 0.5) }
        rows.append(
            CheckReport.Row(
                "oracle's median error, highest hour over lowest", expected: 1.1,
                (medians.max() ?? .nan) / (medians.min() ?? .nan), to: 1.2))
        return rows
    }
}
