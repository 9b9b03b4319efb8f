import Arrays

/// The label's own unit: what a network forecasts is `(label - mean) / deviation`.
public struct LabelScaling: Sendable, Equatable {
    public let mean: Float
    public let deviation: Float

    public init(mean: Float, deviation: Float) {
        self.mean = mean
        self.deviation = deviation
    }

    /// Learns from training labels, which must not be constant, each counting by its weight.
    public init(fitting labels: [Float], weights: [Float]? = nil) {
        let weights = weights.map { $0.map(Double.init) }
        func mean(_ value: (Double) -> Double) -> Double {
            var (sum, total) = (0.0, 0.0)
            for (index, label) in labels.enumerated() {
                let weight = weights?[index] ?? 1
                sum += weight * value(Double(label))
                total += weight
            }
            return sum / total
        }
        let centre = mean { $0 }
        let variance = mean { ($0 - centre) * ($0 - centre) }
        self.init(mean: Float(centre), deviation: Float(variance.squareRoot()))
    }

    /// Whether single precision can tell labels apart: beyond a mean of 100,000 deviations it
    /// rounds them to less than a hundredth of a deviation.
    public var isResolved: Bool { abs(mean) <= 1e5 * deviation }

    /// Whether forecasts of a thousand deviations from the mean are numbers of single precision.
    public var hasRoom: Bool { (abs(mean) + 1_000 * deviation).isFinite }

    public func scaled(_ label: Float) -> Float { (label - mean) / deviation }

    /// From scaled forecasts back to the label's unit; keeps order.
    public func unscaled(_ forecasts: NDArray<Float>) -> NDArray<Float> {
        forecasts.affine(scale: deviation, offset: mean)
    }
}
