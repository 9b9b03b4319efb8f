import Arrays

extension Tensor {
    /// Each row to mean 0 and variance 1 (biased), times `gain` plus `bias`.
    ///
    /// Shape: `[…, n]`, gain and bias `[n]`, to `[…, n]`.
    /// Source: Ba, Kiros, Hinton, "Layer Normalization", 2016.
    public func layerNorm(gain: Tensor, bias: Tensor, epsilon: Scalar = 1e-5) -> Tensor {
        let (rows, columns) = (array.rows, array.columns)
        precondition(
            gain.shape == [columns] && bias.shape == [columns],
            "layer norm: gain \(gain.shape) and bias \(bias.shape) for rows of \(columns)")
        var mean = NDArray<Scalar>(repeating: 0, shape: [rows])
        var deviation = mean
        let value = NDArray(shape: shape) { y in
            withPointers(array, gain.array, bias.array) { x, gain, bias in
                mean.withUnsafeMutablePointer { mean in
                    deviation.withUnsafeMutablePointer { deviation in
                        Scalar.layerNorm(
                            x, gain: gain, bias: bias, epsilon: epsilon, into: y, mean: mean,
                            reciprocalDeviation: deviation, rows: rows, columns: columns)
                    }
                }
            }
        }
        return primitive(.layerNorm, [self, gain, bias], value: value) {
            [array, mean, deviation] g in
            var dGain = NDArray<Scalar>(repeating: 0, shape: [columns])
            var dBias = dGain
            let dx = NDArray(shape: array.shape) { dx in
                withPointers(array, gain.array, g) { x, gain, g in
                    withPointers(mean, deviation, deviation) { mean, deviation, _ in
                        dGain.withUnsafeMutablePointer { dGain in
                            dBias.withUnsafeMutablePointer { dBias in
                                Scalar.layerNormDerivative(
                                    x, gain: gain, mean: mean, reciprocalDeviation: deviation,
                                    g: g, into: dx, dGain: dGain, dBias: dBias, rows: rows,
                                    columns: columns)
                            }
                        }
                    }
                }
            }
            return [dx, dGain, dBias]
        }
    }
}
