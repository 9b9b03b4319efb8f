import COpenBLAS

/// The linear algebra library underneath.
public enum BLAS {
    /// The kernels that the library picked for this CPU, such as `SkylakeX` or `Haswell`.
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// The library's version and build options.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// How many threads a matrix product may use.
    public static var threadCount: Int { Int(openblas_get_num_threads()) }

    /// Sets how many threads a matrix product may use, for the whole process.
    public static func setThreadCount(_ count: Int) {
        precondition(count > 0, "BLAS: \(count) threads; at least one is needed")
        openblas_set_num_threads(Int32(count))
    }
}

/// The arithmetic of a matrix product.
public enum MatrixPrecision: Sendable {
    /// Inputs, products and sums in the element's own type.
    case native
}

extension NDArray {
    /// The product of two matrices, each transposed where asked.
    ///
    /// Leading axes of an operand that is not transposed count as rows: `[batch, time, k]` times
    /// `[k, n]` is `[batch, time, n]`.
    ///
    /// Shape: `[…, k]` by `[k, n]` (or `[n, k]` transposed) to `[…, n]`; a transposed left operand
    /// is `[…, m]`, seen as `[rows, m]`, and gives `[m, n]`.
    ///
    /// - Parameter bias: A row `[n]` that each row of the product starts from.
    public static func matrixProduct(
        _ a: NDArray, _ b: NDArray, transposeA: Bool = false, transposeB: Bool = false,
        bias: NDArray? = nil, precision: MatrixPrecision = .native
    ) -> NDArray {
        let m = transposeA ? a.columns : a.rows
        let k = transposeA ? a.rows : a.columns
        let n = transposeB ? b.rows : b.columns
        precondition(
            k == (transposeB ? b.columns : b.rows),
            "matrix product: \(a.shape)\(transposeA ? " transposed" : "") by "
                + "\(b.shape)\(transposeB ? " transposed" : "")")
        precondition(
            bias.map { $0.count == n } ?? true,
            "matrix product: a bias of shape \(bias?.shape ?? []) for \(n) columns")
        let shape = transposeA ? [m, n] : Array(a.shape.dropLast()) + [n]
        return NDArray(shape: shape) { c in
            bias?.withUnsafePointer { row in
                for r in 0..<m { (c + r * n).update(from: row, count: n) }
            }
            a.withUnsafePointer { a in
                b.withUnsafePointer { b in
                    switch precision {
                    case .native:
                        Element.gemm(
                            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
                            alpha: 1, a: a, lda: transposeA ? m : k, b: b,
                            ldb: transposeB ? k : n, beta: bias == nil ? 0 : 1, c: c, ldc: n)
                    }
                }
            }
        }
    }
}
