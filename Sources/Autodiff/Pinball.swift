import Arrays

extension Tensor {
    /// The mean pinball loss over rows and levels, a single number; rows may have weights.
    ///
    /// With weights w it is the sum of w times a row's mean over levels, divided by the sum of w.
    /// Labels, weights and levels are constants.
    ///
    /// Shape: forecasts `[row, level]`, labels `[row]`, weights `[row]`, levels `[level]`.
    /// Source: Koenker and Bassett, "Regression Quantiles", 1978.
    public static func pinball(
        forecasts: Tensor, labels: NDArray<Scalar>, weights: NDArray<Scalar>? = nil,
        levels: NDArray<Scalar>
    ) -> Tensor {
        let (rows, levelCount) = (forecasts.array.rows, forecasts.array.columns)
        precondition(
            labels.count == rows && levels.count == levelCount
                && weights.map { $0.count == rows } ?? true,
            "pinball: forecasts \(forecasts.shape), labels \(labels.shape), "
                + "weights \(weights?.shape ?? []), levels \(levels.shape)")
        let totalWeight = weights?.sum() ?? Double(rows)
        // Rows that all have weight 0 say nothing: no loss and no derivative.
        let scale = totalWeight == 0 ? 0 : Scalar(1 / (totalWeight * Double(levelCount)))
        var loss = 0.0
        let derivative = NDArray<Scalar>(shape: forecasts.shape) { derivative in
            forecasts.array.withUnsafePointer { forecasts in
                labels.withUnsafePointer { labels in
                    levels.withUnsafePointer { levels in
                        func evaluate(_ weights: UnsafePointer<Scalar>?) {
                            loss = Scalar.pinball(
                                forecasts: forecasts, labels: labels, weights: weights,
                                levels: levels, scale: scale, derivative: derivative, rows: rows,
                                levelCount: levelCount)
                        }
                        if let weights {
                            weights.withUnsafePointer { evaluate($0) }
                        } else {
                            evaluate(nil)
                        }
                    }
                }
            }
        }
        let value = NDArray(repeating: Scalar(loss), shape: [])
        return primitive(.pinball, [forecasts], value: value) { g in
            [g.scalar == 1 ? derivative : derivative.affine(scale: g.scalar)]
        }
    }
}
