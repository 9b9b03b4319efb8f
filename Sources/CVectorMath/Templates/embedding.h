// Template: numerical features as piecewise-linear codes and as waves, for one REAL.

// Where x lies among the edges of its column, in bins: 2.25 is a quarter into the third bin. The
// code that it stands for is ones for the bins below, the fraction, zeros for those above.
void NAME(vector_bin_positions)(const REAL *x, size_t columns, const size_t *chosen,
                                const double *edges, const size_t *starts, REAL *positions,
                                size_t rows, size_t features) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t f = 0; f < features; f++) {
            double value = (double)x[r * columns + chosen[f]];
            const double *e = edges + starts[f];
            size_t low = 0, high = starts[f + 1] - starts[f] - 1;
            while (high - low > 1) {
                size_t middle = (low + high) / 2;
                if (value < e[middle]) high = middle;
                else low = middle;
            }
            double fraction = (value - e[low]) / (e[low + 1] - e[low]);
            fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
            positions[r * features + f] = (REAL)((double)low + fraction);
        }
    }
}

// The last edge belongs to the last bin, with a fraction of 1. A NaN stays one, in the first bin.
ALWAYS_INLINE size_t NAME(bin_of)(REAL position, size_t bins) {
    size_t bin = position >= 1 ? (size_t)position : 0;
    return bin < bins ? bin : bins - 1;
}

// So many features at a time, so that their tables stay in the cache from row to row.
#define FEATURE_BLOCK 16
#define FOR_EACH_POSITION                                                                           \
    for (size_t block = 0; block < features; block += FEATURE_BLOCK)                               \
        for (size_t r = 0; r < rows; r++)                                                          \
            for (size_t f = block; f < features && f < block + FEATURE_BLOCK; f++)

MULTIVERSION
void NAME(vector_bin_embedding)(const REAL *positions, const REAL *weight, const REAL *below,
                                const size_t *starts, const REAL *bias, REAL *y, size_t rows,
                                size_t features, size_t width) {
    FOR_EACH_POSITION {
        REAL position = positions[r * features + f];
        size_t bin = NAME(bin_of)(position, starts[f + 1] - starts[f]);
        REAL fraction = position - (REAL)bin;
        const REAL *w = weight + (starts[f] + bin) * width, *b = below + (starts[f] + bin) * width;
        const REAL *offset = bias + f * width;
        REAL *o = y + (r * features + f) * width;
        INDEPENDENT
        for (size_t i = 0; i < width; i++) o[i] = b[i] + fraction * w[i] + offset[i];
    }
}

MULTIVERSION
void NAME(vector_bin_embedding_derivative)(const REAL *positions, const REAL *g,
                                           const size_t *starts, REAL *dbelow, REAL *dweight,
                                           size_t rows, size_t features, size_t width) {
    FOR_EACH_POSITION {
        REAL position = positions[r * features + f];
        size_t bin = NAME(bin_of)(position, starts[f + 1] - starts[f]);
        REAL fraction = position - (REAL)bin;
        REAL *w = dweight + (starts[f] + bin) * width, *b = dbelow + (starts[f] + bin) * width;
        const REAL *h = g + (r * features + f) * width;
        INDEPENDENT
        for (size_t i = 0; i < width; i++) {
            b[i] += h[i];
            w[i] += fraction * h[i];
        }
    }
}

MULTIVERSION
void NAME(vector_bin_sums)(const REAL *x, const size_t *starts, int reversed, REAL *sums,
                           size_t features, size_t width) {
    for (size_t f = 0; f < features; f++) {
        size_t bins = starts[f + 1] - starts[f];
        for (size_t step = 0; step < bins; step++) {
            size_t row = starts[f] + (reversed ? bins - 1 - step : step);
            const REAL *before = x + (reversed ? row + 1 : row - 1) * width;
            const REAL *sum = sums + (reversed ? row + 1 : row - 1) * width;
            REAL *o = sums + row * width;
            if (step == 0) {
                memset(o, 0, width * sizeof(REAL));
                continue;
            }
            INDEPENDENT
            for (size_t i = 0; i < width; i++) o[i] = sum[i] + before[i];
        }
    }
}
#undef FOR_EACH_POSITION
#undef FEATURE_BLOCK

MULTIVERSION
void NAME(vector_waves)(const REAL *x, const REAL *frequency, REAL *waves, size_t rows,
                        size_t features, size_t count) {
    for (size_t f = 0; f < features; f++) {
        for (size_t r = 0; r < rows; r++) {
            REAL value = x[r * features + f];
            const REAL *c = frequency + f * count;
            REAL *o = waves + (f * rows + r) * 2 * count;
            INDEPENDENT
            for (size_t i = 0; i < count; i++) {
                o[i] = NAME(cosine_of_turns)(c[i] * value);
                o[count + i] = NAME(sine_of_turns)(c[i] * value);
            }
        }
    }
}

MULTIVERSION
void NAME(vector_waves_derivative)(const REAL *x, const REAL *frequency, const REAL *waves,
                                   const REAL *g, REAL *dx, REAL *dfrequency, size_t rows,
                                   size_t features, size_t count) {
#pragma clang fp reassociate(on)
    memset(dfrequency, 0, features * count * sizeof(REAL));
    for (size_t f = 0; f < features; f++) {
        const REAL *c = frequency + f * count;
        REAL *dc = dfrequency + f * count;
        for (size_t r = 0; r < rows; r++) {
            const REAL *wave = waves + (f * rows + r) * 2 * count;
            const REAL *h = g + (f * rows + r) * 2 * count;
            REAL value = x[r * features + f], total = 0;
            // Sums in one order wherever the arrays lie.
            INDEPENDENT
            for (size_t i = 0; i < count; i++) {
                REAL by_angle = h[count + i] * wave[i] - h[i] * wave[count + i];
                dc[i] += (REAL)TWO_PI * by_angle * value;
                total += by_angle * c[i];
            }
            dx[r * features + f] = (REAL)TWO_PI * total;
        }
    }
}
