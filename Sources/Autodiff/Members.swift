import Arrays

extension Tensor {
    /// A matrix product for each group, each with its own matrix, plus a row of its own.
    ///
    /// Shape: x `[group, row, in]`, weight `[group, in, out]`, bias `[group, out]`, to
    /// `[group, row, out]`.
    public static func groupedProduct(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
        precondition(
            x.shape.count == 3 && weight.shape.count == 3 && x.shape[0] == weight.shape[0]
                && x.shape[2] == weight.shape[1]
                && bias.map { $0.shape == [weight.shape[0], weight.shape[2]] } ?? true,
            "grouped product: x \(x.shape), weight \(weight.shape), bias \(bias?.shape ?? [])")
        let (groups, rows) = (x.shape[0], x.shape[1])
        let outputs = weight.shape[2]
        var value = NDArray<Scalar>(repeating: 0, shape: [groups, rows, outputs])
        if let bias {
            bias.array.withUnsafePointer { bias in
                value.withUnsafeMutablePointer { y in
                    for row in 0..<groups * rows {
                        (y + row * outputs).update(
                            from: bias + row / rows * outputs, count: outputs)
                    }
                }
            }
        }
        value.addGroupedProduct(x.array, weight.array)
        return primitive(
            .groupedProduct, [x, weight] + (bias.map { [$0] } ?? []), value: value
        ) { g in
            var dx = NDArray<Scalar>(repeating: 0, shape: x.isTracked ? x.shape : [0])
            var dWeight = NDArray<Scalar>(
                repeating: 0, shape: weight.isTracked ? weight.shape : [0])
            if x.isTracked { dx.addGroupedProduct(g, weight.array, transposeB: true) }
            if weight.isTracked { dWeight.addGroupedProduct(x.array, g, transposeA: true) }
            return [dx, dWeight, bias?.isTracked == true ? g.sum(axis: 1) : nil]
        }
    }

    /// `x scale + bias` with a scale and a bias for each member, element by element.
    ///
    /// Shape: x `[member, row, n]`, or `[row, n]` where all members share it; scale and bias
    /// `[member, n]`; to `[member, row, n]`.
    public func memberAffine(scale: Tensor, bias: Tensor? = nil) -> Tensor {
        let (rows, columns) = (shape.dropLast().last ?? 1, array.columns)
        let members = scale.shape[0]
        let isShared = shape.count == 2
        precondition(
            scale.shape == [members, columns]
                && (isShared || shape == [members, rows, columns])
                && bias.map { $0.shape == scale.shape } ?? true,
            "member affine: x \(shape), scale \(scale.shape), bias \(bias?.shape ?? [])")
        let step = isShared ? 0 : rows * columns
        let bias = bias ?? Tensor(NDArray(repeating: 0, shape: scale.shape))
        let value = NDArray<Scalar>(shape: [members, rows, columns]) { y in
            withPointers(array, scale.array, bias.array) { x, scale, bias in
                Scalar.memberAffine(
                    x, step: step, scale: scale, bias: bias, into: y, members: members, rows: rows,
                    columns: columns)
            }
        }
        return primitive(.memberAffine, [self, scale, bias], value: value) { [array] g in
            var dx = NDArray<Scalar>(repeating: 0, shape: array.shape)
            var dScale = NDArray<Scalar>(repeating: 0, shape: scale.shape)
            var dBias = dScale
            withMutablePointers(&dx, &dScale, &dBias) { dx, dScale, dBias in
                withPointers(array, scale.array, g) { x, scale, g in
                    Scalar.memberAffineDerivative(
                        x, step: step, scale: scale, g: g, into: dx, dScale: dScale, dBias: dBias,
                        members: members, rows: rows, columns: columns)
                }
            }
            return [dx, dScale, dBias]
        }
    }
}

extension NDArray {
    /// Adds the product of two arrays of matrices, group by group.
    fileprivate mutating func addGroupedProduct(
        _ a: NDArray, _ b: NDArray, transposeA: Bool = false, transposeB: Bool = false
    ) {
        let (m, n) = (shape[1], shape[2])
        let k = transposeA ? a.shape[1] : a.shape[2]
        let groups = shape[0]
        withUnsafeMutablePointer { c in
            withPointers(a, b) { a, b in
                for group in 0..<groups {
                    Element.gemm(
                        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 1,
                        a: a + group * m * k, lda: transposeA ? m : k, b: b + group * k * n,
                        ldb: transposeB ? k : n, beta: 1, c: c + group * m * n, ldc: n)
                }
            }
        }
    }
}
