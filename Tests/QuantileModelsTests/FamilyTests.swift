import Arrays
import Autodiff
import Files
import Foundation
import Layers
import QuantileModels
import Quantiles
import Random
import Testing

/// Every family: derivatives, checkpoints, and what two stages promise.
@Suite struct FamilyTests {
    static let names = [
        "linear", "mlp", "members", "two-stage", "two-stage attention", "two-stage lstm",
        "mlp attention", "two-stage gates", "members gates",
    ]

    /// Three sequences of 4, 3 and 2 steps of 3 numbers, 5 more numbers of a state, 4 conditions.
    static let structure = FeatureStructure(
        channels: 3,
        sequences: [
            .init(start: 0, steps: 4), .init(start: 4, steps: 3), .init(start: 7, steps: 2),
        ], conditions: 4)
    static let featureCount = 9 * 3 + 5 + 4

    static func spec(_ name: String) -> NetworkSpec {
        let attention = StepEncoderSpec(kind: .attention, width: 8, heads: 2)
        return switch name {
        case "linear": NetworkSpec(family: .linear, hidden: [])
        case "members": NetworkSpec(hidden: [8, 8], embedding: 3, members: 3)
        case "members gates":
            NetworkSpec(hidden: [8, 8], embedding: 3, inputGates: 0.3, members: 3)
        case "two-stage":
            NetworkSpec(
                family: .twoStage, hidden: [12, 6], activation: .gelu, layerNorm: true,
                head: [7, 5])
        case "two-stage gates":
            NetworkSpec(
                family: .twoStage, hidden: [12, 6], activation: .gelu, layerNorm: true,
                inputGates: 0.3, head: [7, 5])
        case "two-stage attention":
            NetworkSpec(
                family: .twoStage, hidden: [6], activation: .gelu, encoder: attention, head: [5])
        case "two-stage lstm":
            NetworkSpec(
                family: .twoStage, hidden: [6], activation: .tanh,
                encoder: StepEncoderSpec(kind: .lstm, width: 4, heads: 1), head: [5])
        case "mlp attention":
            NetworkSpec(hidden: [6], activation: .gelu, encoder: attention)
        default: NetworkSpec(hidden: [8, 8], activation: .gelu)
        }
    }

    /// Rows as a store has them: a step is there or not, the newest first.
    static func rows(_ count: Int, seed: UInt64) -> FeatureMatrix {
        var random = RandomStream(seed: seed)
        var values: [Float] = []
        for _ in 0..<count {
            var row = (0..<featureCount).map { _ in Float(random.normal()) }
            for sequence in structure.sequences {
                let length = random.integer(below: sequence.steps + 1)
                for step in 0..<sequence.steps {
                    let place = (sequence.start + step) * structure.channels
                    row[place] = step < length ? 1 : 0
                    if step >= length { row[place + 1] = 0; row[place + 2] = 0 }
                }
            }
            values += row
        }
        return FeatureMatrix(names: (0..<featureCount).map { "f\($0)" }, values: values)
    }

    static func model(
        _ name: String, nets: Int = 1, target: ForecastTarget = .label
    ) throws -> QuantileModel {
        let levels = try QuantileLevels([0.1, 0.25, 0.5, 0.8])
        return QuantileModel(
            nets: (0..<nets).map { index in
                let inputs = InputTransform(
                    fitting: name.hasPrefix("members") ? .piecewiseLinear : .clipped,
                    to: rows(300 + index, seed: 1),
                    structure: name.hasPrefix("members") ? .init() : structure)
                return .init(
                    inputs: inputs, label: LabelScaling(mean: 0.5, deviation: 2),
                    network: withGatesApart(
                        QuantileNetwork(
                            spec(name), layout: inputs.layout, levels: levels,
                            quantiles: [-1, -0.4, 0, 1],
                            stream: RandomStream(seed: 2).stream(index))))
            }, target: target,
            recalibration: Recalibration(.multiplier, values: [1.5, 0.5, 1, 2]))
    }

    /// Gates start alike, with factors of 1: as they are, a path that leaves them out passes.
    private static func withGatesApart(_ network: QuantileNetwork<Float>) -> QuantileNetwork<Float>
    {
        network.withParameters(
            network.parameters.map { name, parameter in
                let array = parameter.tensor.array
                guard name.hasSuffix(".gates") else { return array }
                return NDArray((0..<array.count).map { Float($0 % 5) / 20 })
            })
    }

    @Test("Gates multiply the inputs by ten times what they hold")
    func gateFactors() {
        let gates = InputGates<Float>(features: 3)
        let x = NDArray<Float>([1, -2, 3, 4, 5, 6], shape: [2, 3])
        #expect(gates(Tensor(x), mode: .inference).array.elements == x.elements)
        let other = gates.withParameters([NDArray([0, 0.5, -0.1])])
        #expect(
            other(Tensor(x), mode: .inference).array.elements == [0, -10, -3, 0, 25, -6])
    }

    @Test("The values of a spec, by which two are told apart, are all that it holds")
    func specValues() throws {
        let spec = NetworkSpec(
            hidden: [3], embedding: 2, inputGates: 0.1, encoder: .init(kind: .lstm))
        let coded = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(spec)) as? [String: Any])
        #expect(
            Set(spec.values.map { $0.key.replacing("_", with: "") })
                == Set(coded.keys.map { $0.lowercased() }))
    }

    @Test("Derivatives agree with differences along a random direction", arguments: names)
    func gradients(_ name: String) throws {
        let levels = try QuantileLevels([0.1, 0.4, 0.5, 0.8])
        let layout = try Self.model(name).nets[0].inputs.layout
        let network = QuantileNetwork<Double>(
            Self.spec(name), layout: layout, levels: levels, quantiles: [-1, -0.2, 0, 1],
            stream: RandomStream(seed: 3))
        let inputs = try Self.model(name).nets[0].inputs(Self.rows(6, seed: 4))
        let x = Tensor(NDArray(inputs.elements.map(Double.init), shape: inputs.shape))
        let outputs = 6 * levels.count * network.spec.members
        let factors = Tensor(NDArray((0..<outputs).map { Double($0 % 7) / 3 - 1 }))
        func loss(_ network: QuantileNetwork<Double>) -> Tensor<Double> {
            let out = network.memberForecasts(x, mode: .inference).reshaped(to: [outputs])
            return (out * out * factors).sum()
        }
        let gradients = network.valueAndGradients(of: loss).gradients
        var random = RandomStream(seed: 5)
        let directions = network.parameters.map { entry in
            entry.parameter.tensor.array.elements.map { _ in random.normal() }
        }
        func moved(_ step: Double) -> Double {
            let arrays = zip(network.parameters, directions).map { entry, direction in
                NDArray(
                    zip(entry.parameter.tensor.array.elements, direction).map { $0 + step * $1 },
                    shape: entry.parameter.shape)
            }
            return loss(network.withParameters(arrays)).array.scalar
        }
        let step = 1e-6
        let difference = (moved(step) - moved(-step)) / (2 * step)
        var product = 0.0
        for (gradient, direction) in zip(gradients.arrays, directions) {
            #expect(gradient.elements.contains { $0 != 0 }, "a parameter that nothing moves")
            for (a, b) in zip(gradient.elements, direction) { product += a * b }
        }
        #expect(
            abs(difference - product) <= 1e-6 * max(1, abs(product)), "\(difference) \(product)")
    }

    @Test("Members that are kept forecast what they said among all, and a file keeps no more")
    func keptMembers() throws {
        let scratch = try Scratch()
        var model = try Self.model("members")
        let all = model.nets[0].network
        let x = Tensor(model.nets[0].inputs(Self.rows(9, seed: 8)))
        let each = all.memberForecasts(x, mode: .inference).array
        let expected = each.slice(axis: 0, 0..<2).elements
        let half = expected.count / 2
        model.nets[0].network = all.keepingMembers(2)
        let kept = model.nets[0].network(x, mode: .inference).array.elements
        for place in 0..<half {
            let mean = (expected[place] + expected[place + half]) / 2
            #expect(abs(kept[place] - mean) <= 1e-6 * max(1, abs(mean)))
        }
        #expect(
            all.keepingMembers(3)(x, mode: .inference).array.elements
                == all(x, mode: .inference).array.elements)
        let path = scratch.file("kept.safetensors")
        try Checkpoint.save(model, to: path)
        #expect(try Checkpoint.load(path).spec.members == 2)
        #expect(model.parameterCount < all.parameterCount)
    }

    @Test("A loaded ensemble forecasts bit for bit what the saved one did", arguments: names)
    func roundTrip(_ name: String) throws {
        let scratch = try Scratch()
        let model = try Self.model(name, nets: 3)
        let path = scratch.file("m.safetensors")
        try Checkpoint.save(model, to: path)
        let loaded = try Checkpoint.load(path)
        let rows = Self.rows(70, seed: 6)
        #expect(loaded.nets.count == 3 && loaded.spec == Self.spec(name))
        #expect(loaded.forecast(rows).elements == model.forecast(rows).elements)
        for (a, b) in zip(loaded.nets, model.nets) { #expect(a.inputs == b.inputs) }
    }

    @Test("Forecasts ascend, whatever the family, the members and the nets", arguments: names)
    func ascending(_ name: String) throws {
        let forecasts = try Self.model(name, nets: 2).forecast(Self.rows(200, seed: 7))
        for row in 0..<200 {
            let tiles = forecasts.elements[row * 4..<row * 4 + 4]
            #expect(zip(tiles, tiles.dropFirst()).allSatisfy { $0 <= $1 })
        }
    }

    @Test("An ensemble's forecast is the mean of its nets', a net's that of its members'")
    func means() throws {
        var model = try Self.model("members", nets: 2)
        model.recalibration = Recalibration()
        let rows = Self.rows(40, seed: 8)
        let whole = model.forecast(rows).elements
        let parts = model.nets.map { QuantileModel(nets: [$0]).forecast(rows).elements }
        for index in whole.indices {
            #expect(abs(whole[index] - (parts[0][index] + parts[1][index]) / 2) < 1e-5)
        }
        let network = model.nets[0].network
        let x = Tensor(model.nets[0].inputs(rows))
        let mean = network(x, mode: .inference).array.elements
        let members = network.memberForecasts(x, mode: .inference)
        #expect(members.shape == [3, 40, 4])
        for index in mean.indices {
            let sum = (0..<3).reduce(Float(0)) { $0 + members.array.elements[$1 * 160 + index] }
            #expect(abs(mean[index] - sum / 3) < 1e-5)
        }
    }

    @Test(
        "One pass of the trunk gives every variation what a full pass over its row gives",
        arguments: ["two-stage", "two-stage gates", "two-stage attention", "two-stage lstm"])
    func trunkOnce(_ name: String) throws {
        let model = try Self.model(name, nets: 2, target: .residual)
        let (bonds, variations) = (16, 4)
        let states = Self.rows(bonds, seed: 9).values
        let stateCount = model.stateCount
        var random = RandomStream(seed: 10)
        let conditions = (0..<variations * 4).map { _ in Float(random.normal()) }
        var (state, full): ([Float], [Float]) = ([], [])
        for bond in 0..<bonds {
            let one = states[bond * Self.featureCount..<bond * Self.featureCount + stateCount]
            state += one
            for variation in 0..<variations {
                full += one + conditions[variation * 4..<variation * 4 + 4]
            }
        }
        let references = ReferenceRows(
            references: (0..<bonds).map { 90 + Float($0) },
            scales: (0..<bonds).map { 0.1 + Float($0) / 50 })
        let once = model.forecast(
            model.codes(states: state), conditions: conditions, references: references)
        let repeated = ReferenceRows(
            references: references.references.flatMap { [Float](repeating: $0, count: 4) },
            scales: references.scales.flatMap { [Float](repeating: $0, count: 4) })
        let passes = model.forecast(
            FeatureMatrix(names: model.features, values: full), references: repeated)
        #expect(once.shape == passes.shape)
        // The order in which a product adds up may depend on the number of rows.
        for (a, b) in zip(once.elements, passes.elements) { #expect(abs(a - b) <= 4 * b.ulp) }
    }

    @Test("A residual is undone exactly: reference + scale times what the network says")
    func residual() throws {
        var model = try Self.model("two-stage", target: .residual)
        let rows = Self.rows(30, seed: 11)
        let references = ReferenceRows(
            references: (0..<30).map { Float($0) * 3.7 }, scales: (0..<30).map { 0.01 + Float($0) })
        let prices = model.forecast(rows, references: references).elements
        model.target = .label
        let residuals = model.forecast(rows).elements
        for (index, price) in prices.enumerated() {
            let (reference, scale) = (
                references.references[index / 4], references.scales[index / 4]
            )
            #expect(price == Float(Double(reference) + Double(scale) * Double(residuals[index])))
        }
        #expect([-99, -30, 2, 31].map(ForecastTarget.clipped) == [-30, -30, 2, 30])
    }

    @Test(
        "A step that is not there says nothing, whatever its numbers are",
        arguments: ["two-stage attention", "two-stage lstm"])
    func masked(_ name: String) throws {
        let width = Self.featureCount - 4
        var network = try Self.model(name).nets[0].network
        // As plain inputs the numbers of any step count: only what the encoder makes is left.
        network.forEachParameter(at: .root) { path, parameter in
            let name = path.description
            guard name == "body.0.0.weight" || name.hasSuffix("contextWeight") else { return }
            parameter.tensor.update { array in
                let columns = array.columns
                array.withUnsafeMutablePointer { $0.update(repeating: 0, count: width * columns) }
            }
        }
        var values: [Float] = []
        let rows = Self.rows(8, seed: 12).values
        for row in 0..<8 {
            values += rows[row * Self.featureCount..<row * Self.featureCount + width]
        }
        let before = network.codes(of: NDArray(values, shape: [8, width])).elements
        var changed = 0
        for row in 0..<8 {
            for step in 0..<9 where values[row * width + step * 3] == 0 {
                values[row * width + step * 3 + 1] = 99
                values[row * width + step * 3 + 2] = -99
                changed += 1
            }
        }
        #expect(changed > 0)
        #expect(network.codes(of: NDArray(values, shape: [8, width])).elements == before)
        values[0] = 1
        values[1] = 3
        #expect(network.codes(of: NDArray(values, shape: [8, width])).elements != before)
    }

    @Test("A spec that cannot read the inputs says why")
    func objections() {
        let plain = InputLayout(plain: 5)
        let bins = InputLayout(plain: 2, binStarts: [0, 3, 5])
        #expect(NetworkSpec(hidden: [4]).objection(to: plain) == nil)
        #expect(NetworkSpec(hidden: [4], embedding: 2).objection(to: bins) == nil)
        for (spec, layout, word) in [
            (NetworkSpec(hidden: [4], embedding: 2), plain, "piecewise-linear"),
            (NetworkSpec(hidden: [4]), bins, "model.embedding"),
            (NetworkSpec(family: .linear, hidden: []), bins, "mlp"),
            (NetworkSpec(family: .twoStage, hidden: [4], head: [4]), plain, "feature store"),
            (NetworkSpec(hidden: [4], encoder: .init(kind: .lstm)), plain, "steps"),
        ] {
            #expect(spec.objection(to: layout)?.contains(word) == true)
        }
    }

    @Test("Every spec in the binary parses", arguments: NetworkSpec.embedded.keys.sorted())
    func embedded(_ name: String) throws {
        let yaml = String(decoding: try #require(NetworkSpec.embedded[name]), as: UTF8.self)
        let settings = try Settings(yaml: yaml, file: name)
        _ = try NetworkSpec(settings)
        try settings.finish()
    }

    @Test("The large spec has 75 to 85 million weights over the features of a bond store")
    func largeSpec() throws {
        let yaml = String(
            decoding: try #require(NetworkSpec.embedded["axor-80m"]), as: UTF8.self)
        let spec = try NetworkSpec(Settings(yaml: yaml, file: "axor-80m"))
        let count = spec.weightCount(
            layout: InputLayout(plain: 2_048, structure: .init(conditions: 32)), outputs: 19)
        #expect((75e6...85e6).contains(count), "\(count)")
    }
}
