import Arrays
import Autodiff
import Quantiles
import Random
import Testing

/// Pinball is defined once, in Quantiles; the fused kernel that training uses must be that.
@Suite struct PinballKernelTests {
    private func check<Scalar: Arrays.Scalar>(_ type: Scalar.Type, tolerance: Double) {
        var stream = RandomStream(seed: 3)
        let levels = QuantileLevels.standard.values
        for rows in [1, 7, 64] {
            // Labels that equal a forecast are the ties of the definition.
            let forecasts = (0..<rows * levels.count).map { _ in
                Scalar((stream.normal() * 4).rounded() / 4)
            }
            let labels = (0..<rows).map { _ in Scalar((stream.normal() * 4).rounded() / 4) }
            let weights = (0..<rows).map { Scalar($0 % 3) + 0.5 }
            var plain = 0.0
            var weighted = 0.0
            for row in 0..<rows {
                for (index, level) in levels.enumerated() {
                    let loss = pinball(
                        label: Double(labels[row]),
                        forecast: Double(forecasts[row * levels.count + index]), level: level)
                    plain += loss
                    weighted += Double(weights[row]) * loss
                }
            }
            plain /= Double(rows * levels.count)
            weighted /= weights.reduce(0) { $0 + Double($1) } * Double(levels.count)
            func fused(_ weights: NDArray<Scalar>?) -> Double {
                Double(
                    Tensor.pinball(
                        forecasts: Tensor(NDArray(forecasts, shape: [rows, levels.count])),
                        labels: NDArray(labels), weights: weights,
                        levels: NDArray(levels.map { Scalar($0) })
                    ).array.scalar)
            }
            #expect(abs(fused(nil) - plain) <= tolerance * plain)
            #expect(abs(fused(NDArray(weights)) - weighted) <= tolerance * weighted)
        }
    }

    @Test("The fused kernel equals the plain function, in Float and Double")
    func fusedEqualsPlain() {
        check(Float.self, tolerance: 1e-6)
        check(Double.self, tolerance: 1e-13)
    }
}
