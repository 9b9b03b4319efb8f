import CVectorMath

/// The kernels of recurrent layers: one time step of a cell, and its derivative.
///
/// A row whose length is at most `step` is padding; without lengths there is none. Gates enter as
/// sums, become their values in place, and on the way back the derivatives by those sums.
public protocol RecurrentKernels {
    /// `c = f c' + i g` and `h = o tanh(c)`, with the gates i, f, g, o side by side in each row.
    ///
    /// Shape: gates `[rows, 4 width]`, states `[rows, width]`.
    static func lstmCell(
        gates: UnsafeMutablePointer<Self>, previousCell: UnsafePointer<Self>,
        lengths: UnsafePointer<Int>?, step: Int, cell: UnsafeMutablePointer<Self>,
        hidden: UnsafeMutablePointer<Self>, rows: Int, width: Int
    )

    /// The derivative of `lstmCell`.
    ///
    /// At a row's last step those by its final state stand in for `dHidden` and `dCell`. `dCell`
    /// leaves as the derivative by the cell before; `dBias`, `[4 width]`, is added to.
    static func lstmCellDerivative(
        gates: UnsafeMutablePointer<Self>, previousCell: UnsafePointer<Self>,
        cell: UnsafePointer<Self>, g: UnsafePointer<Self>, dFinalHidden: UnsafePointer<Self>,
        dFinalCell: UnsafePointer<Self>, lengths: UnsafePointer<Int>?, step: Int, steps: Int,
        dHidden: UnsafePointer<Self>, dCell: UnsafeMutablePointer<Self>,
        dBias: UnsafeMutablePointer<Self>, rows: Int, width: Int
    )

    /// `h = (1 - z) n + z h'`, with the gates r, z, n side by side in each row.
    ///
    /// `recurrent` is the hidden state's share of the sums; that of n, plus `recurrentBias`, goes
    /// through the reset gate and is kept in its place.
    /// Shape: gates and recurrent `[rows, 3 width]`, states `[rows, width]`.
    static func gruCell(
        gates: UnsafeMutablePointer<Self>, recurrent: UnsafeMutablePointer<Self>,
        recurrentBias: UnsafePointer<Self>, previousHidden: UnsafePointer<Self>,
        lengths: UnsafePointer<Int>?, step: Int, hidden: UnsafeMutablePointer<Self>, rows: Int,
        width: Int
    )

    /// The derivative of `gruCell`.
    ///
    /// At a row's last step `dFinalHidden` stands in for `dHidden`, which leaves as the part of the
    /// derivative by the state before that does not pass through the gates. `dBias`, `[4 width]`, is
    /// added to: the gates', then the recurrent bias's.
    static func gruCellDerivative(
        gates: UnsafeMutablePointer<Self>, recurrent: UnsafeMutablePointer<Self>,
        previousHidden: UnsafePointer<Self>, g: UnsafePointer<Self>,
        dFinalHidden: UnsafePointer<Self>, lengths: UnsafePointer<Int>?, step: Int, steps: Int,
        dHidden: UnsafeMutablePointer<Self>, dBias: UnsafeMutablePointer<Self>, rows: Int,
        width: Int
    )
}

extension Float: RecurrentKernels {
    public static func lstmCell(
        gates: UnsafeMutablePointer<Float>, previousCell: UnsafePointer<Float>,
        lengths: UnsafePointer<Int>?, step: Int, cell: UnsafeMutablePointer<Float>,
        hidden: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        vector_lstm_cell_f32(gates, previousCell, lengths, step, cell, hidden, rows, width)
    }

    public static func lstmCellDerivative(
        gates: UnsafeMutablePointer<Float>, previousCell: UnsafePointer<Float>,
        cell: UnsafePointer<Float>, g: UnsafePointer<Float>, dFinalHidden: UnsafePointer<Float>,
        dFinalCell: UnsafePointer<Float>, lengths: UnsafePointer<Int>?, step: Int, steps: Int,
        dHidden: UnsafePointer<Float>, dCell: UnsafeMutablePointer<Float>,
        dBias: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        vector_lstm_cell_derivative_f32(
            gates, previousCell, cell, g, dFinalHidden, dFinalCell, lengths, step, steps, dHidden,
            dCell, dBias, rows, width)
    }

    public static func gruCell(
        gates: UnsafeMutablePointer<Float>, recurrent: UnsafeMutablePointer<Float>,
        recurrentBias: UnsafePointer<Float>, previousHidden: UnsafePointer<Float>,
        lengths: UnsafePointer<Int>?, step: Int, hidden: UnsafeMutablePointer<Float>, rows: Int,
        width: Int
    ) {
        vector_gru_cell_f32(
            gates, recurrent, recurrentBias, previousHidden, lengths, step, hidden, rows, width)
    }

    public static func gruCellDerivative(
        gates: UnsafeMutablePointer<Float>, recurrent: UnsafeMutablePointer<Float>,
        previousHidden: UnsafePointer<Float>, g: UnsafePointer<Float>,
        dFinalHidden: UnsafePointer<Float>, lengths: UnsafePointer<Int>?, step: Int, steps: Int,
        dHidden: UnsafeMutablePointer<Float>, dBias: UnsafeMutablePointer<Float>, rows: Int,
        width: Int
    ) {
        vector_gru_cell_derivative_f32(
            gates, recurrent, previousHidden, g, dFinalHidden, lengths, step, steps, dHidden, dBias,
            rows, width)
    }
}

extension Double: RecurrentKernels {
    public static func lstmCell(
        gates: UnsafeMutablePointer<Double>, previousCell: UnsafePointer<Double>,
        lengths: UnsafePointer<Int>?, step: Int, cell: UnsafeMutablePointer<Double>,
        hidden: UnsafeMutablePointer<Double>, rows: Int, width: Int
    ) {
        vector_lstm_cell_f64(gates, previousCell, lengths, step, cell, hidden, rows, width)
    }

    public static func lstmCellDerivative(
        gates: UnsafeMutablePointer<Double>, previousCell: UnsafePointer<Double>,
        cell: UnsafePointer<Double>, g: UnsafePointer<Double>, dFinalHidden: UnsafePointer<Double>,
        dFinalCell: UnsafePointer<Double>, lengths: UnsafePointer<Int>?, step: Int, steps: Int,
        dHidden: UnsafePointer<Double>, dCell: UnsafeMutablePointer<Double>,
        dBias: UnsafeMutablePointer<Double>, rows: Int, width: Int
    ) {
        vector_lstm_cell_derivative_f64(
            gates, previousCell, cell, g, dFinalHidden, dFinalCell, lengths, step, steps, dHidden,
            dCell, dBias, rows, width)
    }

    public static func gruCell(
        gates: UnsafeMutablePointer<Double>, recurrent: UnsafeMutablePointer<Double>,
        recurrentBias: UnsafePointer<Double>, previousHidden: UnsafePointer<Double>,
        lengths: UnsafePointer<Int>?, step: Int, hidden: UnsafeMutablePointer<Double>, rows: Int,
        width: Int
    ) {
        vector_gru_cell_f64(
            gates, recurrent, recurrentBias, previousHidden, lengths, step, hidden, rows, width)
    }

    public static func gruCellDerivative(
        gates: UnsafeMutablePointer<Double>, recurrent: UnsafeMutablePointer<Double>,
        previousHidden: UnsafePointer<Double>, g: UnsafePointer<Double>,
        dFinalHidden: UnsafePointer<Double>, lengths: UnsafePointer<Int>?, step: Int, steps: Int,
        dHidden: UnsafeMutablePointer<Double>, dBias: UnsafeMutablePointer<Double>, rows: Int,
        width: Int
    ) {
        vector_gru_cell_derivative_f64(
            gates, recurrent, previousHidden, g, dFinalHidden, lengths, step, steps, dHidden, dBias,
            rows, width)
    }
}
