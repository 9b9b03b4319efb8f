// Template: a scale and a bias for each of several members, for one REAL.

MULTIVERSION
void NAME(vector_member_affine)(const REAL *x, size_t step, const REAL *scale, const REAL *bias,
                                REAL *y, size_t members, size_t rows, size_t columns) {
    for (size_t k = 0; k < members; k++) {
        const REAL *s = scale + k * columns, *b = bias + k * columns;
        for (size_t r = 0; r < rows; r++) {
            const REAL *a = x + k * step + r * columns;
            REAL *o = y + (k * rows + r) * columns;
            INDEPENDENT
            for (size_t c = 0; c < columns; c++) o[c] = a[c] * s[c] + b[c];
        }
    }
}

MULTIVERSION
void NAME(vector_member_affine_derivative)(const REAL *x, size_t step, const REAL *scale,
                                           const REAL *g, REAL *dx, REAL *dscale, REAL *dbias,
                                           size_t members, size_t rows, size_t columns) {
    for (size_t k = 0; k < members; k++) {
        const REAL *s = scale + k * columns;
        REAL *ds = dscale + k * columns, *db = dbias + k * columns;
        for (size_t r = 0; r < rows; r++) {
            const REAL *a = x + k * step + r * columns, *h = g + (k * rows + r) * columns;
            REAL *o = dx + k * step + r * columns;
            INDEPENDENT
            for (size_t c = 0; c < columns; c++) {
                o[c] += h[c] * s[c];
                ds[c] += h[c] * a[c];
                db[c] += h[c];
            }
        }
    }
}
