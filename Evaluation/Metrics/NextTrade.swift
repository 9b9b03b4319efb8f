import Quantiles

/// How far a forecast is from the next trade of its bond, and how old it was by then.
///
/// Source: Trumid Labs, Fair Value Model Price (2017), section 4: the next-trade metric takes
/// whatever time passes; its time-regularised form takes pairs of at most some minutes.
public struct NextTradeMetric: Sendable {
    public let pairs: Int
    /// Quantiles of |median - price of the bond's next trade|; empty without pairs.
    public let deviance: [DevianceQuantile]
    /// Quantiles of the age in seconds at 50 and 95 %; nil without pairs.
    public let medianAge: Double?
    public let highAge: Double?

    init(errors: [Double], ages: [Double]) {
        pairs = errors.count
        guard !errors.isEmpty else {
            deviance = []
            medianAge = nil
            highAge = nil
            return
        }
        let errors = errors.sorted()
        let ages = ages.sorted()
        deviance = ForecastMetrics.deviancePercents.map {
            DevianceQuantile(
                percent: $0, value: sampleQuantile(ofSorted: errors, at: Double($0) / 100))
        }
        medianAge = sampleQuantile(ofSorted: ages, at: 0.5)
        highAge = sampleQuantile(ofSorted: ages, at: 0.95)
    }

    /// Each forecast against the next trade of the same bond in the table: whatever the age, and
    /// up to an age in seconds.
    static func measure(
        _ sample: Sample, byTime: [Int32], times: [Int64], bonds: [Int32], bondCount: Int,
        regularAge: Double
    ) -> (any: NextTradeMetric, regular: NextTradeMetric) {
        var last = [Int32](repeating: -1, count: bondCount)
        var errors: [Double] = []
        var ages: [Double] = []
        for row in byTime {
            let bond = Int(bonds[Int(row)])
            let before = Int(last[bond])
            last[bond] = row
            guard before >= 0 else { continue }
            let age = Double(times[Int(row)] - times[before]) / 1e9
            // Prints of one time are one event: neither was there before the other.
            guard age > 0 else { continue }
            let median = sample.label[before] - sample.residual[before]
            errors.append(abs(median - sample.label[Int(row)]))
            ages.append(age)
        }
        return measure(errors: errors, ages: ages, regularAge: regularAge)
    }

    /// Errors against next trades with the age of each forecast by then: of whatever age, and up
    /// to an age in seconds.
    static func measure(
        errors: [Double], ages: [Double], regularAge: Double
    ) -> (any: NextTradeMetric, regular: NextTradeMetric) {
        let young = ages.indices.filter { ages[$0] <= regularAge }
        return (
            NextTradeMetric(errors: errors, ages: ages),
            NextTradeMetric(errors: young.map { errors[$0] }, ages: young.map { ages[$0] })
        )
    }
}
