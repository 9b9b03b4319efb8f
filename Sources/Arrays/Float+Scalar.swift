import COpenBLAS
import CVectorMath

extension Float: Scalar {
    public static func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float,
        a: UnsafePointer<Float>, lda: Int, b: UnsafePointer<Float>, ldb: Int, beta: Float,
        c: UnsafeMutablePointer<Float>, ldc: Int
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
                cblas_sgemm(
                    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans,
                    transposeB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n), blasint(k),
                    alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
            }
        }
    }

    /// `y = alpha op(a) x + beta y`, row-major. A beta of zero overwrites, whatever y held.
    private static func gemv(
        transpose: Bool, rows: Int, columns: Int, alpha: Float, _ a: UnsafePointer<Float>,
        stride: Int, _ x: UnsafePointer<Float>, beta: Float, _ y: UnsafeMutablePointer<Float>
    ) {
        if beta == 0 { y.initialize(repeating: 0, count: transpose ? columns : rows) }
        cblas_sgemv(
            CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns),
            alpha, a, blasint(stride), x, 1, beta == 0 ? 1 : beta, y, 1)
    }

    public static func map(
        _ function: ElementwiseFunction, _ x: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, count: Int
    ) {
        vector_map_f32(vector_function(function.rawValue), x, y, count)
    }

    public static func mapDerivative(
        _ function: ElementwiseFunction, x: UnsafePointer<Float>, y: UnsafePointer<Float>,
        g: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, count: Int
    ) {
        vector_map_derivative_f32(vector_function(function.rawValue), x, y, g, dx, count)
    }

    public static func combine(
        _ operation: ArithmeticOperation, _ a: UnsafePointer<Float>, strides aStrides: (Int, Int),
        _ b: UnsafePointer<Float>, strides bStrides: (Int, Int),
        into out: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        vector_combine_f32(
            vector_operation(operation.rawValue), a, aStrides.0, aStrides.1, b, bStrides.0,
            bStrides.1, out, rows, columns)
    }

    public static func addScaled(
        _ a: Float, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int
    ) {
        vector_add_scaled_f32(a, x, y, count)
    }

    public static func affine(
        _ a: Float, _ b: Float, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        count: Int
    ) {
        vector_affine_f32(a, b, x, y, count)
    }

    public static func sum(_ x: UnsafePointer<Float>, count: Int) -> Double {
        vector_sum_f32(x, count)
    }

    public static func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
        vector_sum_of_squares_f32(x, count)
    }

    public static func sumColumns(
        _ x: UnsafePointer<Float>, rows: Int, columns: Int, accumulating: Bool,
        into out: UnsafeMutablePointer<Float>
    ) {
        vector_sum_columns_f32(x, rows, columns, accumulating ? 1 : 0, out)
    }

    public static func cumulativeSum(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, outer: Int, extent: Int,
        inner: Int, reversed: Bool
    ) {
        vector_cumulative_sum_f32(x, y, outer, extent, inner, reversed ? 1 : 0)
    }

    public static func transpose(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        vector_transpose_f32(x, y, rows, columns)
    }

    public static func layerNorm(
        _ x: UnsafePointer<Float>, gain: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        epsilon: Float, into y: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>,
        reciprocalDeviation: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        vector_layer_norm_f32(
            x, gain, bias, epsilon, y, mean, reciprocalDeviation, rows, columns)
    }

    public static func layerNormDerivative(
        _ x: UnsafePointer<Float>, gain: UnsafePointer<Float>, mean: UnsafePointer<Float>,
        reciprocalDeviation: UnsafePointer<Float>, g: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>, dGain: UnsafeMutablePointer<Float>,
        dBias: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        vector_layer_norm_derivative_f32(
            x, gain, mean, reciprocalDeviation, g, dx, dGain, dBias, rows, columns)
    }

    public static func pinball(
        forecasts: UnsafePointer<Float>, labels: UnsafePointer<Float>,
        weights: UnsafePointer<Float>?, levels: UnsafePointer<Float>, scale: Float,
        derivative: UnsafeMutablePointer<Float>, rows: Int, levelCount: Int
    ) -> Double {
        vector_pinball_f32(
            forecasts, labels, weights, levels, scale, derivative, rows, levelCount)
    }

    public static func dropout(
        _ x: UnsafePointer<Float>, random: UnsafePointer<UInt32>, threshold: UInt32, scale: Float,
        into y: UnsafeMutablePointer<Float>, count: Int
    ) {
        vector_dropout_f32(x, random, threshold, scale, y, count)
    }

    public static func adam(
        _ step: AdamStep, gradient: UnsafePointer<Float>, first: UnsafeMutablePointer<Float>,
        second: UnsafeMutablePointer<Float>, parameter: UnsafeMutablePointer<Float>, count: Int
    ) {
        withUnsafePointer(to: vector_adam_step(step)) {
            vector_adam_f32($0, gradient, first, second, parameter, count)
        }
    }
}
