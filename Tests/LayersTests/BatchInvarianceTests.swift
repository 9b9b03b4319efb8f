import Arrays
import Autodiff
import Layers
import Random
import Testing

/// How many rows share a batch must not matter: a universe scored at once and a price asked for
/// alone are the same price. One row takes the path of a vector product, many that of a matrix.
@Suite struct BatchInvarianceTests {
    private static let stream = RandomStream(seed: 11)

    private func data(_ shape: [Int]) -> NDArray<Float> {
        var stream = Self.stream.stream("data")
        return NDArray((0..<shape.reduce(1, *)).map { _ in Float(stream.normal()) }, shape: shape)
    }

    /// The largest difference between rows computed alone, by sevens and all at once, relative to
    /// the largest result.
    private func largestDifference(_ network: any Layer<Float>, rows: NDArray<Float>) -> Float {
        let count = rows.shape[0]
        let together = network(Tensor(rows), mode: .inference).array.elements
        let scale = together.map(abs).max() ?? 1
        var largest: Float = 0
        for size in [1, 7] {
            var parts: [Float] = []
            for start in stride(from: 0, to: count, by: size) {
                let part = rows.slice(axis: 0, start..<min(start + size, count))
                parts += network(Tensor(part), mode: .inference).array.elements
            }
            for (alone, shared) in zip(parts, together) {
                largest = max(largest, abs(alone - shared) / scale)
            }
        }
        return largest
    }

    @Test("A dense network prices a row alike, alone or among 64")
    func dense() {
        let stream = Self.stream
        let network = Sequential<Float>([
            Dense<Float>(inputs: 200, outputs: 128, stream: stream.stream("a")),
            LayerNorm<Float>(features: 128), ActivationLayer<Float>(.gelu),
            Dense<Float>(inputs: 128, outputs: 19, stream: stream.stream("b")),
        ])
        #expect(largestDifference(network, rows: data([64, 200])) <= 1e-5)
    }

    @Test("An LSTM and a GRU price a row alike, alone or among 32")
    func recurrent() {
        let lstm = LSTM<Float>(inputs: 8, width: 32, stream: Self.stream.stream("lstm"))
        let gru = GRU<Float>(inputs: 8, width: 32, stream: Self.stream.stream("gru"))
        let rows = data([32, 16, 8])
        #expect(largestDifference(LastOutput(of: lstm), rows: rows) <= 1e-5)
        #expect(largestDifference(LastOutput(of: gru), rows: rows) <= 1e-5)
    }
}
