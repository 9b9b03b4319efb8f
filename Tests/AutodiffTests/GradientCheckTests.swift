import Arrays
import Autodiff
import Random
import Testing

/// Every primitive's derivative against differences of its value, in double precision.
@Suite struct GradientCheckTests {
    @Test("Derivatives agree with differences", arguments: Primitive.allCases)
    func primitive(_ primitive: Primitive) {
        let checks = primitive.gradientChecks
        #expect(!checks.isEmpty, "\(primitive) has no gradient check")
        for check in checks { #expect(check.complaint() == nil) }
    }

    @Test("A tensor used twice gets both derivatives")
    func fanOut() {
        let check = GradientCheck(name: "x tanh(x) + x^T x", inputs: [.random([3, 3], "x")]) {
            $0[0] * $0[0].tanh() + .matrixProduct($0[0], $0[0], transposeA: true)
        }
        #expect(check.complaint() == nil)
    }

    @Test("The check finds a derivative that is half of the true one")
    func canFail() {
        let check = GradientCheck(name: "x^2", inputs: [.random([4], "x")]) {
            $0[0].detached * $0[0]
        }
        // Differences move both factors; the tape sees one.
        #expect(check.complaint() != nil)
    }
}

extension Primitive {
    /// At least one check each; the switch has no default, so a new primitive needs one.
    fileprivate var gradientChecks: [GradientCheck] {
        switch self {
        case .matrixProduct: Self.matrixProducts
        case .linear:
            [[4, 3], [2, 4, 3]].map { shape in
                check([
                    .random(shape, "x"), .random([3, 5], "weight"), .random([5], "bias"),
                ]) { .linear($0[0], weight: $0[1], bias: $0[2]) }
            }
        case .add: arithmetic { $0[0] + $0[1] }
        case .subtract: arithmetic { $0[0] - $0[1] }
        case .multiply: arithmetic { $0[0] * $0[1] }
        case .divide: arithmetic { $0[0] / $0[1] }
        case .affine: [check([.random([3, 4], "x")]) { $0[0].affine(scale: -1.7, offset: 0.3) }]
        case .exp: function { $0.exp() }
        case .log: [check([.positive([3, 7], "x")]) { $0[0].log() }]
        case .squareRoot: [check([.positive([3, 7], "x")]) { $0[0].squareRoot() }]
        case .tanh: function { $0.tanh() }
        case .sigmoid: function { $0.sigmoid() }
        case .relu: [check([.awayFromZero([3, 7], "x")]) { $0[0].relu() }]
        case .gelu: function { $0.gelu() }
        case .geluTanh: function { $0.geluTanh() }
        case .silu: function { $0.silu() }
        case .softplus: function { $0.softplus() }
        case .sum: [check([.random([2, 3, 4], "x")]) { $0[0].sum() }]
        case .mean: [check([.random([2, 3, 4], "x")]) { $0[0].mean() }]
        case .sumAlongAxis:
            (0..<3).map { axis in
                check([.random([2, 3, 4], "x")]) { $0[0].sum(axis: axis) }
            }
        case .cumulativeSum:
            (0..<3).flatMap { axis in
                [false, true].map { reversed in
                    check([.random([2, 3, 4], "x")]) {
                        $0[0].cumulativeSum(axis: axis, reversed: reversed)
                    }
                }
            }
        case .reshape: [check([.random([3, 4], "x")]) { $0[0].reshaped(to: [2, 6]) }]
        case .transpose: [check([.random([3, 4], "x")]) { $0[0].transposed() }]
        case .concatenate:
            (0..<3).map { axis in
                var wide = [2, 3, 4]
                wide[axis] += 2
                return check([.random([2, 3, 4], "a"), .random(wide, "b")]) {
                    .concatenate($0, axis: axis)
                }
            }
        case .slice:
            (0..<3).map { axis in
                check([.random([3, 4, 5], "x")]) { $0[0].slice(axis: axis, 1..<3) }
            }
        case .gather: [check([.random([4, 3], "x")]) { $0[0].gathered([2, 0, 2, 3, 2]) }]
        case .dropout:
            [0, 0.4].map { rate in
                check([.random([5, 8], "x")]) {
                    $0[0].dropout(rate: rate, stream: RandomStream(seed: 3))
                }
            }
        case .layerNorm:
            [[4, 6], [2, 3, 6]].map { shape in
                check([
                    .random(shape, "x"), .positive([6], "gain"), .random([6], "bias"),
                ]) { $0[0].layerNorm(gain: $0[1], bias: $0[2]) }
            }
        case .pinball: [pinball(weights: nil), pinball(weights: .positive([5], "weights"))]
        case .exchangeLeadingAxes:
            [[3, 4], [3, 4, 2], [1, 4, 2], [4, 1, 2]].map { shape in
                check([.random(shape, "x")]) { $0[0].exchangingLeadingAxes() }
            }
        case .truncate:
            [check([.random([3, 4, 2], "x")]) { $0[0].truncated(to: [4, 0, 2]) }]
        case .lstm: recurrent(gates: 4)
        case .gru: recurrent(gates: 3)
        case .softmax:
            [nil, NDArray([1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1], shape: [3, 4])].map { mask in
                check([.random([3, 4], "x")]) { $0[0].softmax(mask: mask) }
            }
        case .groupedProduct:
            [3, 1].flatMap { rows in
                let inputs: [NDArray<Double>] = [
                    .random([2, rows, 4], "x"), .random([2, 4, 5], "weight"),
                    .random([2, 5], "bias"),
                ]
                return [
                    check(inputs) { .groupedProduct($0[0], weight: $0[1], bias: $0[2]) },
                    check(Array(inputs.dropLast())) { .groupedProduct($0[0], weight: $0[1]) },
                ]
            }
        case .memberAffine:
            [[4, 5], [3, 4, 5]].flatMap { shape in
                let inputs: [NDArray<Double>] = [
                    .random(shape, "x"), .random([3, 5], "scale"), .random([3, 5], "bias"),
                ]
                return [
                    check(inputs) { $0[0].memberAffine(scale: $0[1], bias: $0[2]) },
                    check(Array(inputs.dropLast())) { $0[0].memberAffine(scale: $0[1]) },
                ]
            }
        case .binEmbedding:
            [
                check([.random([7, 3], "weight"), .random([3, 3], "bias")]) {
                    .binEmbedding(
                        positions: NDArray([0, 0.4, 1, 2.7, 2, 0, 4, 1.3, 0.5], shape: [3, 3]),
                        weight: $0[0], starts: [0, 4, 6, 7], bias: $0[1])
                }
            ]
        case .waves:
            [
                check([.random([4, 2], "x"), .random([2, 3], "frequency")]) {
                    $0[0].waves(frequency: $0[1])
                }
            ]
        }
    }

    func check(
        _ inputs: [NDArray<Double>], _ function: @escaping GradientCheck.Function
    ) -> GradientCheck {
        GradientCheck(name: "\(self) \(inputs.map(\.shape))", inputs: inputs, function: function)
    }

    /// A function of one variable, on a length that is no multiple of a vector's width.
    private func function(
        _ function: @escaping (Tensor<Double>) -> Tensor<Double>
    ) -> [GradientCheck] {
        [check([.random([3, 7], "x")]) { function($0[0]) }]
    }

    /// Equal shapes, and a row, a column and a number on either side.
    private func arithmetic(_ function: @escaping GradientCheck.Function) -> [GradientCheck] {
        let full = [2, 3, 5]
        return [full, [5], [2, 3, 1], [], [1]].flatMap { small in
            [(full, small), (small, full)].map { a, b in
                check([.random(a, "a"), .positive(b, "b")], function)
            }
        }
    }

    private static var matrixProducts: [GradientCheck] {
        let flags = [false, true]
        let matrices = flags.flatMap { transposeA in
            flags.map { transposeB in
                Self.matrixProduct.check([
                    .random(transposeA ? [3, 4] : [4, 3], "a"),
                    .random(transposeB ? [5, 3] : [3, 5], "b"),
                ]) {
                    .matrixProduct($0[0], $0[1], transposeA: transposeA, transposeB: transposeB)
                }
            }
        }
        let batches = flags.map { transposeB in
            Self.matrixProduct.check([
                .random([2, 4, 3], "a"), .random(transposeB ? [5, 3] : [3, 5], "b"),
            ]) { .matrixProduct($0[0], $0[1], transposeB: transposeB) }
        }
        return matrices + batches
    }

    /// Labels lie 0.1 or more from every forecast, so that no corner is crossed.
    private func pinball(weights: NDArray<Double>?) -> GradientCheck {
        let forecasts = NDArray<Double>(
            (0..<5).flatMap { row in [-1, -0.2, 0.3, 1.1].map { $0 + 0.1 * Double(row) } },
            shape: [5, 4])
        let labels = NDArray<Double>([-2, 0.2, 0.35, 0.9, 3])
        let levels = NDArray<Double>([0.05, 0.25, 0.5, 0.9])
        return check([forecasts]) {
            .pinball(forecasts: $0[0], labels: labels, weights: weights, levels: levels)
        }
    }
}
