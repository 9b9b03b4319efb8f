// Template: layer normalisation over the last axis, for one REAL.

MULTIVERSION
void NAME(vector_layer_norm)(const REAL *x, const REAL *gain, const REAL *bias, REAL epsilon,
                             REAL *y, REAL *mean, REAL *rstd, size_t rows, size_t columns) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const REAL *a = x + r * columns;
        REAL *o = y + r * columns;
        REAL sum = 0;
        for (size_t c = 0; c < columns; c++) sum += a[c];
        REAL m = sum / (REAL)columns;
        REAL squares = 0;
        for (size_t c = 0; c < columns; c++) squares += (a[c] - m) * (a[c] - m);
        REAL s = 1 / NAME(sqrt)(squares / (REAL)columns + epsilon);
        for (size_t c = 0; c < columns; c++) o[c] = (a[c] - m) * s * gain[c] + bias[c];
        mean[r] = m;
        rstd[r] = s;
    }
}

MULTIVERSION
void NAME(vector_layer_norm_derivative)(const REAL *x, const REAL *gain, const REAL *mean,
                                        const REAL *rstd, const REAL *g, REAL *dx, REAL *dgain,
                                        REAL *dbias, size_t rows, size_t columns) {
#pragma clang fp reassociate(on)
    memset(dgain, 0, columns * sizeof(REAL));
    memset(dbias, 0, columns * sizeof(REAL));
    for (size_t r = 0; r < rows; r++) {
        const REAL *a = x + r * columns, *h = g + r * columns;
        REAL *o = dx + r * columns;
        REAL m = mean[r], s = rstd[r];
        REAL sum = 0, projection = 0;
        // Sums in one order wherever the arrays lie.
        INDEPENDENT
        for (size_t c = 0; c < columns; c++) {
            REAL normalised = (a[c] - m) * s, scaled = h[c] * gain[c];
            sum += scaled;
            projection += scaled * normalised;
            dgain[c] += h[c] * normalised;
            dbias[c] += h[c];
        }
        sum /= (REAL)columns;
        projection /= (REAL)columns;
        for (size_t c = 0; c < columns; c++) {
            REAL normalised = (a[c] - m) * s;
            o[c] = s * (h[c] * gain[c] - sum - normalised * projection);
        }
    }
}
