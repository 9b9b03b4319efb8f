extension NDArray {
    /// The extents before, at and after an axis: any array is `[outer, axis, inner]`.
    private func extents(around axis: Int) -> (outer: Int, axis: Int, inner: Int) {
        precondition(
            shape.indices.contains(axis), "axis \(axis) of an array of shape \(shape)")
        return (
            shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *)
        )
    }

    /// The part of an axis within a range.
    public func slice(axis: Int, _ range: Range<Int>) -> NDArray {
        let (outer, extent, inner) = extents(around: axis)
        precondition(
            range.lowerBound >= 0 && range.upperBound <= extent,
            "slice: \(range) of axis \(axis) of shape \(shape)")
        var newShape = shape
        newShape[axis] = range.count
        let run = range.count * inner
        return NDArray(shape: newShape) { out in
            withUnsafePointer { x in
                for o in 0..<outer {
                    (out + o * run).update(
                        from: x + (o * extent + range.lowerBound) * inner, count: run)
                }
            }
        }
    }

    /// Zeros of `shape` with this array in a range of an axis: the derivative of `slice`.
    public func embedded(in shape: [Int], axis: Int, at start: Int) -> NDArray {
        var result = NDArray(repeating: 0, shape: shape)
        let (outer, extent, inner) = extents(around: axis)
        let newExtent = shape[axis]
        withUnsafePointer { x in
            result.withUnsafeMutablePointer { out in
                for o in 0..<outer {
                    (out + (o * newExtent + start) * inner).update(
                        from: x + o * extent * inner, count: extent * inner)
                }
            }
        }
        return result
    }

    /// Arrays joined along an axis; all other extents must agree.
    public static func concatenate(_ arrays: [NDArray], axis: Int) -> NDArray {
        precondition(!arrays.isEmpty, "concatenate: no arrays")
        var shape = arrays[0].shape
        for array in arrays {
            var expected = array.shape
            precondition(
                expected.indices.contains(axis),
                "concatenate: axis \(axis) of an array of shape \(expected)")
            expected[axis] = shape[axis]
            precondition(
                expected == shape,
                "concatenate: shapes \(arrays[0].shape) and \(array.shape) along axis \(axis)")
        }
        shape[axis] = arrays.reduce(0) { $0 + $1.shape[axis] }
        let total = shape[axis]
        return NDArray(shape: shape) { out in
            var start = 0
            for array in arrays {
                let (outer, extent, inner) = array.extents(around: axis)
                array.withUnsafePointer { x in
                    for o in 0..<outer {
                        (out + (o * total + start) * inner).update(
                            from: x + o * extent * inner, count: extent * inner)
                    }
                }
                start += extent
            }
        }
    }

    /// Running sums along an axis, from its start or, reversed, from its end.
    public func cumulativeSum(axis: Int, reversed: Bool = false) -> NDArray {
        let (outer, extent, inner) = extents(around: axis)
        return NDArray(shape: shape) { out in
            withUnsafePointer {
                Element.cumulativeSum(
                    $0, into: out, outer: outer, extent: extent, inner: inner, reversed: reversed)
            }
        }
    }

    /// The sum along an axis, which disappears.
    public func sum(axis: Int) -> NDArray {
        let (outer, extent, inner) = extents(around: axis)
        var newShape = shape
        newShape.remove(at: axis)
        return NDArray(shape: newShape) { out in
            withUnsafePointer { x in
                for o in 0..<outer {
                    Element.sumColumns(
                        x + o * extent * inner, rows: extent, columns: inner, accumulating: false,
                        into: out + o * inner)
                }
            }
        }
    }

    /// Each element repeated `extent` times along a new axis: the derivative of `sum(axis:)`.
    public func repeated(_ extent: Int, axis: Int, scale: Element = 1) -> NDArray {
        var newShape = shape
        newShape.insert(extent, at: axis)
        let outer = newShape[..<axis].reduce(1, *)
        let inner = newShape[(axis + 1)...].reduce(1, *)
        return NDArray(shape: newShape) { out in
            withUnsafePointer { x in
                for o in 0..<outer {
                    for e in 0..<extent {
                        Element.affine(
                            scale, 0, x + o * inner, into: out + (o * extent + e) * inner,
                            count: inner)
                    }
                }
            }
        }
    }

    /// Rows of the first axis, by index.
    ///
    /// Shape: `[n, …]` and m indices to `[m, …]`.
    public func gathered(_ indices: [Int]) -> NDArray {
        let (_, extent, inner) = extents(around: 0)
        return NDArray(shape: [indices.count] + shape.dropFirst()) { out in
            withUnsafePointer { x in
                for (position, index) in indices.enumerated() {
                    precondition(
                        index >= 0 && index < extent, "gather: row \(index) of shape \(shape)")
                    (out + position * inner).update(from: x + index * inner, count: inner)
                }
            }
        }
    }

    /// Zeros of `shape` with each row added at its index, in order: the derivative of `gathered`.
    public func scattered(_ indices: [Int], into shape: [Int]) -> NDArray {
        var result = NDArray(repeating: 0, shape: shape)
        let inner = shape.dropFirst().reduce(1, *)
        withUnsafePointer { x in
            result.withUnsafeMutablePointer { out in
                for (position, index) in indices.enumerated() {
                    Element.addScaled(
                        1, x + position * inner, to: out + index * inner, count: inner)
                }
            }
        }
        return result
    }

    /// The matrix with rows and columns exchanged.
    ///
    /// Shape: `[m, n]` to `[n, m]`.
    public func transposed() -> NDArray {
        precondition(rank == 2, "transpose: shape \(shape) is not a matrix")
        let (m, n) = (shape[0], shape[1])
        return NDArray(shape: [n, m]) { out in
            withUnsafePointer { Element.transpose($0, into: out, rows: m, columns: n) }
        }
    }

    /// The array with its first two axes exchanged: from a batch of sequences to a sequence of
    /// batches, and back.
    ///
    /// Shape: `[m, n, …]` to `[n, m, …]`.
    public func exchangingLeadingAxes() -> NDArray {
        precondition(rank >= 2, "exchange of axes: shape \(shape) has no second one")
        let (m, n, inner) = (shape[0], shape[1], shape[2...].reduce(1, *))
        let newShape = [n, m] + shape[2...]
        guard m > 1, n > 1 else { return reshaped(to: newShape) }
        return NDArray(shape: newShape) { out in
            withUnsafePointer { x in
                for j in 0..<n {
                    for i in 0..<m {
                        (out + (j * m + i) * inner).update(
                            from: x + (i * n + j) * inner, count: inner)
                    }
                }
            }
        }
    }

    /// Sequences with zeros beyond their lengths.
    ///
    /// Shape: `[batch, time, …]` and a length for each row of the batch.
    public func truncated(to lengths: [Int]) -> NDArray {
        precondition(
            rank >= 2 && lengths.count == shape[0],
            "truncate: \(lengths.count) lengths for shape \(shape)")
        let (time, inner) = (shape[1], shape[2...].reduce(1, *))
        var result = self
        result.withUnsafeMutablePointer { out in
            for (row, length) in lengths.enumerated() where length < time {
                (out + (row * time + max(length, 0)) * inner).update(
                    repeating: 0, count: (time - max(length, 0)) * inner)
            }
        }
        return result
    }
}
