import Arrays

/// The label's own unit: what a network forecasts is `(label - mean) / deviation`.
public struct LabelScaling: Sendable, Equatable {
    public let mean: Float
    public let deviation: Float

    public init(mean: Float, deviation: Float) {
        self.mean = mean
        self.deviation = deviation
    }

    /// Learns from training labels, which must not be constant.
    public init(fitting labels: some Collection<Float>) {
        let count = Double(labels.count)
        let mean = labels.reduce(0.0) { $0 + Double($1) } / count
        let variance = labels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        self.init(mean: Float(mean), deviation: Float(variance.squareRoot()))
    }

    public func scaled(_ label: Float) -> Float { (label - mean) / deviation }

    /// From scaled forecasts back to the label's unit; keeps order.
    public func unscaled(_ forecasts: NDArray<Float>) -> NDArray<Float> {
        forecasts.affine(scale: deviation, offset: mean)
    }
}
