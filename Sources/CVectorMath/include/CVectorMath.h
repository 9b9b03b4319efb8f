// Elementwise, reduction and update kernels that need SIMD multi-versioning: the compiler emits
// each for the baseline, AVX2 + FMA and AVX-512, and the loader picks by CPU. Every kernel exists
// for float (suffix _f32, polynomial approximations, relative error below 3e-7) and for double
// (suffix _f64, the C library's functions).
//
// Lengths count elements. Outputs may be the same buffer as an input, never a shifted one.
// Reductions use a fixed order for a given CPU, so results repeat from run to run.
#ifndef CVECTORMATH_H
#define CVECTORMATH_H

#include <stddef.h>
#include <stdint.h>

/// Functions of one variable, for vector_map and vector_map_derivative.
typedef enum {
    VECTOR_EXP,
    VECTOR_LOG,
    VECTOR_SQUARE_ROOT,
    VECTOR_TANH,
    VECTOR_SIGMOID,
    VECTOR_RELU,
    VECTOR_GELU,
    VECTOR_GELU_TANH,
    VECTOR_SILU,
    VECTOR_SOFTPLUS,
} vector_function;

/// Arithmetic of two operands, for vector_combine.
typedef enum {
    VECTOR_ADD,
    VECTOR_SUBTRACT,
    VECTOR_MULTIPLY,
    VECTOR_DIVIDE,
} vector_operation;

/// The numbers of one AdamW step, bias corrections already folded in.
typedef struct {
    double step_size;         // learning rate / (1 - beta1^t)
    double beta1;
    double beta2;
    double second_correction; // 1 / sqrt(1 - beta2^t)
    double epsilon;
    double decay;             // 1 - learning rate * weight decay, multiplies the parameter first
    double gradient_scale;    // multiplies the gradient first: 1, or the clipping factor
} vector_adam_step;

#define VECTOR_DECLARE(REAL, NAME)                                                                  \
    /* y = f(x) */                                                                                 \
    void NAME(vector_map)(vector_function f, const REAL *x, REAL *y, size_t n);                    \
    /* dx = g * f'(x), with y = f(x) at hand */                                                    \
    void NAME(vector_map_derivative)(vector_function f, const REAL *x, const REAL *y,              \
                                     const REAL *g, REAL *dx, size_t n);                           \
    /* out[r, c] = a[r*ar + c*ac] op b[r*br + c*bc]; a stride of 0 repeats the operand */          \
    void NAME(vector_combine)(vector_operation op, const REAL *a, size_t ar, size_t ac,            \
                              const REAL *b, size_t br, size_t bc, REAL *out, size_t rows,         \
                              size_t columns);                                                     \
    /* y += a * x */                                                                               \
    void NAME(vector_add_scaled)(REAL a, const REAL *x, REAL *y, size_t n);                        \
    /* y = a * x + b */                                                                            \
    void NAME(vector_affine)(REAL a, REAL b, const REAL *x, REAL *y, size_t n);                    \
    double NAME(vector_sum)(const REAL *x, size_t n);                                              \
    double NAME(vector_sum_of_squares)(const REAL *x, size_t n);                                   \
    /* out[c] (+)= sum over r of x[r, c] */                                                        \
    void NAME(vector_sum_columns)(const REAL *x, size_t rows, size_t columns, int accumulate,      \
                                  REAL *out);                                                      \
    /* y = (x - mean) * rstd * gain + bias by row; mean and rstd [rows] are kept for the way back */ \
    void NAME(vector_layer_norm)(const REAL *x, const REAL *gain, const REAL *bias, REAL epsilon,  \
                                 REAL *y, REAL *mean, REAL *rstd, size_t rows, size_t columns);    \
    /* dx may be g; dgain and dbias are overwritten */                                             \
    void NAME(vector_layer_norm_derivative)(const REAL *x, const REAL *gain, const REAL *mean,     \
                                            const REAL *rstd, const REAL *g, REAL *dx,             \
                                            REAL *dgain, REAL *dbias, size_t rows,                 \
                                            size_t columns);                                       \
    /* Sum over rows of weight * sum over levels of pinball; d[r, l] its derivative by q[r, l],    \
       both times scale. weight may be null. */                                                    \
    double NAME(vector_pinball)(const REAL *q, const REAL *label, const REAL *weight,              \
                                const REAL *level, REAL scale, REAL *d, size_t rows,               \
                                size_t levels);                                                    \
    /* y = x where keep is at least the threshold, times scale; zero elsewhere */                  \
    void NAME(vector_dropout)(const REAL *x, const uint32_t *keep, uint32_t threshold, REAL scale, \
                              REAL *y, size_t n);                                                  \
    /* One AdamW step: m and v are the moments, p the parameter, g the gradient. */                \
    void NAME(vector_adam)(const vector_adam_step *s, const REAL *g, REAL *m, REAL *v, REAL *p,    \
                           size_t n);

#define VECTOR_F32(name) name##_f32
#define VECTOR_F64(name) name##_f64
VECTOR_DECLARE(float, VECTOR_F32)
VECTOR_DECLARE(double, VECTOR_F64)
#undef VECTOR_DECLARE

#endif
