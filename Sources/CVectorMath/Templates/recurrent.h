// Template: the cells of recurrent layers and their derivatives, one time step, for one REAL.
//
// A row whose length is at most `step` is padding: its output is zero and its derivatives are
// zero. On the way back a row begins at its own last step, with the derivatives of its final state.

MULTIVERSION
void NAME(vector_lstm_cell)(REAL *gates, const REAL *previous, const ptrdiff_t *lengths,
                            ptrdiff_t step, REAL *cell, REAL *hidden, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++) {
        REAL *i = gates + r * 4 * width, *f = i + width, *g = f + width, *o = g + width;
        const REAL *before = previous + r * width;
        REAL *c = cell + r * width, *h = hidden + r * width;
        if (lengths && lengths[r] <= step) {
            memset(c, 0, width * sizeof(REAL));
            memset(h, 0, width * sizeof(REAL));
            continue;
        }
        INDEPENDENT
        for (size_t j = 0; j < width; j++) {
            REAL in = NAME(sigmoid)(i[j]), forget = NAME(sigmoid)(f[j]);
            REAL candidate = NAME(tanh)(g[j]), out = NAME(sigmoid)(o[j]);
            REAL state = forget * before[j] + in * candidate;
            i[j] = in;
            f[j] = forget;
            g[j] = candidate;
            o[j] = out;
            c[j] = state;
            h[j] = out * NAME(tanh)(state);
        }
    }
}

MULTIVERSION
void NAME(vector_lstm_cell_derivative)(REAL *gates, const REAL *previous, const REAL *cell,
                                       const REAL *output, const REAL *final_hidden,
                                       const REAL *final_cell, const ptrdiff_t *lengths,
                                       ptrdiff_t step, ptrdiff_t steps, const REAL *dhidden,
                                       REAL *dcell, REAL *dbias, size_t rows, size_t width) {
    REAL *di = dbias, *df = di + width, *dg = df + width, *od = dg + width;
    for (size_t r = 0; r < rows; r++) {
        REAL *i = gates + r * 4 * width, *f = i + width, *g = f + width, *o = g + width;
        ptrdiff_t length = lengths ? lengths[r] : steps;
        if (length <= step) {
            memset(i, 0, 4 * width * sizeof(REAL));
            continue;
        }
        int is_last = length == step + 1;
        const REAL *c = cell + r * width, *before = previous + r * width;
        const REAL *h = (is_last ? final_hidden : dhidden) + r * width;
        REAL *later = dcell + r * width;
        if (is_last) memcpy(later, final_cell + r * width, width * sizeof(REAL));
        const REAL *y = output + r * width;
        INDEPENDENT
        for (size_t j = 0; j < width; j++) {
            REAL in = i[j], forget = f[j], candidate = g[j], out = o[j];
            REAL bent = NAME(tanh)(c[j]), by_hidden = h[j] + y[j];
            REAL by_cell = later[j] + by_hidden * out * (1 - bent * bent);
            REAL by_in = by_cell * candidate * in * (1 - in);
            REAL by_forget = by_cell * before[j] * forget * (1 - forget);
            REAL by_candidate = by_cell * in * (1 - candidate * candidate);
            REAL by_out = by_hidden * bent * out * (1 - out);
            later[j] = by_cell * forget;
            i[j] = by_in;
            f[j] = by_forget;
            g[j] = by_candidate;
            o[j] = by_out;
            di[j] += by_in;
            df[j] += by_forget;
            dg[j] += by_candidate;
            od[j] += by_out;
        }
    }
}

MULTIVERSION
void NAME(vector_gru_cell)(REAL *gates, REAL *recurrent, const REAL *bias, const REAL *previous,
                           const ptrdiff_t *lengths, ptrdiff_t step, REAL *hidden, size_t rows,
                           size_t width) {
    for (size_t row = 0; row < rows; row++) {
        REAL *r = gates + row * 3 * width, *z = r + width, *n = z + width;
        REAL *p = recurrent + row * 3 * width, *q = p + 2 * width;
        const REAL *before = previous + row * width;
        REAL *h = hidden + row * width;
        if (lengths && lengths[row] <= step) {
            memset(h, 0, width * sizeof(REAL));
            continue;
        }
        INDEPENDENT
        for (size_t j = 0; j < width; j++) {
            REAL reset = NAME(sigmoid)(r[j] + p[j]);
            REAL update = NAME(sigmoid)(z[j] + p[width + j]);
            REAL inner = q[j] + bias[j];
            REAL candidate = NAME(tanh)(n[j] + reset * inner);
            q[j] = inner;
            r[j] = reset;
            z[j] = update;
            n[j] = candidate;
            h[j] = candidate + update * (before[j] - candidate);
        }
    }
}

MULTIVERSION
void NAME(vector_gru_cell_derivative)(REAL *gates, REAL *recurrent, const REAL *previous,
                                      const REAL *output, const REAL *final_hidden,
                                      const ptrdiff_t *lengths, ptrdiff_t step, ptrdiff_t steps,
                                      REAL *dhidden, REAL *dbias, size_t rows, size_t width) {
    REAL *dr = dbias, *dz = dr + width, *dn = dz + width, *dq = dn + width;
    for (size_t row = 0; row < rows; row++) {
        REAL *r = gates + row * 3 * width, *z = r + width, *n = z + width;
        REAL *p = recurrent + row * 3 * width, *q = p + 2 * width;
        REAL *later = dhidden + row * width;
        ptrdiff_t length = lengths ? lengths[row] : steps;
        if (length <= step) {
            memset(r, 0, 3 * width * sizeof(REAL));
            memset(p, 0, 3 * width * sizeof(REAL));
            memset(later, 0, width * sizeof(REAL));
            continue;
        }
        if (length == step + 1) memcpy(later, final_hidden + row * width, width * sizeof(REAL));
        const REAL *before = previous + row * width;
        const REAL *y = output + row * width;
        INDEPENDENT
        for (size_t j = 0; j < width; j++) {
            REAL reset = r[j], update = z[j], candidate = n[j], inner = q[j];
            REAL by_hidden = later[j] + y[j];
            REAL by_update = by_hidden * (before[j] - candidate) * update * (1 - update);
            REAL by_candidate = by_hidden * (1 - update) * (1 - candidate * candidate);
            REAL by_reset = by_candidate * inner * reset * (1 - reset);
            REAL by_inner = by_candidate * reset;
            later[j] = by_hidden * update;
            r[j] = by_reset;
            p[j] = by_reset;
            z[j] = by_update;
            p[width + j] = by_update;
            n[j] = by_candidate;
            q[j] = by_inner;
            dr[j] += by_reset;
            dz[j] += by_update;
            dn[j] += by_candidate;
            dq[j] += by_inner;
        }
    }
}
