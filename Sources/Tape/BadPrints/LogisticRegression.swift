import Foundation

/// The probability of an event as a logistic function of a weighted sum.
///
/// Fitted by Newton's method, that is by iteratively reweighted least squares, on columns of equal
/// deviation, with a penalty of half the squared length of their weights: so it has a solution even
/// where a column tells all. The intercept is not penalised.
package struct LogisticRegression: Sendable, Equatable {
    package var intercept: Double
    package var coefficients: [Double]

    init(intercept: Double, coefficients: [Double]) {
        self.intercept = intercept
        self.coefficients = coefficients
    }

    package func probability(_ values: [Double]) -> Double {
        var sum = intercept
        for (value, coefficient) in zip(values, coefficients) { sum += value * coefficient }
        return 1 / (1 + exp(-sum))
    }

    /// Fits rows of equal length, which lie one after the other.
    package init(rows: [Double], labels: [Bool], columnCount: Int) {
        precondition(
            rows.count == labels.count * columnCount,
            "LogisticRegression: \(labels.count) rows of \(columnCount) in \(rows.count) numbers")
        let scales = Self.scales(rows, columnCount: columnCount)
        var weights = [Double](repeating: 0, count: columnCount + 1)
        var loss = Double.infinity
        var step = [Double](repeating: 0, count: columnCount + 1)
        for _ in 0..<100 {
            var next = zip(weights, step).map { $0 - $1 }
            var newton = Self.newton(rows, labels, scales, weights: next)
            // Far from the solution a whole step may lead away from it.
            while newton.loss > loss + 1e-9 * abs(loss), step.contains(where: { abs($0) > 1e-12 }) {
                step = step.map { $0 / 2 }
                next = zip(weights, step).map { $0 - $1 }
                newton = Self.newton(rows, labels, scales, weights: next)
            }
            (weights, loss, step) = (next, newton.loss, newton.step)
            if step.allSatisfy({ abs($0) < 1e-10 }) { break }
        }
        coefficients = (0..<columnCount).map { weights[$0] / scales[$0].deviation }
        intercept =
            weights[columnCount]
            - zip(coefficients, scales).reduce(0) { $0 + $1.0 * $1.1.mean }
    }

    private typealias Scale = (mean: Double, deviation: Double)

    /// The mean and deviation of each column; a constant one has the deviation 1.
    private static func scales(_ rows: [Double], columnCount: Int) -> [Scale] {
        let count = Double(max(rows.count / max(columnCount, 1), 1))
        return (0..<columnCount).map { column in
            var sum = 0.0
            for index in stride(from: column, to: rows.count, by: columnCount) {
                sum += rows[index]
            }
            let mean = sum / count
            var squares = 0.0
            for index in stride(from: column, to: rows.count, by: columnCount) {
                squares += (rows[index] - mean) * (rows[index] - mean)
            }
            let deviation = (squares / count).squareRoot()
            return (mean, deviation > 0 ? deviation : 1)
        }
    }

    /// The penalised loss at some weights, of which the last is the intercept, and Newton's step.
    private static func newton(
        _ rows: [Double], _ labels: [Bool], _ scales: [Scale], weights: [Double]
    ) -> (loss: Double, step: [Double]) {
        let columnCount = scales.count
        let size = columnCount + 1
        var loss = 0.0
        var gradient = [Double](repeating: 0, count: size)
        var hessian = [Double](repeating: 0, count: size * size)
        for column in 0..<columnCount {
            loss += weights[column] * weights[column] / 2
            gradient[column] = weights[column]
            hessian[column * size + column] = 1
        }
        var values = [Double](repeating: 1, count: size)
        for (row, label) in labels.enumerated() {
            var sum = weights[columnCount]
            for column in 0..<columnCount {
                let scale = scales[column]
                values[column] = (rows[row * columnCount + column] - scale.mean) / scale.deviation
                sum += values[column] * weights[column]
            }
            // log(1 + exp(-z)) of the signed sum, without overflow.
            let signed = label ? sum : -sum
            loss += max(-signed, 0) + log1p(exp(-abs(signed)))
            let probability = 1 / (1 + exp(-sum))
            let error = probability - (label ? 1 : 0)
            let weight = probability * (1 - probability)
            for first in 0..<size {
                gradient[first] += error * values[first]
                for second in 0...first {
                    hessian[first * size + second] += weight * values[first] * values[second]
                }
            }
        }
        return (loss, solve(&hessian, gradient))
    }

    /// Solves a symmetric positive system, given by its lower triangle, after Cholesky.
    private static func solve(_ matrix: inout [Double], _ right: [Double]) -> [Double] {
        let size = right.count
        for row in 0..<size {
            for column in 0...row {
                var sum = matrix[row * size + column]
                for inner in 0..<column {
                    sum -= matrix[row * size + inner] * matrix[column * size + inner]
                }
                // The intercept's pivot is nearly 0 where all labels are alike.
                matrix[row * size + column] =
                    row == column
                    ? max(sum, 1e-12).squareRoot() : sum / matrix[column * size + column]
            }
        }
        var solution = right
        for row in 0..<size {
            for inner in 0..<row { solution[row] -= matrix[row * size + inner] * solution[inner] }
            solution[row] /= matrix[row * size + row]
        }
        for row in (0..<size).reversed() {
            for inner in (row + 1)..<max(size, row + 1) {
                solution[row] -= matrix[inner * size + row] * solution[inner]
            }
            solution[row] /= matrix[row * size + row]
        }
        return solution
    }
}
