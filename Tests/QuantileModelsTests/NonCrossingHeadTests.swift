import Arrays
import Autodiff
import Layers
import QuantileModels
import Quantiles
import Random
import TestSupport
import Testing

@Suite struct NonCrossingHeadTests {
    static let levels: [[Double]] = [
        [0.5], [0.1], [0.9], [0.25, 0.75], [0.6, 0.7, 0.8, 0.99], [0.01, 0.02, 0.03],
        [0.05, 0.2, 0.5, 0.51, 0.52, 0.999], QuantileLevels.standard.values,
    ]

    /// A head whose raw numbers are its inputs.
    private func transparent<Scalar: Arrays.Scalar>(
        _ levels: QuantileLevels, _ type: Scalar.Type
    ) -> NonCrossingHead<Scalar> {
        let count = levels.count
        var head = NonCrossingHead<Scalar>(
            inputs: count, levels: levels, quantiles: levels.values, stream: RandomStream(seed: 0))
        let identity = (0..<count * count).map { Scalar($0 / count == $0 % count ? 1 : 0) }
        var linear = Dense<Scalar>(
            inputs: count, outputs: count, bias: .zeros, stream: RandomStream(seed: 0))
        linear.weight.tensor = Tensor(NDArray(identity, shape: [count, count]))
        head.linear = linear
        return head
    }

    private func firstCrossing(_ quantiles: NDArray<Float>) -> String? {
        let values = quantiles.elements
        for index in values.indices {
            if values[index].isNaN { return "element \(index) is NaN" }
            if index % quantiles.columns > 0, values[index - 1] > values[index] {
                return "\(values[index - 1]) before \(values[index])"
            }
        }
        return nil
    }

    @Test("Quantiles never cross, for any levels and any finite numbers", arguments: levels)
    func neverCrosses(_ values: [Double]) throws {
        let levels = try QuantileLevels(values)
        let head = transparent(levels, Float.self)
        var random = RandomStream(seed: 11)
        let special: [Float] = [
            0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude, .ulpOfOne, -88, 88, -104, 104, 1e20, -1e20,
        ]
        var raw: [Float] = []
        for scale in [1e-30, 1e-3, 1, 30, 1e4, 1e15, 1e36] as [Double] {
            for _ in 0..<100 * values.count {
                raw.append(Float(scale * random.normal()))
            }
        }
        for _ in 0..<300 * values.count {
            raw.append(special[random.integer(below: special.count)])
        }
        let rows = raw.count / values.count
        let out = head(
            Tensor(NDArray(raw, shape: [rows, values.count])), mode: .inference)
        #expect(out.shape == [rows, values.count])
        #expect(firstCrossing(out.array) == nil)
    }

    @Test("The largest floats overflow to infinities in order, not to NaN", arguments: levels)
    func extremes(_ values: [Double]) throws {
        // Without the matrix product, which would multiply zeros by the extremes of neighbours,
        // a bias alone carries them.
        let levels = try QuantileLevels(values)
        let limit = Float.greatestFiniteMagnitude
        var random = RandomStream(seed: 12)
        for _ in 0..<50 {
            var head = transparent(levels, Float.self)
            let raw = values.map { _ in
                [limit, -limit, 0, 1][random.integer(below: 4)]
            }
            var linear = Dense<Float>(
                inputs: values.count, outputs: values.count, weight: .zeros,
                stream: RandomStream(seed: 0))
            linear.bias.tensor = Tensor(NDArray(raw))
            head.linear = linear
            let zeros = NDArray<Float>(repeating: 0, shape: [2, values.count])
            #expect(firstCrossing(head(Tensor(zeros), mode: .inference).array) == nil, "\(raw)")
        }
    }

    @Test("The first forecast is about the quantiles of the labels")
    func initialForecast() throws {
        let quantiles = [-2.5, -1, -0.1, 0, 0.4, 4]
        let levels = try QuantileLevels([0.05, 0.2, 0.45, 0.5, 0.75, 0.99])
        let head = NonCrossingHead<Double>(
            inputs: 3, levels: levels, quantiles: quantiles, stream: RandomStream(seed: 1))
        let zeros = NDArray<Double>(repeating: 0, shape: [1, 3])
        for (found, expected) in zip(
            head(Tensor(zeros), mode: .inference).array.elements, quantiles)
        {
            #expect(abs(found - expected) < 1e-9)
        }
    }

    @Test("Equal label quantiles start almost equal")
    func initialTies() throws {
        let levels = try QuantileLevels([0.1, 0.5, 0.9])
        let head = NonCrossingHead<Double>(
            inputs: 1, levels: levels, quantiles: [0, 0, 2], stream: RandomStream(seed: 1))
        let zero = NDArray<Double>(repeating: 0, shape: [1, 1])
        let found = head(Tensor(zero), mode: .inference).array.elements
        #expect(found[0] < found[1] && abs(found[0]) < 0.01 && abs(found[2] - 2) < 1e-9)
    }

    @Test("The derivative through the head is that of finite differences", arguments: levels)
    func gradient(_ values: [Double]) throws {
        let levels = try QuantileLevels(values)
        let head = transparent(levels, Double.self)
        var random = RandomStream(seed: 21)
        let shape = [3, values.count]
        let x = (0..<3 * values.count).map { _ in 2 * random.normal() }
        let cotangent = NDArray((0..<3 * values.count).map { _ in random.normal() }, shape: shape)
        func loss(_ x: Tensor<Double>) -> Tensor<Double> {
            let products = head(x, mode: .inference) * Tensor(cotangent)
            return products.sum(axis: 0).sum(axis: 0)
        }
        let tape = Tape<Double>()
        let source = tape.watch(Tensor(NDArray(x, shape: shape)))
        let derivative = tape.gradients(of: loss(source), by: [source])[0]
        let differences = x.indices.map { index in
            let step = 1e-5
            var (low, high) = (x, x)
            low[index] -= step
            high[index] += step
            let rise =
                loss(Tensor(NDArray(high, shape: shape))).array.scalar
                - loss(Tensor(NDArray(low, shape: shape))).array.scalar
            return rise / (2 * step)
        }
        #expect(
            mismatch(derivative, from: NDArray(differences, shape: shape), tolerance: 1e-7) == nil)
    }
}
