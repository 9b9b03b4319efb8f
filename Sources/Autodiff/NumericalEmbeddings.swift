import Arrays

extension Tensor {
    /// A row for each number's piecewise-linear code times its feature's own matrix, plus a bias.
    ///
    /// A code is ones for the bins below a number, a fraction for its own, zeros above; so the
    /// product is the sum of the matrix's rows below plus a fraction of one row. The sums are made
    /// once, and each number costs two rows instead of a matrix.
    ///
    /// Shape: positions `[batch, feature]`, in bins, constants; weight `[bin, width]`, the bins of
    /// all features; `starts` says where each feature's bins begin and, last, where they all end;
    /// bias `[feature, width]`; to `[batch, feature, width]`.
    public static func binEmbedding(
        positions: NDArray<Scalar>, weight: Tensor, starts: [Int], bias: Tensor
    ) -> Tensor {
        let (rows, features) = (positions.rows, positions.columns)
        let width = weight.array.columns
        precondition(
            starts.count == features + 1 && weight.shape == [starts[features], width]
                && bias.shape == [features, width]
                && zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 },
            "bin embedding: positions \(positions.shape), weight \(weight.shape), "
                + "bias \(bias.shape), starts of \(starts.count - 1) features")
        let below = weight.array.binSums(starts: starts, reversed: false)
        let value = NDArray<Scalar>(shape: [rows, features, width]) { y in
            withPointers(positions, weight.array) { positions, weight in
                withPointers(below, bias.array) { below, bias in
                    Scalar.binEmbedding(
                        positions, weight: weight, below: below, starts: starts, bias: bias,
                        into: y, rows: rows, features: features, width: width)
                }
            }
        }
        return primitive(.binEmbedding, [weight, bias], value: value) { g in
            var dBelow = NDArray<Scalar>(repeating: 0, shape: weight.shape)
            var dWeight = dBelow
            withMutablePointers(&dBelow, &dWeight) { dBelow, dWeight in
                withPointers(positions, g) { positions, g in
                    Scalar.binEmbeddingDerivative(
                        positions, g: g, starts: starts, dBelow: dBelow, dWeight: dWeight,
                        rows: rows, features: features, width: width)
                }
            }
            dWeight.add(dBelow.binSums(starts: starts, reversed: true))
            return [dWeight, g.sum(axis: 0)]
        }
    }

    /// The cosines, then the sines, of `2 π frequency x`, feature by feature.
    ///
    /// Shape: x `[batch, feature]`, frequency `[feature, n]`, to `[feature, batch, 2 n]`.
    public func waves(frequency: Tensor) -> Tensor {
        let (rows, features, count) = (array.rows, array.columns, frequency.array.columns)
        precondition(
            shape.count == 2 && frequency.shape == [features, count],
            "waves: x \(shape), frequency \(frequency.shape)")
        let value = NDArray<Scalar>(shape: [features, rows, 2 * count]) { waves in
            withPointers(array, frequency.array) { x, frequency in
                Scalar.waves(
                    x, frequency: frequency, into: waves, rows: rows, features: features,
                    count: count)
            }
        }
        return primitive(.waves, [self, frequency], value: value) { [array] g in
            var dx = NDArray<Scalar>.uninitialized(shape: array.shape)
            var dFrequency = NDArray<Scalar>.uninitialized(shape: frequency.shape)
            withMutablePointers(&dx, &dFrequency) { dx, dFrequency in
                withPointers(array, frequency.array) { x, frequency in
                    withPointers(value, g) { waves, g in
                        Scalar.wavesDerivative(
                            x, frequency: frequency, waves: waves, g: g, into: dx,
                            dFrequency: dFrequency, rows: rows, features: features, count: count)
                    }
                }
            }
            return [dx, dFrequency]
        }
    }
}

extension NDArray {
    /// For every bin, the sum of the rows of its feature's bins below it or, reversed, above it.
    fileprivate func binSums(starts: [Int], reversed: Bool) -> NDArray {
        NDArray(shape: shape) { sums in
            withUnsafePointer { x in
                Element.binSums(
                    x, starts: starts, reversed: reversed, into: sums, features: starts.count - 1,
                    width: columns)
            }
        }
    }
}
