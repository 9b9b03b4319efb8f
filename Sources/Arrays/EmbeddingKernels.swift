import CVectorMath

/// The kernels of numerical embeddings, members and attention.
///
/// Bins of all features are numbered through; those of feature f begin at `starts[f]`, and
/// `starts` has one more element than there are features.
public protocol EmbeddingKernels {
    /// Where each chosen column of x lies among its edges, in bins, clamped to both ends. Feature f
    /// has one edge more than bins; they begin at `edges[starts[f]]`.
    static func binPositions(
        _ x: UnsafePointer<Self>, columns: Int, chosen: UnsafePointer<Int>,
        edges: UnsafePointer<Double>, starts: UnsafePointer<Int>,
        into positions: UnsafeMutablePointer<Self>, rows: Int, features: Int
    )

    /// `y[r, f] = below[bin] + fraction weight[bin] + bias[f]`, each a row of `width` elements, bin
    /// and fraction being the parts of a position.
    static func binEmbedding(
        _ positions: UnsafePointer<Self>, weight: UnsafePointer<Self>, below: UnsafePointer<Self>,
        starts: UnsafePointer<Int>, bias: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>,
        rows: Int, features: Int, width: Int
    )

    /// The derivatives of `binEmbedding` by `below` and `weight`, added to what is there.
    static func binEmbeddingDerivative(
        _ positions: UnsafePointer<Self>, g: UnsafePointer<Self>, starts: UnsafePointer<Int>,
        dBelow: UnsafeMutablePointer<Self>, dWeight: UnsafeMutablePointer<Self>, rows: Int,
        features: Int, width: Int
    )

    /// For every bin, the sum of x over the bins of its feature below it or, reversed, above it.
    static func binSums(
        _ x: UnsafePointer<Self>, starts: UnsafePointer<Int>, reversed: Bool,
        into sums: UnsafeMutablePointer<Self>, features: Int, width: Int
    )

    /// The cosines, then the sines, of `2 pi frequency x`.
    ///
    /// Shape: x `[rows, features]`, frequency `[features, count]`, waves `[features, rows, 2 count]`.
    static func waves(
        _ x: UnsafePointer<Self>, frequency: UnsafePointer<Self>,
        into waves: UnsafeMutablePointer<Self>, rows: Int, features: Int, count: Int
    )

    /// The derivatives of `waves` by x and frequency.
    static func wavesDerivative(
        _ x: UnsafePointer<Self>, frequency: UnsafePointer<Self>, waves: UnsafePointer<Self>,
        g: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>,
        dFrequency: UnsafeMutablePointer<Self>, rows: Int, features: Int, count: Int
    )

    /// `y[k] = x[k] scale[k] + bias[k]` for each member k; the rows of members of x are `step`
    /// elements apart, 0 where all share them.
    static func memberAffine(
        _ x: UnsafePointer<Self>, step: Int, scale: UnsafePointer<Self>, bias: UnsafePointer<Self>,
        into y: UnsafeMutablePointer<Self>, members: Int, rows: Int, columns: Int
    )

    /// The derivatives of `memberAffine`, added to what is there.
    static func memberAffineDerivative(
        _ x: UnsafePointer<Self>, step: Int, scale: UnsafePointer<Self>, g: UnsafePointer<Self>,
        into dx: UnsafeMutablePointer<Self>, dScale: UnsafeMutablePointer<Self>,
        dBias: UnsafeMutablePointer<Self>, members: Int, rows: Int, columns: Int
    )

    /// `exp(x)` over its sum, by row, where the mask is not zero; zero elsewhere.
    static func softmax(
        _ x: UnsafePointer<Self>, mask: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>,
        rows: Int, columns: Int
    )

    /// The derivative of `softmax`, whose value is y.
    static func softmaxDerivative(
        y: UnsafePointer<Self>, g: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>,
        rows: Int, columns: Int
    )
}

extension Float: EmbeddingKernels {
    public static func binPositions(
        _ x: UnsafePointer<Float>, columns: Int, chosen: UnsafePointer<Int>,
        edges: UnsafePointer<Double>, starts: UnsafePointer<Int>,
        into positions: UnsafeMutablePointer<Float>, rows: Int, features: Int
    ) {
        vector_bin_positions_f32(x, columns, chosen, edges, starts, positions, rows, features)
    }

    public static func binEmbedding(
        _ positions: UnsafePointer<Float>, weight: UnsafePointer<Float>,
        below: UnsafePointer<Float>, starts: UnsafePointer<Int>, bias: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, rows: Int, features: Int, width: Int
    ) {
        vector_bin_embedding_f32(positions, weight, below, starts, bias, y, rows, features, width)
    }

    public static func binEmbeddingDerivative(
        _ positions: UnsafePointer<Float>, g: UnsafePointer<Float>, starts: UnsafePointer<Int>,
        dBelow: UnsafeMutablePointer<Float>, dWeight: UnsafeMutablePointer<Float>, rows: Int,
        features: Int, width: Int
    ) {
        vector_bin_embedding_derivative_f32(
            positions, g, starts, dBelow, dWeight, rows, features, width)
    }

    public static func binSums(
        _ x: UnsafePointer<Float>, starts: UnsafePointer<Int>, reversed: Bool,
        into sums: UnsafeMutablePointer<Float>, features: Int, width: Int
    ) {
        vector_bin_sums_f32(x, starts, reversed ? 1 : 0, sums, features, width)
    }

    public static func waves(
        _ x: UnsafePointer<Float>, frequency: UnsafePointer<Float>,
        into waves: UnsafeMutablePointer<Float>, rows: Int, features: Int, count: Int
    ) {
        vector_waves_f32(x, frequency, waves, rows, features, count)
    }

    public static func wavesDerivative(
        _ x: UnsafePointer<Float>, frequency: UnsafePointer<Float>, waves: UnsafePointer<Float>,
        g: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        dFrequency: UnsafeMutablePointer<Float>, rows: Int, features: Int, count: Int
    ) {
        vector_waves_derivative_f32(x, frequency, waves, g, dx, dFrequency, rows, features, count)
    }

    public static func memberAffine(
        _ x: UnsafePointer<Float>, step: Int, scale: UnsafePointer<Float>,
        bias: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, members: Int, rows: Int,
        columns: Int
    ) {
        vector_member_affine_f32(x, step, scale, bias, y, members, rows, columns)
    }

    public static func memberAffineDerivative(
        _ x: UnsafePointer<Float>, step: Int, scale: UnsafePointer<Float>, g: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>, dScale: UnsafeMutablePointer<Float>,
        dBias: UnsafeMutablePointer<Float>, members: Int, rows: Int, columns: Int
    ) {
        vector_member_affine_derivative_f32(
            x, step, scale, g, dx, dScale, dBias, members, rows, columns)
    }

    public static func softmax(
        _ x: UnsafePointer<Float>, mask: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        rows: Int, columns: Int
    ) {
        vector_softmax_f32(x, mask, y, rows, columns)
    }

    public static func softmaxDerivative(
        y: UnsafePointer<Float>, g: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        rows: Int, columns: Int
    ) {
        vector_softmax_derivative_f32(y, g, dx, rows, columns)
    }
}

extension Double: EmbeddingKernels {
    public static func binPositions(
        _ x: UnsafePointer<Double>, columns: Int, chosen: UnsafePointer<Int>,
        edges: UnsafePointer<Double>, starts: UnsafePointer<Int>,
        into positions: UnsafeMutablePointer<Double>, rows: Int, features: Int
    ) {
        vector_bin_positions_f64(x, columns, chosen, edges, starts, positions, rows, features)
    }

    public static func binEmbedding(
        _ positions: UnsafePointer<Double>, weight: UnsafePointer<Double>,
        below: UnsafePointer<Double>, starts: UnsafePointer<Int>, bias: UnsafePointer<Double>,
        into y: UnsafeMutablePointer<Double>, rows: Int, features: Int, width: Int
    ) {
        vector_bin_embedding_f64(positions, weight, below, starts, bias, y, rows, features, width)
    }

    public static func binEmbeddingDerivative(
        _ positions: UnsafePointer<Double>, g: UnsafePointer<Double>, starts: UnsafePointer<Int>,
        dBelow: UnsafeMutablePointer<Double>, dWeight: UnsafeMutablePointer<Double>, rows: Int,
        features: Int, width: Int
    ) {
        vector_bin_embedding_derivative_f64(
            positions, g, starts, dBelow, dWeight, rows, features, width)
    }

    public static func binSums(
        _ x: UnsafePointer<Double>, starts: UnsafePointer<Int>, reversed: Bool,
        into sums: UnsafeMutablePointer<Double>, features: Int, width: Int
    ) {
        vector_bin_sums_f64(x, starts, reversed ? 1 : 0, sums, features, width)
    }

    public static func waves(
        _ x: UnsafePointer<Double>, frequency: UnsafePointer<Double>,
        into waves: UnsafeMutablePointer<Double>, rows: Int, features: Int, count: Int
    ) {
        vector_waves_f64(x, frequency, waves, rows, features, count)
    }

    public static func wavesDerivative(
        _ x: UnsafePointer<Double>, frequency: UnsafePointer<Double>, waves: UnsafePointer<Double>,
        g: UnsafePointer<Double>, into dx: UnsafeMutablePointer<Double>,
        dFrequency: UnsafeMutablePointer<Double>, rows: Int, features: Int, count: Int
    ) {
        vector_waves_derivative_f64(x, frequency, waves, g, dx, dFrequency, rows, features, count)
    }

    public static func memberAffine(
        _ x: UnsafePointer<Double>, step: Int, scale: UnsafePointer<Double>,
        bias: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>, members: Int, rows: Int,
        columns: Int
    ) {
        vector_member_affine_f64(x, step, scale, bias, y, members, rows, columns)
    }

    public static func memberAffineDerivative(
        _ x: UnsafePointer<Double>, step: Int, scale: UnsafePointer<Double>,
        g: UnsafePointer<Double>, into dx: UnsafeMutablePointer<Double>,
        dScale: UnsafeMutablePointer<Double>, dBias: UnsafeMutablePointer<Double>, members: Int,
        rows: Int, columns: Int
    ) {
        vector_member_affine_derivative_f64(
            x, step, scale, g, dx, dScale, dBias, members, rows, columns)
    }

    public static func softmax(
        _ x: UnsafePointer<Double>, mask: UnsafePointer<Double>,
        into y: UnsafeMutablePointer<Double>, rows: Int, columns: Int
    ) {
        vector_softmax_f64(x, mask, y, rows, columns)
    }

    public static func softmaxDerivative(
        y: UnsafePointer<Double>, g: UnsafePointer<Double>, into dx: UnsafeMutablePointer<Double>,
        rows: Int, columns: Int
    ) {
        vector_softmax_derivative_f64(y, g, dx, rows, columns)
    }
}
