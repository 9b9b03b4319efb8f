import Arrays

extension Tensor {
    /// The sum of all elements, a single number.
    public func sum() -> Tensor {
        primitive(.sum, [self], value: NDArray(repeating: Scalar(array.sum()), shape: [])) {
            [shape] g in
            [NDArray(repeating: g.scalar, shape: shape)]
        }
    }

    /// The mean of all elements, a single number.
    public func mean() -> Tensor {
        let count = array.count
        let value = NDArray(repeating: Scalar(array.sum() / Double(count)), shape: [])
        return primitive(.mean, [self], value: value) { [shape] g in
            [NDArray(repeating: g.scalar / Scalar(count), shape: shape)]
        }
    }

    /// The sum along an axis, which disappears.
    public func sum(axis: Int) -> Tensor {
        let extent = shape[axis]
        return primitive(.sumAlongAxis, [self], value: array.sum(axis: axis)) { g in
            [g.repeated(extent, axis: axis)]
        }
    }

    /// The mean along an axis, which disappears.
    public func mean(axis: Int) -> Tensor {
        sum(axis: axis) * (1 / Scalar(shape[axis]))
    }

    /// Running sums along an axis, from its start or, reversed, from its end.
    public func cumulativeSum(axis: Int, reversed: Bool = false) -> Tensor {
        let value = array.cumulativeSum(axis: axis, reversed: reversed)
        return primitive(.cumulativeSum, [self], value: value) { g in
            [g.cumulativeSum(axis: axis, reversed: !reversed)]
        }
    }
}
