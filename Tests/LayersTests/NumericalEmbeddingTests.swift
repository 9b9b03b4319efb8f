import Arrays
import Autodiff
import Layers
import Random
import TestSupport
import Testing

/// Piecewise-linear and periodic embeddings, members and attention: what they promise.
@Suite struct NumericalEmbeddingTests {
    private let stream = RandomStream(seed: 2)

    @Test("Codes are ones, a fraction, zeros; both ends clamp; few edges give no bins")
    func codes() {
        let encoding = PiecewiseLinearEncoding(edges: [[0, 1, 3, 4], [5], [], [-1, 1]])
        #expect(encoding.columns == [0, 3])
        #expect(encoding.starts == [0, 3, 4])
        let x = NDArray<Double>(
            [-2, 9, 9, -7, 2, 9, 9, 0, 4, 9, 9, 1, 8, 9, 9, 3, 1, 9, 9, .nan], shape: [5, 4])
        let positions = encoding.positions(x)
        #expect(positions.elements.dropLast() == [0, 0, 1.5, 0.5, 3, 1, 3, 1, 1])
        #expect(positions.elements[9].isNaN)
        let codes = encoding.codes(positions: positions.slice(axis: 0, 0..<4))
        #expect(codes.elements == [0, 0, 0, 0, 1, 0.5, 0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test("Positions are computed in double precision: a narrow bin far from zero")
    func precision() {
        let encoding = PiecewiseLinearEncoding(edges: [[1_000_000, 1_000_000.5, 1_000_001]])
        let x = NDArray<Float>([1_000_000.25, 1_000_000.75], shape: [2, 1])
        #expect(encoding.positions(x).elements == [0.5, 1.5])
    }

    @Test("The embedding is the product of codes and matrices, and so is its derivative")
    func embeddingIsProduct() {
        let bins = [40, 1, 7] + Array(repeating: 3, count: 20)
        let edges = bins.map { bins in (0...bins).map { Double($0) / Double(bins) } }
        let encoding = PiecewiseLinearEncoding(edges: edges)
        var random = stream.stream("x")
        let x = NDArray<Double>(
            (0..<11 * bins.count).map { _ in 1.4 * random.uniform() - 0.2 },
            shape: [11, bins.count])
        let positions = encoding.positions(x)
        let codes = encoding.codes(positions: positions)
        let layer = PiecewiseLinearEmbedding<Double>(encoding: encoding, width: 5, stream: stream)
        let cotangent = Tensor(x.slice(axis: 1, 0..<5))
        let ours = layer.valueAndGradients {
            let y = $0(Tensor(positions), mode: .inference)
            return (y * Tensor(y.array)).sum() + (y.slice(axis: 1, 5..<10) * cotangent).sum()
        }
        let product = layer.valueAndGradients { layer in
            let parts = bins.indices.map { feature in
                let range = encoding.starts[feature]..<encoding.starts[feature + 1]
                return Tensor.matrixProduct(
                    Tensor(codes.slice(axis: 1, range)),
                    layer.weight.tensor.slice(axis: 0, range))
            }
            let y = .concatenate(parts, axis: 1) + layer.bias.tensor
            return (y * Tensor(y.array)).sum() + (y.slice(axis: 1, 5..<10) * cotangent).sum()
        }
        #expect(abs(ours.value - product.value) < 1e-12 * abs(product.value))
        for (a, b) in zip(ours.gradients.arrays, product.gradients.arrays) {
            #expect(mismatch(a, from: b, tolerance: 1e-12) == nil)
        }
    }

    @Test("Plain features stand beside the encoded ones")
    func plainFeatures() throws {
        let encoding = PiecewiseLinearEncoding(edges: [[0, 1, 2], [], [0, 1]])
        let layer = PiecewiseLinearEmbedding<Float>(
            encoding: encoding, plainFeatures: 3, width: 4, stream: stream)
        let y = layer(Tensor(NDArray(repeating: 0.5, shape: [6, 5])), mode: .inference)
        #expect(y.shape == [6, 12])
        let row = y.array.slice(axis: 0, 2..<3).slice(axis: 1, 8..<12).reshaped(to: [4])
        let plain = try #require(layer.plainWeight).tensor.array.sum(axis: 0).affine(scale: 0.5)
        #expect(mismatch(row, from: plain, tolerance: 1e-6) == nil)
    }

    @Test("Waves have the frequency's period, also far from zero")
    func waves() {
        let frequency = Tensor(NDArray<Float>([0.5, 2], shape: [1, 2]))
        let x = NDArray<Float>([0, 0.125, 1000, 1000.125], shape: [4, 1])
        let waves = Tensor(x).waves(frequency: frequency).array.elements
        let half = Float(0.5).squareRoot()
        let eighth: [Float] = [0.923_879_5, 0, 0.382_683_43, 1]
        for (index, expected) in ([1, 1, 0, 0] + eighth + [1, 1, 0, 0] + eighth).enumerated() {
            #expect(abs(waves[index] - expected) < 3e-7, "\(index)")
        }
        let quarter = Tensor(NDArray<Float>([0.25], shape: [1, 1])).waves(frequency: frequency)
        #expect(abs(quarter.array.elements[0] - half) < 3e-7)
    }

    @Test("Members read one input through signs of their own, and keep to themselves")
    func members() {
        let scale = MemberScale<Double>(members: 8, features: 64, stream: stream)
        let signs = scale.scale.tensor.array.elements
        #expect(signs.allSatisfy { abs($0) == 1 })
        let positive = signs.count { $0 > 0 }
        #expect((200..<312).contains(positive))
        let heads = MemberDense<Double>(members: 8, inputs: 64, outputs: 3, stream: stream)
        let network = Sequential<Double>([scale, heads])
        let x = NDArray<Double>(repeating: 0.3, shape: [5, 64])
        let y = network(Tensor(x), mode: .inference)
        #expect(y.shape == [8, 5, 3])
        let gradients = heads.valueAndGradients { heads in
            heads(scale(Tensor(x), mode: .inference), mode: .inference)
                .slice(axis: 0, 2..<3).sum()
        }
        let byMember = gradients.gradients.arrays[0]
        for member in 0..<8 {
            let norm = byMember.slice(axis: 0, member..<member + 1).sumOfSquares()
            #expect((norm > 0) == (member == 2))
        }
    }

    @Test("Attention forgets the order of steps, and what is masked")
    func attention() {
        let pooling = AttentionPooling<Double>(features: 3, stream: stream)
        var random = stream.stream("steps")
        let x = NDArray<Double>((0..<2 * 4 * 3).map { _ in random.normal() }, shape: [2, 4, 3])
        let mask = NDArray<Double>([1, 1, 0, 1, 0, 0, 0, 0], shape: [2, 4])
        let pooled = pooling(Tensor(x), mask: mask).array
        #expect(pooled.elements[3...].allSatisfy { $0 == 0 })
        let kept = NDArray.concatenate(
            [3..<4, 0..<2].map { x.slice(axis: 1, $0) }, axis: 1)
        let reordered = pooling(Tensor(kept), mode: .inference).array
        #expect(
            mismatch(
                pooled.slice(axis: 0, 0..<1), from: reordered.slice(axis: 0, 0..<1),
                tolerance: 1e-14) == nil)
    }
}
