extension NDArray {
    /// `f` of every element.
    public func map(_ function: ElementwiseFunction) -> NDArray {
        NDArray(shape: shape) { y in
            withUnsafePointer { Element.map(function, $0, into: y, count: count) }
        }
    }

    /// `g f'(x)`, where this array is `x` and `y` is `f(x)`.
    public func mapDerivative(_ function: ElementwiseFunction, y: NDArray, g: NDArray) -> NDArray {
        NDArray(shape: shape) { dx in
            withUnsafePointer { x in
                y.withUnsafePointer { y in
                    g.withUnsafePointer { g in
                        Element.mapDerivative(function, x: x, y: y, g: g, into: dx, count: count)
                    }
                }
            }
        }
    }

    /// `a self + b` of every element.
    public func affine(scale: Element, offset: Element = 0) -> NDArray {
        NDArray(shape: shape) { y in
            withUnsafePointer { Element.affine(scale, offset, $0, into: y, count: count) }
        }
    }

    /// `a op b`, where one operand may be a row, a column or a single number.
    ///
    /// Shape: `[…, n]` with `[…, n]`, `[n]`, `[…, 1]` or one element.
    public static func combine(_ operation: ArithmeticOperation, _ a: NDArray, _ b: NDArray)
        -> NDArray
    {
        let shape = Broadcast.shape(a.shape, b.shape, operation: "\(operation)")
        let rows = shape.dropLast().reduce(1, *)
        let columns = shape.last ?? 1
        return NDArray(shape: shape) { out in
            a.withUnsafePointer { aPointer in
                b.withUnsafePointer { bPointer in
                    Element.combine(
                        operation, aPointer,
                        strides: Broadcast(of: a.shape, into: shape).strides(columns: columns),
                        bPointer,
                        strides: Broadcast(of: b.shape, into: shape).strides(columns: columns),
                        into: out, rows: rows, columns: columns)
                }
            }
        }
    }

    /// The sum over everything along which `shape` was repeated to give this array's shape: the
    /// derivative of broadcasting.
    public func reduced(to shape: [Int]) -> NDArray {
        switch Broadcast(of: shape, into: self.shape) {
        case .none: return self
        case .row: return sumOverRows().reshaped(to: shape)
        case .column: return sumOverColumns().reshaped(to: shape)
        case .scalar: return NDArray(repeating: Element(sum()), shape: shape)
        }
    }

    /// The sum of all elements.
    public func sum() -> Double {
        withUnsafePointer { Element.sum($0, count: count) }
    }

    public func sumOfSquares() -> Double {
        withUnsafePointer { Element.sumOfSquares($0, count: count) }
    }

    /// The sum over all axes but the last.
    ///
    /// Shape: `[…, n]` to `[n]`.
    public func sumOverRows() -> NDArray {
        NDArray(shape: [columns]) { out in
            withUnsafePointer {
                Element.sumColumns(
                    $0, rows: rows, columns: columns, accumulating: false, into: out)
            }
        }
    }

    /// The sum over the last axis.
    ///
    /// Shape: `[…, n]` to `[…]`.
    public func sumOverColumns() -> NDArray {
        NDArray(shape: Array(shape.dropLast())) { out in
            withUnsafePointer { x in
                for r in 0..<rows {
                    out[r] = Element(Element.sum(x + r * columns, count: columns))
                }
            }
        }
    }

    /// Adds `scale` times another array of the same shape, in place.
    public mutating func add(_ other: NDArray, scale: Element = 1) {
        precondition(shape == other.shape, "add: \(shape) and \(other.shape)")
        let count = count
        other.withUnsafePointer { x in
            withUnsafeMutablePointer { Element.addScaled(scale, x, to: $0, count: count) }
        }
    }
}

/// How an operand is repeated to fill a result.
enum Broadcast {
    case none, row, column, scalar

    init(of operand: [Int], into result: [Int]) {
        let count = operand.reduce(1, *)
        if operand == result || count == result.reduce(1, *) {
            self = .none
        } else if count == 1 {
            self = .scalar
        } else if operand.last == result.last {
            self = .row
        } else {
            self = .column
        }
    }

    /// The steps from row to row and from column to column, in elements.
    func strides(columns: Int) -> (Int, Int) {
        switch self {
        case .none: (columns, 1)
        case .row: (0, 1)
        case .column: (1, 0)
        case .scalar: (0, 0)
        }
    }

    /// The shape of `a op b`; a precondition names both where they do not fit.
    static func shape(_ a: [Int], _ b: [Int], operation: String) -> [Int] {
        // An empty batch counts as one row: `[0, 1]` with `[0, 9]` is a column with a matrix.
        let (aCount, bCount) = (
            a.reduce(1) { $0 * max($1, 1) }, b.reduce(1) { $0 * max($1, 1) }
        )
        let (large, small) =
            aCount > bCount || (aCount == bCount && a.count >= b.count) ? (a, b) : (b, a)
        let smallCount = min(aCount, bCount)
        let isFull = large == small
        let isScalar = smallCount == 1
        let isRow = small.last == large.last && smallCount == small.last
        let isColumn =
            small.count == large.count && small.last == 1
            && small.dropLast() == large.dropLast()
        precondition(
            isFull || isScalar || isRow || isColumn,
            "\(operation): shapes \(a) and \(b) do not broadcast")
        return large
    }
}
