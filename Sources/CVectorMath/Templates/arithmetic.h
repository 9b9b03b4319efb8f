// Template: arithmetic with broadcasting, and sums, for one REAL.

#define ROW(a_index, b_index, op)                                                                   \
    for (size_t c = 0; c < columns; c++) o[c] = p[a_index] op q[b_index];                          \
    break;

// The stride patterns that occur get loops of their own, so that each vectorises.
#define ROWS(op)                                                                                    \
    for (size_t r = 0; r < rows; r++) {                                                            \
        const REAL *p = a + r * ar, *q = b + r * br;                                               \
        REAL *o = out + r * columns;                                                               \
        switch ((ac ? 2 : 0) | (bc ? 1 : 0)) {                                                     \
        case 3: ROW(c, c, op)                                                                      \
        case 2: ROW(c, 0, op)                                                                      \
        case 1: ROW(0, c, op)                                                                      \
        default: ROW(0, 0, op)                                                                     \
        }                                                                                          \
    }                                                                                              \
    return;

MULTIVERSION
void NAME(vector_combine)(vector_operation op, const REAL *a, size_t ar, size_t ac, const REAL *b,
                          size_t br, size_t bc, REAL *out, size_t rows, size_t columns) {
    switch (op) {
    case VECTOR_ADD: ROWS(+)
    case VECTOR_SUBTRACT: ROWS(-)
    case VECTOR_MULTIPLY: ROWS(*)
    case VECTOR_DIVIDE: ROWS(/)
    }
}
#undef ROW
#undef ROWS

MULTIVERSION
void NAME(vector_add_scaled)(REAL a, const REAL *x, REAL *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

MULTIVERSION
void NAME(vector_affine)(REAL a, REAL b, const REAL *x, REAL *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a * x[i] + b;
}

// Blocks are summed in REAL over vector lanes, the blocks in double: fast, and exact enough for
// a gradient norm over a hundred million numbers.
#define BLOCKED_SUM(term)                                                                           \
    _Pragma("clang fp reassociate(on)");                                                           \
    double total = 0;                                                                              \
    for (size_t start = 0; start < n; start += 4096) {                                             \
        size_t end = start + 4096 < n ? start + 4096 : n;                                          \
        REAL block = 0;                                                                            \
        for (size_t i = start; i < end; i++) block += (term);                                      \
        total += (double)block;                                                                    \
    }                                                                                              \
    return total;

MULTIVERSION
double NAME(vector_sum)(const REAL *x, size_t n) { BLOCKED_SUM(x[i]) }

MULTIVERSION
double NAME(vector_sum_of_squares)(const REAL *x, size_t n) { BLOCKED_SUM(x[i] * x[i]) }
#undef BLOCKED_SUM

MULTIVERSION
void NAME(vector_sum_columns)(const REAL *x, size_t rows, size_t columns, int accumulate,
                              REAL *out) {
    if (!accumulate) memset(out, 0, columns * sizeof(REAL));
    // Four rows at a time quarter the traffic on `out`.
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) {
        const REAL *a = x + r * columns, *b = a + columns, *c = b + columns, *d = c + columns;
        for (size_t i = 0; i < columns; i++) out[i] += (a[i] + b[i]) + (c[i] + d[i]);
    }
    for (; r < rows; r++) {
        const REAL *a = x + r * columns;
        for (size_t i = 0; i < columns; i++) out[i] += a[i];
    }
}

MULTIVERSION
void NAME(vector_cumulative_sum)(const REAL *x, REAL *y, size_t outer, size_t extent, size_t inner,
                                 int reversed) {
    for (size_t o = 0; o < outer; o++) {
        const REAL *from = x + o * extent * inner;
        REAL *to = y + o * extent * inner;
        for (size_t step = 0; step < extent; step++) {
            size_t at = (reversed ? extent - 1 - step : step) * inner;
            if (step == 0) {
                memcpy(to + at, from + at, inner * sizeof(REAL));
                continue;
            }
            const REAL *before = reversed ? to + at + inner : to + at - inner;
            for (size_t i = 0; i < inner; i++) to[at + i] = before[i] + from[at + i];
        }
    }
}

// Blocks of 16 by 16 keep both sides within the cache.
MULTIVERSION
void NAME(vector_transpose)(const REAL *x, REAL *y, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r += 16) {
        for (size_t c = 0; c < columns; c += 16) {
            for (size_t i = r; i < r + 16 && i < rows; i++) {
                for (size_t j = c; j < c + 16 && j < columns; j++) y[j * rows + i] = x[i * columns + j];
            }
        }
    }
}
