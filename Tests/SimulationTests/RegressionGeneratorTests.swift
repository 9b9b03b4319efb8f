import Foundation
import Quantiles
import Simulation
import Testing

/// Protects that the labels follow the stated distributions, and that the data is worth learning.
@Suite struct RegressionGeneratorTests {
    static let rows = 20_000

    @Test(arguments: [(4, 1), (50, 2), (7, 3)] as [(Int, UInt64)])
    func labelsFollowTheirDistributions(columns: Int, seed: UInt64) throws {
        let generator = try RegressionGenerator(columns: columns, seed: seed)
        let count = Double(Self.rows)
        var ranks: [Double] = []
        var below = [Double](repeating: 0, count: QuantileLevels.standard.count)
        for row in 0..<Self.rows {
            let outcome = generator.row(row).outcome
            let label = Double(outcome.label)
            ranks.append(outcome.distribution.probability(atMost: label))
            for (index, level) in QuantileLevels.standard.values.enumerated()
            where label <= outcome.distribution.quantile(level) {
                below[index] += 1
            }
        }
        ranks.sort()
        var distance = 0.0
        for (index, rank) in ranks.enumerated() {
            distance = max(
                distance, rank - Double(index) / count, Double(index + 1) / count - rank)
        }
        // 1.95 is the 99.9 % point of Kolmogorov's distribution.
        #expect(distance * count.squareRoot() < 1.95)
        for (index, level) in QuantileLevels.standard.values.enumerated() {
            let deviation = (level * (1 - level) / count).squareRoot()
            #expect(abs(below[index] / count - level) < 4 * deviation, "level \(level)")
        }
    }

    /// The noise must not depend on the columns: among rows that are alike, labels must still
    /// follow the distribution.
    @Test func labelsFollowTheirDistributionsWhereverTheRowLies() throws {
        let generator = try RegressionGenerator(columns: 6, seed: 4)
        let rows = (0..<Self.rows).map { generator.row($0) }
        for column in 0..<6 {
            let middle = rows.map { $0.values[column] }.sorted()[Self.rows / 2]
            for upper in [false, true] {
                let part = rows.filter { ($0.values[column] > middle) == upper }
                let below = part.count {
                    $0.outcome.distribution.probability(atMost: Double($0.outcome.label)) <= 0.2
                }
                let count = Double(part.count)
                #expect(
                    abs(Double(below) / count - 0.2) < 4 * (0.16 / count).squareRoot(),
                    "column \(column)")
            }
        }
    }

    /// A generator that drew from another distribution than the one it states would fail here
    /// only: quantiles of repeated draws at one place against the stated ones.
    @Test func repeatedLabelsAtOnePlaceHaveTheStatedQuantiles() throws {
        let generator = try RegressionGenerator(columns: 5, seed: 5)
        let place = generator.row(0).values
        let truth = generator.distribution(given: place)
        #expect(truth == generator.row(0).outcome.distribution)
        // Every row's noise, carried to the one place.
        let labels = (0..<Self.rows).map { row -> Double in
            let outcome = generator.row(row).outcome
            return truth.quantile(
                outcome.distribution.probability(atMost: Double(outcome.label)))
        }.sorted()
        for level in [0.05, 0.25, 0.5, 0.75, 0.95] {
            let deviation = (level * (1 - level) / Double(Self.rows)).squareRoot()
            let position = Double(Self.rows) * level
            let slack = 4 * deviation * Double(Self.rows)
            let lower = labels[Int(position - slack)]
            let upper = labels[Int(position + slack)]
            #expect(lower < truth.quantile(level) && truth.quantile(level) < upper)
        }
    }

    @Test(arguments: [4, 10, 50])
    func aboutFourInTenColumnsDoNotMatter(columns: Int) throws {
        let generator = try RegressionGenerator(columns: columns, seed: 6)
        #expect(generator.relevantColumns.count == columns - columns * 2 / 5)
        let (values, outcome) = generator.row(1)
        for column in 0..<columns {
            var changed = values
            // Another row's value is always inside the column's range.
            changed[column] =
                (2..<40).lazy.map { generator.row($0).values[column] }
                .first { $0 != values[column] } ?? values[column]
            let matters = generator.distribution(given: changed) != outcome.distribution
            #expect(matters == generator.relevantColumns.contains(column), "column \(column)")
        }
    }

    @Test func columnsAreOfManyKinds() throws {
        let generator = try RegressionGenerator(columns: 12, seed: 7)
        let rows = (0..<4000).map { generator.row($0).values }
        let columns = (0..<12).map { column in rows.map { Double($0[column]) } }
        let moments = columns.map { column -> (skewness: Double, kurtosis: Double) in
            let mean = column.reduce(0, +) / 4000
            func moment(_ power: Double) -> Double {
                column.reduce(0) { $0 + pow($1 - mean, power) } / 4000
            }
            return (moment(3) / pow(moment(2), 1.5), moment(4) / pow(moment(2), 2))
        }
        // Two of each: flat are the uniform and the whole-numbered.
        #expect(moments.count { $0.skewness > 2 } == 2, "lognormal")
        #expect(moments.count { $0.kurtosis < 2 } == 4, "uniform and integer")
        #expect(columns.count { Set($0).count == 10 } == 2, "integer")
        var correlated = 0
        for first in 0..<12 {
            for second in 0..<first {
                if abs(correlation(columns[first], columns[second]) - 0.8) < 0.05 {
                    correlated += 1
                }
            }
        }
        #expect(correlated == 2)
    }

    @Test func rowsAreSplitSixtyFourSixteenTwenty() throws {
        let generator = try RegressionGenerator(columns: 4, seed: 8)
        var counts: [DataSplit: Double] = [:]
        for row in 0..<Self.rows { counts[generator.row(row).outcome.split, default: 0] += 1 }
        for (split, share) in [DataSplit.train: 0.64, .validation: 0.16, .test: 0.20] {
            let deviation = (share * (1 - share) * Double(Self.rows)).squareRoot()
            #expect(abs((counts[split] ?? 0) - share * Double(Self.rows)) < 4 * deviation)
        }
    }

    /// Whatever the seed and the number of columns, most of what can be known must be in the
    /// columns: the label's own quantiles must be far from the truth, and about equally far.
    @Test(arguments: [4, 8, 50, 300], [1, 2, 3] as [UInt64])
    func constantForecastsAreFarFromTheTruth(columns: Int, seed: UInt64) throws {
        let generator = try RegressionGenerator(columns: columns, seed: seed)
        let outcomes = (0..<5000).map { generator.row($0).outcome }
        let labels = outcomes.map { Double($0.label) }
        let sorted = labels.sorted()
        var (constant, truth) = (0.0, 0.0)
        for level in QuantileLevels.standard.values {
            let forecast = sorted[Int(level * 5000)]
            for (label, outcome) in zip(labels, outcomes) {
                constant += pinball(label: label, forecast: forecast, level: level)
                truth += pinball(
                    label: label, forecast: outcome.distribution.quantile(level), level: level)
            }
        }
        #expect((0.60...0.95).contains(constant / truth - 1))
    }

    @Test func seedsDiffer() throws {
        let one = try RegressionGenerator(columns: 8, seed: 1)
        let other = try RegressionGenerator(columns: 8, seed: 2)
        #expect(one.row(0).values != other.row(0).values)
        let place = one.row(0).values.map { _ in Float(1) }
        #expect(one.distribution(given: place) != other.distribution(given: place))
    }

    @Test(arguments: [3, 0, -1])
    func tooFewColumnsAreAnError(columns: Int) {
        let error = #expect(throws: SimulationError.self) {
            try RegressionGenerator(columns: columns, seed: 1)
        }
        #expect(error?.description == "columns: expected at least 4, found \(columns)")
    }

    private func correlation(_ first: [Double], _ second: [Double]) -> Double {
        let count = Double(first.count)
        let means = (first.reduce(0, +) / count, second.reduce(0, +) / count)
        var (product, squares, otherSquares) = (0.0, 0.0, 0.0)
        for (a, b) in zip(first, second) {
            product += (a - means.0) * (b - means.1)
            squares += (a - means.0) * (a - means.0)
            otherSquares += (b - means.1) * (b - means.1)
        }
        return product / (squares * otherSquares).squareRoot()
    }
}
