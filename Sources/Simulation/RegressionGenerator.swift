import Foundation
import Random

/// The part of a data set that a row belongs to.
public enum DataSplit: String, Sendable, CaseIterable {
    case train, validation, test
}

/// Makes tabular regression data whose conditional quantiles given the columns are known exactly.
///
/// The columns are normal, uniform, lognormal, integer-valued, or pairs with a correlation of 0.8,
/// and about four in ten do not matter. Of the others, smooth functions with interactions make
/// location, scale, skew and tail of the label's distribution. Which columns matter, and how, is
/// drawn from the seed; how much, is not: any seed and any number of columns is about equally hard.
///
/// Every row has a random stream of its own, so row `i` depends on the seed, the number of columns
/// and `i` only: not on the number of rows, the order, or the threads.
public struct RegressionGenerator: Sendable {
    /// The fewest columns that leave room for interactions.
    public static let fewestColumns = 4

    /// A label, where it belongs, and the distribution that it was drawn from.
    public struct Outcome: Sendable {
        public let split: DataSplit
        public let label: Float
        public let distribution: ConditionalDistribution
    }

    /// Number of columns.
    public let columnCount: Int
    /// Columns that the label's distribution depends on, ascending.
    public let relevantColumns: [Int]

    private let columns: [SimulatedColumn]
    private let rows: RandomStream
    private let trend: ResponseSurface
    private let curvature: ResponseSurface
    private let interaction: ResponseSurface
    private let spread: ResponseSurface
    private let asymmetry: ResponseSurface
    private let heaviness: ResponseSurface

    /// Draws the structure of a seed.
    ///
    /// - Throws: `SimulationError` for fewer than four columns.
    public init(columns columnCount: Int, seed: UInt64) throws(SimulationError) {
        guard columnCount >= Self.fewestColumns else {
            throw SimulationError(
                "columns: expected at least \(Self.fewestColumns), found \(columnCount)")
        }
        let root = RandomStream(seed: seed).stream("regression")
        rows = root.stream("rows")
        self.columnCount = columnCount
        columns = Self.drawColumns(columnCount, root.stream("columns"))

        var stream = root.stream("structure")
        let relevant = Array(
            stream.permutation(columnCount).dropLast(columnCount * 2 / 5))
        relevantColumns = relevant.sorted()

        func weights(_ count: Int) -> [Double] {
            let raw = (0..<count).map { _ in
                (0.6 + 0.4 * stream.uniform()) * (stream.integer(below: 2) == 0 ? -1 : 1)
            }
            let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return raw.map { $0 / length }
        }
        func term(_ form: ResponseTerm.Form, of count: Int) -> ResponseTerm {
            let count = min(count, relevant.count)
            let chosen = stream.permutation(relevant.count).prefix(count).map { relevant[$0] }
            return ResponseTerm(form: form, columns: chosen, weights: weights(count))
        }

        var sample = Self.standardisedSample(columns, root.stream("moments"))
        func surface(_ terms: [ResponseTerm]) -> ResponseSurface {
            ResponseSurface(terms, sample: &sample, width: columnCount)
        }
        trend = surface([term(.line, of: relevant.count)])
        curvature = surface([
            term(.bowl, of: 1), term(.wave, of: 1), term(.bowl, of: 2),
        ])
        interaction = surface((0..<3).map { _ in term(.product, of: 2) })
        spread = surface([term(.step, of: 3)])
        asymmetry = surface([term(.step, of: 3)])
        heaviness = surface([term(.step, of: 2)])
    }

    /// Makes one row.
    ///
    /// - Parameters:
    ///   - row: 0-based.
    ///   - values: receives the columns; shape `[columnCount]`.
    ///   - scratch: working space; shape `[columnCount]`.
    func fill(
        row: Int, values: UnsafeMutableBufferPointer<Float>,
        scratch: UnsafeMutableBufferPointer<Double>
    ) -> Outcome {
        var stream = rows.stream(row)
        let share = stream.uniform()
        let split: DataSplit = share < 0.64 ? .train : share < 0.80 ? .validation : .test
        let noise = stream.normal()
        Self.drawValues(columns, &stream, values: values, scratch: scratch)
        let distribution = distribution(
            at: UnsafeBufferPointer(values),
            scratch: scratch)
        return Outcome(
            split: split, label: Float(distribution.quantile(normal: noise)),
            distribution: distribution)
    }

    /// Makes one row: its columns and its outcome.
    public func row(_ index: Int) -> (values: [Float], outcome: Outcome) {
        var values = [Float](repeating: 0, count: columnCount)
        var scratch = [Double](repeating: 0, count: columnCount)
        let outcome = values.withUnsafeMutableBufferPointer { values in
            scratch.withUnsafeMutableBufferPointer { scratch in
                fill(row: index, values: values, scratch: scratch)
            }
        }
        return (values, outcome)
    }

    /// Returns the exact distribution of the label given the columns.
    ///
    /// - Parameter values: shape `[columnCount]`.
    public func distribution(given values: [Float]) -> ConditionalDistribution {
        precondition(
            values.count == columnCount,
            "RegressionGenerator.distribution: \(values.count) values for \(columnCount) columns")
        var inputs = [Double](repeating: 0, count: columnCount)
        return values.withUnsafeBufferPointer { values in
            inputs.withUnsafeMutableBufferPointer { distribution(at: values, scratch: $0) }
        }
    }

    // The weights make a forecast that knows only the label's own quantiles about 75 % worse than
    // the truth, one that is linear about 25 %; they are not fitted to anything.
    private func distribution(
        at values: UnsafeBufferPointer<Float>, scratch inputs: UnsafeMutableBufferPointer<Double>
    ) -> ConditionalDistribution {
        for column in relevantColumns {
            inputs[column] = columns[column].standardised(values[column])
        }
        return ConditionalDistribution(
            location: 1.4 * trend(inputs) + 0.8 * curvature(inputs) + 0.6 * interaction(inputs),
            scale: exp(0.4 * spread(inputs)),
            skew: 0.3 * asymmetry(inputs),
            tail: 0.6 * exp(0.2 * heaviness(inputs)))
    }

    // MARK: Columns

    /// All shapes in turn, in a random order of columns.
    private static func drawColumns(_ count: Int, _ stream: RandomStream) -> [SimulatedColumn] {
        var stream = stream
        let order = stream.permutation(count)
        let shapes = SimulatedColumn.Shape.allCases
        var columns = [SimulatedColumn?](repeating: nil, count: count)
        for (turn, column) in order.enumerated() {
            let shape = shapes[turn % shapes.count]
            let moved = shape != .lognormal && shape != .integer
            columns[column] = SimulatedColumn(
                shape: shape,
                shift: moved ? Double(stream.integer(below: 5) - 2) : 0,
                spread: [0.1, 1, 10, 100][stream.integer(below: 4)],
                partner: shape == .secondOfPair ? order[turn - 1] : nil)
        }
        return columns.compactMap { $0 }
    }

    /// Draws the columns of one row. A pair shares the first one's innovation, whichever of the two
    /// comes first in the table.
    private static func drawValues(
        _ columns: [SimulatedColumn], _ stream: inout RandomStream,
        values: UnsafeMutableBufferPointer<Float>, scratch: UnsafeMutableBufferPointer<Double>
    ) {
        for column in columns.indices { scratch[column] = stream.normal() }
        for (index, column) in columns.enumerated() {
            values[index] = column.value(
                innovation: scratch[index], partner: column.partner.map { scratch[$0] })
        }
    }

    /// Inputs to standardise the response over; row-major.
    private static func standardisedSample(
        _ columns: [SimulatedColumn], _ stream: RandomStream
    ) -> [Double] {
        let rows = 4096
        var sample: [Double] = []
        sample.reserveCapacity(rows * columns.count)
        var values = [Float](repeating: 0, count: columns.count)
        var scratch = [Double](repeating: 0, count: columns.count)
        for row in 0..<rows {
            var stream = stream.stream(row)
            values.withUnsafeMutableBufferPointer { values in
                scratch.withUnsafeMutableBufferPointer { scratch in
                    drawValues(columns, &stream, values: values, scratch: scratch)
                }
            }
            for (column, value) in zip(columns, values) {
                sample.append(column.standardised(value))
            }
        }
        return sample
    }
}
