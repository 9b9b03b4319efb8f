import Arrays

/// What a network's forecasts are of.
public enum ForecastTarget: String, CaseIterable, Sendable, Codable {
    /// The label itself.
    case label
    /// The label's distance from the row's reference, in units of the row's scale, cut at 30 of
    /// them in training.
    case residual

    /// The largest residual that training sees, in units of the scale: a bad print must not decide
    /// what a network learns.
    public static let largestResidual: Float = 30

    /// A residual as training sees it.
    public static func clipped(_ residual: Float) -> Float {
        min(max(residual, -largestResidual), largestResidual)
    }
}

/// What the residuals of some rows are measured from and in. Shape: `[row]` each, scales above 0.
public struct ReferenceRows: Sendable {
    public var references: [Float]
    public var scales: [Float]

    public init(references: [Float], scales: [Float]) {
        precondition(
            references.count == scales.count,
            "ReferenceRows: \(references.count) references, \(scales.count) scales")
        self.references = references
        self.scales = scales
    }

    /// From residuals to labels: `reference + scale residual`, computed in double precision, so
    /// that order is kept and only the last rounding is lost.
    ///
    /// - Parameter repeats: Neighbouring rows of the residuals that share a reference.
    /// Shape: `[row x repeats, level]` to the same.
    func labels(of residuals: NDArray<Float>, repeats: Int = 1) -> NDArray<Float> {
        let (rows, levels) = (residuals.rows, residuals.columns)
        precondition(
            rows == references.count * repeats,
            "ReferenceRows: \(references.count) for \(rows) rows of \(repeats) each")
        return NDArray(shape: residuals.shape) { out in
            residuals.withUnsafePointer { residuals in
                for row in 0..<rows {
                    let reference = Double(references[row / repeats])
                    let scale = Double(scales[row / repeats])
                    for index in row * levels..<(row + 1) * levels {
                        out[index] = Float(reference + scale * Double(residuals[index]))
                    }
                }
            }
        }
    }
}
