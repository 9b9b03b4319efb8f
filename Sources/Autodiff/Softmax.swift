import Arrays

extension Tensor {
    /// `exp(x)` over its sum along the last axis.
    ///
    /// - Parameter mask: Of the same shape; where it is zero, so is the result, and x, which must be
    ///   finite, is not used. A row that is masked throughout is zero.
    public func softmax(mask: NDArray<Scalar>? = nil) -> Tensor {
        precondition(
            mask.map { $0.shape == shape } ?? true,
            "softmax: x \(shape), mask \(mask?.shape ?? [])")
        let (rows, columns) = (array.rows, array.columns)
        let value = NDArray<Scalar>(shape: shape) { y in
            withPointers(array, mask ?? NDArray(repeating: 1, shape: shape)) { x, mask in
                Scalar.softmax(x, mask: mask, into: y, rows: rows, columns: columns)
            }
        }
        return primitive(.softmax, [self], value: value) { g in
            let dx = NDArray<Scalar>(shape: g.shape) { dx in
                withPointers(value, g) { y, g in
                    Scalar.softmaxDerivative(y: y, g: g, into: dx, rows: rows, columns: columns)
                }
            }
            return [dx]
        }
    }
}
