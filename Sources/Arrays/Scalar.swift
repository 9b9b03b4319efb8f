/// A number type that the engine computes in: `Float` or `Double`.
///
/// The requirements are the bulk kernels. Each conformance states them concretely, because
/// generic loops are not specialised across modules and would be an order of magnitude slower.
/// Lengths count elements; pointers never overlap unless a kernel says so.
public protocol Scalar: BinaryFloatingPoint, RecurrentKernels, EmbeddingKernels, Sendable {
    /// `c = alpha op(a) op(b) + beta c`, row-major; `op(a)` is `[m, k]` and `op(b)` is `[k, n]`.
    static func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Self,
        a: UnsafePointer<Self>, lda: Int, b: UnsafePointer<Self>, ldb: Int, beta: Self,
        c: UnsafeMutablePointer<Self>, ldc: Int)

    /// `y = f(x)`; `y` may be `x`.
    static func map(
        _ function: ElementwiseFunction, _ x: UnsafePointer<Self>,
        into y: UnsafeMutablePointer<Self>, count: Int)

    /// `dx = g f'(x)` where `y = f(x)`; `dx` may be `g`.
    static func mapDerivative(
        _ function: ElementwiseFunction, x: UnsafePointer<Self>, y: UnsafePointer<Self>,
        g: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>, count: Int)

    /// `out[r, c] = a[r, c] op b[r, c]`; a stride of zero repeats an operand; `out` may be either.
    static func combine(
        _ operation: ArithmeticOperation, _ a: UnsafePointer<Self>, strides aStrides: (Int, Int),
        _ b: UnsafePointer<Self>, strides bStrides: (Int, Int),
        into out: UnsafeMutablePointer<Self>, rows: Int, columns: Int)

    /// `y += a x`.
    static func addScaled(
        _ a: Self, _ x: UnsafePointer<Self>, to y: UnsafeMutablePointer<Self>, count: Int)

    /// `y = a x + b`; `y` may be `x`.
    static func affine(
        _ a: Self, _ b: Self, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>,
        count: Int)

    /// The sum, accumulated in blocks in `Double`.
    static func sum(_ x: UnsafePointer<Self>, count: Int) -> Double

    /// The sum of squares, accumulated in blocks in `Double`.
    static func sumOfSquares(_ x: UnsafePointer<Self>, count: Int) -> Double

    /// `out[c] = sum over r of x[r, c]`, added to what `out` holds where `accumulating`.
    static func sumColumns(
        _ x: UnsafePointer<Self>, rows: Int, columns: Int, accumulating: Bool,
        into out: UnsafeMutablePointer<Self>)

    /// Running sums along the middle axis of `[outer, extent, inner]`, from its start or its end.
    static func cumulativeSum(
        _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, outer: Int, extent: Int,
        inner: Int, reversed: Bool)

    /// `y[c, r] = x[r, c]`.
    static func transpose(
        _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>, rows: Int, columns: Int)

    /// Normalises each row to mean 0 and variance 1, then applies gain and bias; keeps the mean
    /// and the reciprocal standard deviation of each row.
    static func layerNorm(
        _ x: UnsafePointer<Self>, gain: UnsafePointer<Self>, bias: UnsafePointer<Self>,
        epsilon: Self, into y: UnsafeMutablePointer<Self>, mean: UnsafeMutablePointer<Self>,
        reciprocalDeviation: UnsafeMutablePointer<Self>, rows: Int, columns: Int)

    /// The derivatives of `layerNorm` by its input, gain and bias.
    static func layerNormDerivative(
        _ x: UnsafePointer<Self>, gain: UnsafePointer<Self>, mean: UnsafePointer<Self>,
        reciprocalDeviation: UnsafePointer<Self>, g: UnsafePointer<Self>,
        into dx: UnsafeMutablePointer<Self>, dGain: UnsafeMutablePointer<Self>,
        dBias: UnsafeMutablePointer<Self>, rows: Int, columns: Int)

    /// `scale` times the pinball loss summed over rows (each times its weight) and levels, and
    /// its derivative by each forecast.
    static func pinball(
        forecasts: UnsafePointer<Self>, labels: UnsafePointer<Self>, weights: UnsafePointer<Self>?,
        levels: UnsafePointer<Self>, scale: Self, derivative: UnsafeMutablePointer<Self>, rows: Int,
        levelCount: Int
    ) -> Double

    /// `y = x scale` where `random >= threshold`, zero elsewhere; `y` may be `x`.
    static func dropout(
        _ x: UnsafePointer<Self>, random: UnsafePointer<UInt32>, threshold: UInt32, scale: Self,
        into y: UnsafeMutablePointer<Self>, count: Int)

    /// One step of Adam with decoupled weight decay.
    static func adam(
        _ step: AdamStep, gradient: UnsafePointer<Self>, first: UnsafeMutablePointer<Self>,
        second: UnsafeMutablePointer<Self>, parameter: UnsafeMutablePointer<Self>, count: Int)
}

/// A function of one variable that has a vector kernel.
public enum ElementwiseFunction: UInt32, CaseIterable, Sendable {
    case exp, log, squareRoot, tanh, sigmoid, relu
    /// `x Φ(x)`, with the error function.
    case gelu
    /// The tanh approximation of `gelu` (Hendrycks and Gimpel, 2016).
    case geluTanh
    /// `x sigmoid(x)`.
    case silu
    /// `log(1 + exp(x))`.
    case softplus
}

/// Arithmetic of two operands.
public enum ArithmeticOperation: UInt32, CaseIterable, Sendable {
    case add, subtract, multiply, divide
}

/// The numbers of one Adam step, bias corrections folded in.
public struct AdamStep: Sendable {
    /// Learning rate / (1 - beta1^t).
    public var stepSize: Double
    public var beta1: Double
    public var beta2: Double
    /// 1 / sqrt(1 - beta2^t).
    public var secondCorrection: Double
    public var epsilon: Double
    /// 1 - learning rate x weight decay; multiplies the parameter before the step.
    public var decay: Double
    /// Multiplies the gradient first: 1, or the clipping factor.
    public var gradientScale: Double

    public init(
        stepSize: Double, beta1: Double, beta2: Double, secondCorrection: Double, epsilon: Double,
        decay: Double, gradientScale: Double
    ) {
        self.stepSize = stepSize
        self.beta1 = beta1
        self.beta2 = beta2
        self.secondCorrection = secondCorrection
        self.epsilon = epsilon
        self.decay = decay
        self.gradientScale = gradientScale
    }
}
