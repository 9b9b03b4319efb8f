import Files

/// Finds the parameters under which a tape's prints are likeliest, by their prediction errors.
///
/// Each print has an innovation with a variance; the parameters maximise the likelihood of the
/// innovations as independent Student t variables of four degrees of freedom, which a few outliers
/// cannot rule (the Gaussian likelihood's parameters are its own where the world is Gaussian, up to a
/// factor that all variances share and quantiles learned from residuals take up). Steps are Fisher's
/// scoring with Levenberg's damping; derivatives are differences, computed on all cores.
/// Source: A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989),
/// section 3.4.
public struct KalmanFit: Sendable {
    private let prints: [MarketPrint]
    private let blocks: [Int]
    private let ratingGroups: Int
    private let sectorGroups: Int
    /// Prints that count: those of bonds with some before.
    private let scored: [Bool]

    /// - Parameters:
    ///   - prints: in the order in which they were reported.
    ///   - blocks: the number of the issuer of each bond.
    public init(
        prints: [MarketPrint], blocks: [Int], ratingGroups: Int, sectorGroups: Int
    ) {
        self.prints = prints
        self.blocks = blocks
        self.ratingGroups = ratingGroups
        self.sectorGroups = sectorGroups
        var seen = [Int](repeating: 0, count: blocks.count)
        scored = prints.map { print in
            seen[print.bond] += 1
            return seen[print.bond] > 2
        }
    }

    /// How many prints count.
    public var count: Int { scored.count { $0 } }

    /// What a fit came to.
    public struct Result: Sendable {
        public var parameters: KalmanParameters
        /// Mean negative log-likelihood a print, up to a constant.
        public var loss: Double
        public var steps: Int
    }

    /// Climbs from some parameters until a step gains nothing worth having.
    /// - Parameter progress: called with each step's number and loss; may throw to stop.
    public func run(
        from start: KalmanParameters = KalmanParameters(), largestSteps: Int = 15,
        progress: (Int, Double) throws -> Void = { _, _ in }
    ) throws -> Result {
        let origin = start.fitted
        var best = Point(fitted: origin, errors: errors(start))
        best.loss = loss(best, origin)
        var damping = 1e-3
        var steps = 0
        while steps < largestSteps, damping < 1e6 {
            try progress(steps, best.loss)
            let (gradient, curvature) = derivatives(at: best, start, origin)
            var gained = 0.0
            while damping < 1e6 {
                guard let step = Self.solve(curvature, gradient, damping: damping) else {
                    damping *= 10
                    continue
                }
                let moved = zip(best.fitted, step).map { $0 - min(max($1, -1), 1) }
                var next = Point(fitted: moved, errors: errors(start.setting(moved)))
                next.loss = loss(next, origin)
                if next.loss < best.loss {
                    gained = best.loss - next.loss
                    best = next
                    damping = max(damping / 10, 1e-6)
                    break
                }
                damping *= 10
            }
            steps += 1
            if gained < 1e-5 { break }
        }
        return Result(
            parameters: start.setting(best.fitted), loss: best.loss, steps: steps)
    }

    /// The innovations under some parameters and the logarithms of their variances.
    private struct Errors: Sendable {
        var innovations: [Double] = []
        var logVariances: [Double] = []
    }

    private struct Point {
        var fitted: [Double]
        var errors: Errors
        var loss = Double.infinity
    }

    private func errors(_ parameters: KalmanParameters) -> Errors {
        var filter = MarketFilter(
            parameters, blocks: blocks, ratingGroups: ratingGroups, sectorGroups: sectorGroups)
        var errors = Errors()
        for (index, print) in prints.enumerated() {
            let update = filter.observe(print)
            guard scored[index] else { continue }
            errors.innovations.append(update.innovation)
            errors.logVariances.append(update.variance.logarithm)
        }
        return errors
    }

    private static let freedom = 4.0
    /// A prior so wide that it only holds what the data say nothing of.
    private static let priorDeviation = 3.0

    private func loss(_ point: Point, _ origin: [Double]) -> Double {
        var sum = 0.0
        for (innovation, logVariance) in zip(point.errors.innovations, point.errors.logVariances) {
            let square = innovation * innovation * (-logVariance).exponential
            sum +=
                logVariance / 2 + (Self.freedom + 1) / 2 * (1 + square / Self.freedom).logarithm
        }
        for (value, start) in zip(point.fitted, origin) {
            let distance = (value - start) / Self.priorDeviation
            sum += distance * distance / 2
        }
        let mean = sum / Double(max(1, point.errors.innovations.count))
        return mean.isNaN ? .infinity : mean
    }

    /// The gradient of the summed loss and Fisher's information.
    private func derivatives(
        at point: Point, _ start: KalmanParameters, _ origin: [Double]
    ) -> (gradient: [Double], curvature: [[Double]]) {
        let size = point.fitted.count
        let step = 0.02
        let moved = Parallel.map(count: size) { index -> Errors in
            var fitted = point.fitted
            fitted[index] += step
            return errors(start.setting(fitted))
        }
        var gradient = [Double](repeating: 0, count: size)
        var curvature = [[Double]](repeating: gradient, count: size)
        var ofMean = gradient
        var ofScale = gradient
        for row in point.errors.innovations.indices {
            let innovation = point.errors.innovations[row]
            let logVariance = point.errors.logVariances[row]
            let precision = (-logVariance).exponential
            let square = innovation * innovation * precision
            let weight = (Self.freedom + 1) / (Self.freedom + square)
            for index in 0..<size {
                ofMean[index] = (moved[index].innovations[row] - innovation) / step
                ofScale[index] = (moved[index].logVariances[row] - logVariance) / step
                gradient[index] +=
                    ofScale[index] * (1 - weight * square) / 2
                    + weight * innovation * precision * ofMean[index]
            }
            let meanInformation = (Self.freedom + 1) / (Self.freedom + 3) * precision
            let scaleInformation = Self.freedom / (Self.freedom + 3) / 2
            for index in 0..<size {
                for other in 0...index {
                    curvature[index][other] +=
                        meanInformation * ofMean[index] * ofMean[other]
                        + scaleInformation * ofScale[index] * ofScale[other]
                }
            }
        }
        let prior = 1 / (Self.priorDeviation * Self.priorDeviation)
        for index in 0..<size {
            gradient[index] += prior * (point.fitted[index] - origin[index])
            curvature[index][index] += prior
            for other in 0..<index { curvature[other][index] = curvature[index][other] }
        }
        return (gradient, curvature)
    }

    /// Solves `(C + damping diag C) x = g` by Cholesky; nil where that is not positive definite.
    private static func solve(
        _ curvature: [[Double]], _ gradient: [Double], damping: Double
    ) -> [Double]? {
        let size = gradient.count
        var factor = curvature
        for row in 0..<size {
            for column in 0...row {
                var sum = curvature[row][column] * (row == column ? 1 + damping : 1)
                for inner in 0..<column { sum -= factor[row][inner] * factor[column][inner] }
                if row == column {
                    guard sum > 0 else { return nil }
                    factor[row][row] = sum.squareRoot()
                } else {
                    factor[row][column] = sum / factor[column][column]
                }
            }
        }
        var solution = gradient
        for row in 0..<size {
            for inner in 0..<row { solution[row] -= factor[row][inner] * solution[inner] }
            solution[row] /= factor[row][row]
        }
        for row in (0..<size).reversed() {
            for inner in row + 1..<size { solution[row] -= factor[inner][row] * solution[inner] }
            solution[row] /= factor[row][row]
        }
        return solution
    }
}

extension KalmanParameters {
    /// A parameter that is fitted: sizes by their logarithm, exponents as they are.
    private struct Fitted: Sendable {
        let path: any WritableKeyPath<KalmanParameters, Double> & Sendable
        let isSize: Bool
    }

    private static let fittedParameters: [Fitted] = {
        let sizes: [any WritableKeyPath<KalmanParameters, Double> & Sendable] = [
            \.issuerVariance, \.issuerCurveVariance, \.bondVariance, \.highYieldShare,
            \.ratingVariance, \.sectorVariance, \.creditLoading, \.highYieldCreditLoading,
            \.halfSpread.fixed, \.halfSpread.perDV01, \.halfSpread.perSpread, \.halfSpread.small,
            \.halfSpread.large, \.noise.fixed, \.noise.perDV01, \.noise.perSpread, \.noise.small,
            \.noise.large,
        ]
        let exponents: [any WritableKeyPath<KalmanParameters, Double> & Sendable] = [
            \.halfSpread.amount, \.halfSpread.age, \.halfSpread.ats, \.halfSpread.bid,
            \.noise.amount, \.noise.age, \.noise.ats,
        ]
        return sizes.map { Fitted(path: $0, isSize: true) }
            + exponents.map { Fitted(path: $0, isSize: false) }
    }()

    /// The fitted parameters as numbers without bounds.
    var fitted: [Double] {
        Self.fittedParameters.map {
            let value = self[keyPath: $0.path]
            return $0.isSize ? max(value, 1e-12).logarithm : value
        }
    }

    /// The same parameters with those that are fitted replaced.
    func setting(_ fitted: [Double]) -> KalmanParameters {
        var parameters = self
        for (parameter, value) in zip(Self.fittedParameters, fitted) {
            parameters[keyPath: parameter.path] =
                parameter.isSize ? min(value, 20).exponential : min(max(value, -3), 3)
        }
        return parameters
    }
}
