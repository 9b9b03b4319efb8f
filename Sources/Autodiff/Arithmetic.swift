import Arrays

// The second operand or the first may be a row `[n]`, a column `[…, 1]` or a single number.
extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        primitive(.add, [a, b], value: .combine(.add, a.array, b.array)) { g in
            [
                a.isTracked ? g.reduced(to: a.shape) : nil,
                b.isTracked ? g.reduced(to: b.shape) : nil,
            ]
        }
    }

    public static func - (a: Tensor, b: Tensor) -> Tensor {
        primitive(.subtract, [a, b], value: .combine(.subtract, a.array, b.array)) { g in
            [
                a.isTracked ? g.reduced(to: a.shape) : nil,
                b.isTracked ? g.reduced(to: b.shape).affine(scale: -1) : nil,
            ]
        }
    }

    /// The product, element by element.
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        primitive(.multiply, [a, b], value: .combine(.multiply, a.array, b.array)) { g in
            [
                a.isTracked ? .combine(.multiply, g, b.array).reduced(to: a.shape) : nil,
                b.isTracked ? .combine(.multiply, g, a.array).reduced(to: b.shape) : nil,
            ]
        }
    }

    /// The quotient, element by element.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let value = NDArray.combine(.divide, a.array, b.array)
        return primitive(.divide, [a, b], value: value) { g in
            let scaled = NDArray.combine(.divide, g, b.array)
            return [
                a.isTracked ? scaled.reduced(to: a.shape) : nil,
                b.isTracked
                    ? NDArray.combine(.multiply, scaled, value).reduced(to: b.shape)
                        .affine(scale: -1) : nil,
            ]
        }
    }

    /// `scale self + offset`.
    public func affine(scale: Scalar, offset: Scalar = 0) -> Tensor {
        primitive(.affine, [self], value: array.affine(scale: scale, offset: offset)) { g in
            [g.affine(scale: scale)]
        }
    }

    public static func * (a: Tensor, scale: Scalar) -> Tensor { a.affine(scale: scale) }
    public static prefix func - (a: Tensor) -> Tensor { a.affine(scale: -1) }
}
