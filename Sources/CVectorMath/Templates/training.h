// Template: the pinball loss, dropout and the optimizer update, for one REAL.

MULTIVERSION
double NAME(vector_pinball)(const REAL *q, const REAL *label, const REAL *weight,
                            const REAL *level, REAL scale, REAL *d, size_t rows, size_t levels) {
#pragma clang fp reassociate(on)
    double total = 0;
    for (size_t r = 0; r < rows; r++) {
        const REAL *f = q + r * levels;
        REAL *o = d + r * levels;
        REAL y = label[r], w = weight ? weight[r] * scale : scale;
        REAL sum = 0;
        // Without it the order of the sum would depend on how near the arrays lie to each other.
        INDEPENDENT
        for (size_t l = 0; l < levels; l++) {
            REAL error = y - f[l], tau = level[l];
            // max(tau e, (tau - 1) e); at a tie the derivative is that of a forecast too high.
            REAL slope = error > 0 ? tau : tau - 1;
            sum += slope * error;
            o[l] = -w * slope;
        }
        total += (double)(w * sum);
    }
    return total;
}

MULTIVERSION
void NAME(vector_dropout)(const REAL *x, const uint32_t *keep, uint32_t threshold, REAL scale,
                          REAL *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = keep[i] >= threshold ? x[i] * scale : 0;
}

MULTIVERSION
void NAME(vector_adam)(const vector_adam_step *s, const REAL *restrict g, REAL *restrict m,
                       REAL *restrict v, REAL *restrict p, size_t n) {
    REAL step = (REAL)s->step_size, beta1 = (REAL)s->beta1, beta2 = (REAL)s->beta2;
    REAL correction = (REAL)s->second_correction, epsilon = (REAL)s->epsilon;
    REAL decay = (REAL)s->decay, scale = (REAL)s->gradient_scale;
    REAL rest1 = (REAL)(1 - s->beta1), rest2 = (REAL)(1 - s->beta2);
    for (size_t i = 0; i < n; i++) {
        REAL gradient = g[i] * scale;
        REAL first = beta1 * m[i] + rest1 * gradient;
        REAL second = beta2 * v[i] + rest2 * gradient * gradient;
        m[i] = first;
        v[i] = second;
        p[i] = decay * p[i] - step * first / (NAME(sqrt)(second) * correction + epsilon);
    }
}
