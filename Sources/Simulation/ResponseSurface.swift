import Foundation
import Random

/// A smooth function of a few standardised columns.
struct ResponseTerm: Sendable {
    enum Form: Sendable {
        /// The projection on the columns itself.
        case line
        /// An odd wave of the projection t: `sin(1.5 t)`.
        case wave
        /// An even bowl, linear far out: `sqrt(1 + t²)`.
        case bowl
        /// A soft step: `tanh(1.5 t)`.
        case step
        /// An interaction of two columns: `tanh(a) tanh(b)`.
        case product
    }

    let form: Form
    let columns: [Int]
    let weights: [Double]

    func callAsFunction(_ inputs: UnsafeMutableBufferPointer<Double>) -> Double {
        if form == .product {
            return weights[0] * tanh(inputs[columns[0]]) * tanh(inputs[columns[1]])
        }
        var projection = 0.0
        for index in columns.indices { projection += weights[index] * inputs[columns[index]] }
        switch form {
        case .line, .product: return projection
        case .wave: return sin(1.5 * projection)
        case .bowl: return (1 + projection * projection).squareRoot()
        case .step: return tanh(1.5 * projection)
        }
    }
}

/// A sum of terms that matter alike, with mean 0 and variance 1 over the columns' distribution.
struct ResponseSurface: Sendable {
    private let terms: [(gain: Double, term: ResponseTerm)]
    private let mean: Double

    /// Standardises over a sample of inputs, so that every seed is about equally hard.
    ///
    /// - Parameter sample: row-major, `width` inputs a row.
    init(_ terms: [ResponseTerm], sample: inout [Double], width: Int) {
        func moments(_ function: (UnsafeMutableBufferPointer<Double>) -> Double) -> (
            mean: Double, deviation: Double
        ) {
            var (sum, squares) = (0.0, 0.0)
            let rows = sample.count / width
            sample.withUnsafeMutableBufferPointer { sample in
                for row in 0..<rows {
                    let value = function(
                        UnsafeMutableBufferPointer(
                            rebasing: sample[row * width..<(row + 1) * width]))
                    sum += value
                    squares += value * value
                }
            }
            let mean = sum / Double(rows)
            return (mean, max(squares / Double(rows) - mean * mean, 1e-12).squareRoot())
        }
        let alike = terms.map { (gain: 1 / moments($0.callAsFunction).deviation, term: $0) }
        let whole = moments { inputs in alike.reduce(0) { $0 + $1.gain * $1.term(inputs) } }
        self.terms = alike.map { (gain: $0.gain / whole.deviation, term: $0.term) }
        mean = whole.mean / whole.deviation
    }

    func callAsFunction(_ inputs: UnsafeMutableBufferPointer<Double>) -> Double {
        var sum = -mean
        for (gain, term) in terms { sum += gain * term(inputs) }
        return sum
    }
}
