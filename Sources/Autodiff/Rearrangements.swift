import Arrays

extension Tensor {
    /// The same elements in another shape.
    public func reshaped(to newShape: [Int]) -> Tensor {
        primitive(.reshape, [self], value: array.reshaped(to: newShape)) { [shape] g in
            [g.reshaped(to: shape)]
        }
    }

    /// The matrix with rows and columns exchanged.
    public func transposed() -> Tensor {
        primitive(.transpose, [self], value: array.transposed()) { g in [g.transposed()] }
    }

    /// The first two axes exchanged: from a batch of sequences to a sequence of batches, and back.
    ///
    /// Shape: `[m, n, …]` to `[n, m, …]`.
    public func exchangingLeadingAxes() -> Tensor {
        primitive(.exchangeLeadingAxes, [self], value: array.exchangingLeadingAxes()) { g in
            [g.exchangingLeadingAxes()]
        }
    }

    /// Sequences with zeros beyond their lengths, whatever was there.
    ///
    /// Shape: `[batch, time, …]` and a length for each row of the batch.
    public func truncated(to lengths: [Int]) -> Tensor {
        primitive(.truncate, [self], value: array.truncated(to: lengths)) { g in
            [g.truncated(to: lengths)]
        }
    }

    /// Tensors joined along an axis; all other extents must agree.
    public static func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor {
        let value = NDArray.concatenate(tensors.map(\.array), axis: axis)
        let extents = tensors.map { $0.shape[axis] }
        return primitive(.concatenate, tensors, value: value) { g in
            var start = 0
            return extents.map { extent in
                defer { start += extent }
                return g.slice(axis: axis, start..<start + extent)
            }
        }
    }

    /// The part of an axis within a range.
    public func slice(axis: Int, _ range: Range<Int>) -> Tensor {
        primitive(.slice, [self], value: array.slice(axis: axis, range)) { [shape] g in
            [g.embedded(in: shape, axis: axis, at: range.lowerBound)]
        }
    }

    /// Rows of the first axis, by index; an index may occur often.
    public func gathered(_ indices: [Int]) -> Tensor {
        primitive(.gather, [self], value: array.gathered(indices)) { [shape] g in
            [g.scattered(indices, into: shape)]
        }
    }
}
