// Template: functions of one variable and their derivatives, for one REAL.

#define LOOP(expression)                                                                            \
    for (size_t i = 0; i < n; i++) {                                                               \
        REAL a = x[i];                                                                             \
        y[i] = (expression);                                                                       \
    }                                                                                              \
    return;

ALWAYS_INLINE REAL NAME(gelu)(REAL x) {
    REAL density, distribution;
    NAME(normal)(x, &density, &distribution);
    return x * distribution;
}

ALWAYS_INLINE REAL NAME(gelu_derivative)(REAL x) {
    REAL density, distribution;
    NAME(normal)(x, &density, &distribution);
    return distribution + x * density;
}

// Hendrycks and Gimpel's approximation: x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).
ALWAYS_INLINE REAL NAME(gelu_tanh_argument)(REAL x) {
    return (REAL)1.5957691216057308 * (x + (REAL)0.044715 * x * x * x);
}

ALWAYS_INLINE REAL NAME(gelu_tanh_derivative)(REAL x) {
    REAL s = NAME(sigmoid)(NAME(gelu_tanh_argument)(x));
    REAL slope = (REAL)1.5957691216057308 * (1 + (REAL)0.134145 * x * x);
    return s + x * s * (1 - s) * slope;
}

ALWAYS_INLINE REAL NAME(silu_derivative)(REAL x) {
    REAL s = NAME(sigmoid)(x);
    return s * (1 + x * (1 - s));
}

MULTIVERSION
void NAME(vector_map)(vector_function f, const REAL *x, REAL *y, size_t n) {
    switch (f) {
    case VECTOR_EXP: LOOP(NAME(exp)(a))
    case VECTOR_LOG: LOOP(NAME(log)(a))
    case VECTOR_SQUARE_ROOT: LOOP(NAME(sqrt)(a))
    case VECTOR_TANH: LOOP(NAME(tanh)(a))
    case VECTOR_SIGMOID: LOOP(NAME(sigmoid)(a))
    case VECTOR_RELU: LOOP(a < 0 ? 0 : a) // a NaN stays a NaN
    case VECTOR_GELU: LOOP(NAME(gelu)(a))
    case VECTOR_GELU_TANH: LOOP(a *NAME(sigmoid)(NAME(gelu_tanh_argument)(a)))
    case VECTOR_SILU: LOOP(a *NAME(sigmoid)(a))
    case VECTOR_SOFTPLUS: LOOP(NAME(softplus)(a))
    }
}
#undef LOOP

#define LOOP(expression)                                                                            \
    for (size_t i = 0; i < n; i++) {                                                               \
        REAL a = x[i], b = y[i];                                                                   \
        (void)a;                                                                                   \
        (void)b;                                                                                   \
        dx[i] = g[i] * (expression);                                                               \
    }                                                                                              \
    return;

MULTIVERSION
void NAME(vector_map_derivative)(vector_function f, const REAL *x, const REAL *y, const REAL *g,
                                 REAL *dx, size_t n) {
    switch (f) {
    case VECTOR_EXP: LOOP(b)
    case VECTOR_LOG: LOOP(1 / a)
    case VECTOR_SQUARE_ROOT: LOOP((REAL)0.5 / b)
    case VECTOR_TANH: LOOP(1 - b * b)
    case VECTOR_SIGMOID: LOOP(b *(1 - b))
    case VECTOR_RELU: LOOP(a > 0 ? (REAL)1 : (REAL)0)
    case VECTOR_GELU: LOOP(NAME(gelu_derivative)(a))
    case VECTOR_GELU_TANH: LOOP(NAME(gelu_tanh_derivative)(a))
    case VECTOR_SILU: LOOP(NAME(silu_derivative)(a))
    case VECTOR_SOFTPLUS: LOOP(NAME(sigmoid)(a))
    }
}
#undef LOOP
