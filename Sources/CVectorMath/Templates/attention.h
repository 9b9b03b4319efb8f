// Template: the softmax of rows, some elements masked, for one REAL.

MULTIVERSION
void NAME(vector_softmax)(const REAL *x, const REAL *mask, REAL *y, size_t rows, size_t columns) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const REAL *a = x + r * columns, *shown = mask + r * columns;
        REAL *o = y + r * columns;
        REAL highest = -INFINITY, sum = 0;
        for (size_t c = 0; c < columns; c++) {
            if (shown[c] != 0 && a[c] > highest) highest = a[c];
        }
        // Sums in one order wherever the arrays lie.
        INDEPENDENT
        for (size_t c = 0; c < columns; c++) {
            o[c] = shown[c] != 0 ? NAME(exp)(a[c] - highest) : 0;
            sum += o[c];
        }
        REAL share = sum > 0 ? 1 / sum : 0;
        for (size_t c = 0; c < columns; c++) o[c] *= share;
    }
}

MULTIVERSION
void NAME(vector_softmax_derivative)(const REAL *y, const REAL *g, REAL *dx, size_t rows,
                                     size_t columns) {
#pragma clang fp reassociate(on)
    for (size_t r = 0; r < rows; r++) {
        const REAL *a = y + r * columns, *h = g + r * columns;
        REAL *o = dx + r * columns;
        REAL projection = 0;
        for (size_t c = 0; c < columns; c++) projection += a[c] * h[c];
        for (size_t c = 0; c < columns; c++) o[c] = a[c] * (h[c] - projection);
    }
}
