import Arrays

extension Tensor {
    /// The matrix product, each operand transposed where asked.
    ///
    /// Shape: `[…, k]` by `[k, n]` to `[…, n]`; a transposed operand is given with its last two
    /// axes exchanged and, on the left, must be a matrix.
    public static func matrixProduct(
        _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false
    ) -> Tensor {
        let value = NDArray.matrixProduct(
            a.array, b.array, transposeA: transposeA, transposeB: transposeB)
        return primitive(.matrixProduct, [a, b], value: value) { g in
            let byA = {
                transposeA
                    ? NDArray.matrixProduct(b.array, g, transposeA: transposeB, transposeB: true)
                    : NDArray.matrixProduct(g, b.array, transposeB: !transposeB)
            }
            let byB = {
                transposeB
                    ? NDArray.matrixProduct(g, a.array, transposeA: true, transposeB: transposeA)
                    : NDArray.matrixProduct(a.array, g, transposeA: !transposeA)
            }
            return [
                a.isTracked ? byA().reshaped(to: a.shape) : nil,
                b.isTracked ? byB().reshaped(to: b.shape) : nil,
            ]
        }
    }

    /// `x weight + bias`, in one pass.
    ///
    /// Shape: `[…, in]` by `[in, out]` plus `[out]` to `[…, out]`.
    public static func linear(_ x: Tensor, weight: Tensor, bias: Tensor) -> Tensor {
        let value = NDArray.matrixProduct(x.array, weight.array, bias: bias.array)
        return primitive(.linear, [x, weight, bias], value: value) { g in
            [
                x.isTracked ? NDArray.matrixProduct(g, weight.array, transposeB: true) : nil,
                weight.isTracked ? NDArray.matrixProduct(x.array, g, transposeA: true) : nil,
                bias.isTracked ? g.sumOverRows() : nil,
            ]
        }
    }
}
