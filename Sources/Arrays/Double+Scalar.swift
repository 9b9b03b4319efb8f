import COpenBLAS
import CVectorMath

extension Double: Scalar {
    public static func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Double,
        a: UnsafePointer<Double>, lda: Int, b: UnsafePointer<Double>, ldb: Int, beta: Double,
        c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        MatrixProductClock.timed {
            // One row or one column: a product with a vector is more than twice as fast.
            if m == 1, !transposeA {
                gemv(
                    transpose: !transposeB, rows: transposeB ? n : k, columns: transposeB ? k : n,
                    alpha: alpha, b, stride: ldb, a, beta: beta, c)
            } else if n == 1, !transposeB, ldb == 1, ldc == 1 {
                gemv(
                    transpose: transposeA, rows: transposeA ? k : m, columns: transposeA ? m : k,
                    alpha: alpha, a, stride: lda, b, beta: beta, c)
            } else {
                cblas_dgemm(
                    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
                    transposeB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k),
                    alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
            }
        }
    }

    /// `y = alpha op(a) x + beta y`, row-major. A beta of zero overwrites, whatever y held.
    private static func gemv(
        transpose: Bool, rows: Int, columns: Int, alpha: Double, _ a: UnsafePointer<Double>,
        stride: Int, _ x: UnsafePointer<Double>, beta: Double, _ y: UnsafeMutablePointer<Double>
    ) {
        if beta == 0 { y.initialize(repeating: 0, count: transpose ? columns : rows) }
        cblas_dgemv(
            CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns),
            alpha, a, blasint(stride), x, 1, beta == 0 ? 1 : beta, y, 1)
    }

    public static func map(
        _ function: ElementwiseFunction, _ x: UnsafePointer<Double>,
        into y: UnsafeMutablePointer<Double>, count: Int
    ) {
        vector_map_f64(vector_function(function.rawValue), x, y, count)
    }

    public static func mapDerivative(
        _ function: ElementwiseFunction, x: UnsafePointer<Double>, y: UnsafePointer<Double>,
        g: UnsafePointer<Double>, into dx: UnsafeMutablePointer<Double>, count: Int
    ) {
        vector_map_derivative_f64(vector_function(function.rawValue), x, y, g, dx, count)
    }

    public static func combine(
        _ operation: ArithmeticOperation, _ a: UnsafePointer<Double>, strides aStrides: (Int, Int),
        _ b: UnsafePointer<Double>, strides bStrides: (Int, Int),
        into out: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        vector_combine_f64(
            vector_operation(operation.rawValue), a, aStrides.0, aStrides.1, b, bStrides.0,
            bStrides.1, out, rows, columns)
    }

    public static func addScaled(
        _ a: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, count: Int
    ) {
        vector_add_scaled_f64(a, x, y, count)
    }

    public static func affine(
        _ a: Double, _ b: Double, _ x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>,
        count: Int
    ) {
        vector_affine_f64(a, b, x, y, count)
    }

    public static func sum(_ x: UnsafePointer<Double>, count: Int) -> Double {
        vector_sum_f64(x, count)
    }

    public static func sumOfSquares(_ x: UnsafePointer<Double>, count: Int) -> Double {
        vector_sum_of_squares_f64(x, count)
    }

    public static func sumColumns(
        _ x: UnsafePointer<Double>, rows: Int, columns: Int, accumulating: Bool,
        into out: UnsafeMutablePointer<Double>
    ) {
        vector_sum_columns_f64(x, rows, columns, accumulating ? 1 : 0, out)
    }

    public static func cumulativeSum(
        _ x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>, outer: Int, extent: Int,
        inner: Int, reversed: Bool
    ) {
        vector_cumulative_sum_f64(x, y, outer, extent, inner, reversed ? 1 : 0)
    }

    public static func transpose(
        _ x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        vector_transpose_f64(x, y, rows, columns)
    }

    public static func layerNorm(
        _ x: UnsafePointer<Double>, gain: UnsafePointer<Double>, bias: UnsafePointer<Double>,
        epsilon: Double, into y: UnsafeMutablePointer<Double>, mean: UnsafeMutablePointer<Double>,
        reciprocalDeviation: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        vector_layer_norm_f64(
            x, gain, bias, epsilon, y, mean, reciprocalDeviation, rows, columns)
    }

    public static func layerNormDerivative(
        _ x: UnsafePointer<Double>, gain: UnsafePointer<Double>, mean: UnsafePointer<Double>,
        reciprocalDeviation: UnsafePointer<Double>, g: UnsafePointer<Double>,
        into dx: UnsafeMutablePointer<Double>, dGain: UnsafeMutablePointer<Double>,
        dBias: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        vector_layer_norm_derivative_f64(
            x, gain, mean, reciprocalDeviation, g, dx, dGain, dBias, rows, columns)
    }

    public static func pinball(
        forecasts: UnsafePointer<Double>, labels: UnsafePointer<Double>,
        weights: UnsafePointer<Double>?, levels: UnsafePointer<Double>, scale: Double,
        derivative: UnsafeMutablePointer<Double>, rows: Int, levelCount: Int
    ) -> Double {
        vector_pinball_f64(
            forecasts, labels, weights, levels, scale, derivative, rows, levelCount)
    }

    public static func dropout(
        _ x: UnsafePointer<Double>, random: UnsafePointer<UInt32>, threshold: UInt32, scale: Double,
        into y: UnsafeMutablePointer<Double>, count: Int
    ) {
        vector_dropout_f64(x, random, threshold, scale, y, count)
    }

    public static func adam(
        _ step: AdamStep, gradient: UnsafePointer<Double>, first: UnsafeMutablePointer<Double>,
        second: UnsafeMutablePointer<Double>, parameter: UnsafeMutablePointer<Double>, count: Int
    ) {
        withUnsafePointer(to: vector_adam_step(step)) {
            vector_adam_f64($0, gradient, first, second, parameter, count)
        }
    }
}
