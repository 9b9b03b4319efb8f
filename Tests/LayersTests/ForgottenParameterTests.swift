import Arrays
import Layers
import Random
import Testing

/// A parameter that a layer stores but does not name would never be trained, saved or counted.
@Suite struct ForgottenParameterTests {
    private static let stream = RandomStream(seed: 1)
    private static let encoding = PiecewiseLinearEncoding(edges: [[0, 1, 2], [], [0, 3]])

    /// Every layer there is, in every form that changes what it stores.
    private static var modules: [any Module<Float>] {
        [
            ActivationLayer<Float>(.relu), AttentionPooling<Float>(features: 2, stream: stream),
            BatchEnsemble<Float>(members: 2, inputs: 2, outputs: 3, stream: stream),
            BatchEnsemble<Float>(
                members: 2, inputs: 2, outputs: 3, scalesOutputs: false, stream: stream),
            Dense<Float>(inputs: 2, outputs: 3, stream: stream), Dropout<Float>(rate: 0.1),
            Embedding<Float>(count: 2, features: 3, stream: stream),
            GRU<Float>(inputs: 2, width: 3, layers: 2, stream: stream),
            InputGates<Float>(features: 3),
            LastOutput(of: LSTM<Float>(inputs: 2, width: 3, stream: stream)),
            LayerNorm<Float>(features: 2),
            LSTM<Float>(inputs: 2, width: 3, layers: 2, stream: stream),
            MemberDense<Float>(members: 2, inputs: 2, outputs: 3, stream: stream),
            MemberScale<Float>(members: 2, features: 3, stream: stream),
            PeriodicEmbedding<Float>(features: 2, frequencies: 3, width: 4, stream: stream),
            PiecewiseLinearEmbedding<Float>(encoding: encoding, width: 3, stream: stream),
            PiecewiseLinearEmbedding<Float>(
                encoding: encoding, plainFeatures: 3, width: 3, stream: stream),
            ResidualBlock<Float>([Dense<Float>(inputs: 2, outputs: 2, stream: stream)]),
            Sequential<Float>([
                Dense<Float>(inputs: 2, outputs: 2, stream: stream),
                ResidualBlock<Float>([LayerNorm<Float>(features: 2)]),
            ]),
        ]
    }

    @Test func everyStoredParameterIsNamed() {
        for module in Self.modules {
            let names = module.parameters.map(\.name)
            #expect(names.count == storedParameters(in: module), "\(type(of: module)): \(names)")
            #expect(Set(names).count == names.count, "\(type(of: module)): \(names)")
        }
    }

    @Test("A layer that forgets its bias is found")
    func canFail() {
        struct Forgetful: Module {
            var weight = Parameter<Float>(NDArray([1]), decays: true)
            var bias = [Parameter<Float>(NDArray([1]), decays: false)]

            mutating func forEachParameter(
                at path: ParameterPath,
                _ body: (ParameterPath, inout Parameter<Float>) throws -> Void
            ) rethrows { try body(path.appending("weight"), &weight) }
        }
        #expect(Forgetful().parameters.count == 1)
        #expect(storedParameters(in: Forgetful()) == 2)
    }

    /// The parameters among the stored properties of a value, however deep.
    private func storedParameters(in value: Any) -> Int {
        if value is Parameter<Float> { return 1 }
        return Mirror(reflecting: value).children.reduce(0) { $0 + storedParameters(in: $1.value) }
    }
}
