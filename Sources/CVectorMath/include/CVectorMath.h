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

#define VECTOR_DECLARE(REAL, NAME)                                                                 \
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
    /* Running sums along the middle axis of [outer, extent, inner], from its start or its end */   \
    void NAME(vector_cumulative_sum)(const REAL *x, REAL *y, size_t outer, size_t extent,          \
                                     size_t inner, int reversed);                                  \
    /* y[c, r] = x[r, c] */                                                                        \
    void NAME(vector_transpose)(const REAL *x, REAL *y, size_t rows, size_t columns);              \
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
                           size_t n);                                                              \
    /* Recurrent cells, one time step. gates [rows, 4 width] are i, f, g, o (or, with 3 width,     \
       r, z, n): on entry the sums that enter them, after the cell their values, after its         \
       derivative the derivatives by those sums. lengths [rows] may be null: no padding.           \
       Here a GRU's recurrent [rows, 3 width] is the product of the hidden state, treated alike;   \
       bias [width] enters inside the reset gate. */                                               \
    void NAME(vector_lstm_cell)(REAL *gates, const REAL *previous, const ptrdiff_t *lengths,       \
                                ptrdiff_t step, REAL *cell, REAL *hidden, size_t rows,             \
                                size_t width);                                                     \
    void NAME(vector_gru_cell)(REAL *gates, REAL *recurrent, const REAL *bias,                     \
                               const REAL *previous, const ptrdiff_t *lengths, ptrdiff_t step,     \
                               REAL *hidden, size_t rows, size_t width);                           \
    /* output is the derivative by this step's output, dhidden and dcell that by the state that    \
       the next step read; final_hidden and final_cell stand in for them at a row's last step.     \
       dcell (a GRU's dhidden) leaves as the derivative by the state before, as far as it does     \
       not pass through the gates; dbias, [4 width] for either, is added to. */                    \
    void NAME(vector_lstm_cell_derivative)(REAL *gates, const REAL *previous, const REAL *cell,    \
                                           const REAL *output, const REAL *final_hidden,           \
                                           const REAL *final_cell, const ptrdiff_t *lengths,       \
                                           ptrdiff_t step, ptrdiff_t steps, const REAL *dhidden,   \
                                           REAL *dcell, REAL *dbias, size_t rows, size_t width);   \
    void NAME(vector_gru_cell_derivative)(REAL *gates, REAL *recurrent, const REAL *previous,      \
                                          const REAL *output, const REAL *final_hidden,            \
                                          const ptrdiff_t *lengths, ptrdiff_t step,                \
                                          ptrdiff_t steps, REAL *dhidden, REAL *dbias,             \
                                          size_t rows, size_t width);                              \
    /* Position of x[r, chosen[f]] among the edges that begin at edges[starts[f]], in bins */      \
    void NAME(vector_bin_positions)(const REAL *x, size_t columns, const size_t *chosen,           \
                                    const double *edges, const size_t *starts, REAL *positions,    \
                                    size_t rows, size_t features);                                 \
    /* y[r, f, :] = below[bin, :] + fraction * weight[bin, :] + bias[f, :], the bin and the        \
       fraction being the parts of positions[r, f]; the bins of f begin at starts[f] */            \
    void NAME(vector_bin_embedding)(const REAL *positions, const REAL *weight, const REAL *below,  \
                                    const size_t *starts, const REAL *bias, REAL *y, size_t rows,  \
                                    size_t features, size_t width);                                \
    /* adds to dbelow and dweight, [bins, width] */                                                \
    void NAME(vector_bin_embedding_derivative)(const REAL *positions, const REAL *g,               \
                                               const size_t *starts, REAL *dbelow, REAL *dweight,  \
                                               size_t rows, size_t features, size_t width);        \
    /* sums[bin] = the sum of x over the same feature's bins below, or above if reversed */        \
    void NAME(vector_bin_sums)(const REAL *x, const size_t *starts, int reversed, REAL *sums,      \
                               size_t features, size_t width);                                     \
    /* waves[f, r, :] = cos, then sin, of 2 pi frequency[f, :] x[r, f] */                          \
    void NAME(vector_waves)(const REAL *x, const REAL *frequency, REAL *waves, size_t rows,        \
                            size_t features, size_t count);                                        \
    void NAME(vector_waves_derivative)(const REAL *x, const REAL *frequency, const REAL *waves,    \
                                       const REAL *g, REAL *dx, REAL *dfrequency, size_t rows,     \
                                       size_t features, size_t count);                             \
    /* y[k, r, :] = x[k, r, :] * scale[k, :] + bias[k, :]; members of x are `step` elements apart, \
       0 where they share it */                                                                    \
    void NAME(vector_member_affine)(const REAL *x, size_t step, const REAL *scale,                 \
                                    const REAL *bias, REAL *y, size_t members, size_t rows,        \
                                    size_t columns);                                               \
    /* adds to dx, dscale and dbias */                                                             \
    void NAME(vector_member_affine_derivative)(const REAL *x, size_t step, const REAL *scale,      \
                                               const REAL *g, REAL *dx, REAL *dscale,              \
                                               REAL *dbias, size_t members, size_t rows,           \
                                               size_t columns);                                    \
    /* exp(x) over its sum, by row, over the elements whose mask is not zero; the others, and a    \
       row without any, are zero */                                                                \
    void NAME(vector_softmax)(const REAL *x, const REAL *mask, REAL *y, size_t rows,               \
                              size_t columns);                                                     \
    void NAME(vector_softmax_derivative)(const REAL *y, const REAL *g, REAL *dx, size_t rows,      \
                                         size_t columns);

#define VECTOR_F32(name) name##_f32
#define VECTOR_F64(name) name##_f64
VECTOR_DECLARE(float, VECTOR_F32)
VECTOR_DECLARE(double, VECTOR_F64)
#undef VECTOR_DECLARE

#endif
