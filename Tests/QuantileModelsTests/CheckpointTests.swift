import Arrays
import Files
import Foundation
import Layers
import QuantileModels
import Quantiles
import Random
import Testing

@Suite struct CheckpointTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func rows(_ count: Int, seed: UInt64) -> FeatureMatrix {
        var random = RandomStream(seed: seed)
        var values: [Float] = []
        for _ in 0..<count {
            values += [Float(random.normal()), Float(exp(random.normal())), 7]
            if random.uniform() < 0.1 { values[values.count - 3] = .nan }
        }
        return FeatureMatrix(names: ["a", "b \"ü\"", "constant"], values: values)
    }

    private func model(
        _ spec: NetworkSpec = NetworkSpec(hidden: [6, 6], layerNorm: true, residual: true),
        _ kind: InputTransform.Kind = .quantileNormal, recalibrated: Bool = true
    ) throws -> QuantileModel {
        let inputs = InputTransform(fitting: kind, to: rows(40, seed: 1))
        let levels = try QuantileLevels([0.05, 0.3, 0.5, 0.999])
        return QuantileModel(
            nets: [
                .init(
                    inputs: inputs, label: LabelScaling(mean: 12.25, deviation: 0.3),
                    network: QuantileNetwork(
                        spec, layout: inputs.layout, levels: levels, quantiles: [-1, 0, 0.1, 2],
                        stream: RandomStream(seed: 2)))
            ],
            recalibration: recalibrated
                ? Recalibration(.shift, values: [0.01, -0.2, 0, 1e-7]) : Recalibration(),
            provenance: ["data": "prices \u{1F4C8}\n.csv", "recipe": "tabular"])
    }

    private func saved(_ model: QuantileModel, as name: String = "m.safetensors") throws -> String {
        let path = scratch.file(name)
        try Checkpoint.save(model, to: path)
        return path
    }

    @Test("A loaded model forecasts bit for bit what the saved one did")
    func roundTrip() throws {
        let specs = [
            NetworkSpec(hidden: []), NetworkSpec(hidden: [5, 3], activation: .gelu, dropout: 0.2),
            NetworkSpec(hidden: [6, 6], layerNorm: true, residual: true),
        ]
        for spec in specs {
            for kind in [InputTransform.Kind.standard, .quantileNormal, .clipped] {
                for recalibrated in [true, false] {
                    let model = try model(spec, kind, recalibrated: recalibrated)
                    let loaded = try Checkpoint.load(saved(model))
                    let rows = rows(60, seed: 3)
                    #expect(loaded.forecast(rows).elements == model.forecast(rows).elements)
                    #expect(loaded.nets[0].inputs == model.nets[0].inputs)
                    #expect(loaded.nets[0].label == model.nets[0].label)
                    #expect(loaded.recalibration == model.recalibration)
                    #expect(loaded.levels == model.levels)
                    #expect(loaded.spec == spec)
                    #expect(loaded.provenance == model.provenance)
                }
            }
        }
    }

    @Test("The same model gives the same bytes, also after loading")
    func deterministicBytes() throws {
        let first = try bytes(of: saved(model()))
        let second = try bytes(of: saved(model()))
        let again = try bytes(of: saved(Checkpoint.load(scratch.file("m.safetensors")), as: "n"))
        #expect(first == second && first == again)
    }

    @Test("A file that ends early is refused, wherever it ends")
    func truncated() throws {
        let whole = try bytes(of: saved(model()))
        for length in stride(from: 0, to: whole.count, by: 64) {
            let path = scratch.file("short")
            try Data(whole[..<length]).write(to: URL(filePath: path))
            let error = fileError { _ = try Checkpoint.load(path) }
            #expect(error?.kind == .badData && error?.file == path, "\(length) bytes")
        }
    }

    @Test("A single flipped bit is noticed, wherever it is")
    func flippedBits() throws {
        let whole = try bytes(of: saved(model()))
        var random = RandomStream(seed: 4)
        for _ in 0..<400 {
            var damaged = whole
            let place = random.integer(below: whole.count)
            damaged[place] ^= 1 << UInt8(random.integer(below: 8))
            let path = scratch.file("flipped")
            try Data(damaged).write(to: URL(filePath: path))
            let error = fileError { _ = try Checkpoint.load(path) }
            #expect(error?.kind == .badData, "byte \(place)")
        }
    }

    /// Writes a checkpoint again with other tensors and texts and a hash that fits, and loads it.
    private func loadEdited(
        tensors edit: (inout [String: SafetensorsFile.Tensor]) -> Void = { _ in },
        metadata editMetadata: (inout [String: String]) -> Void = { _ in }
    ) throws -> FileError? {
        let file = try SafetensorsFile(path: saved(model()))
        var tensors: [String: SafetensorsFile.Tensor] = [:]
        for entry in file.entries {
            let content = file.withBytes(of: entry) { [UInt8]($0) }
            tensors[entry.name] = SafetensorsFile.Tensor(
                entry.name, dtype: entry.dtype, shape: entry.shape, bytes: content)
        }
        var metadata = file.metadata
        edit(&tensors)
        editMetadata(&metadata)
        let path = scratch.file("edited")
        try SafetensorsFile.write(
            tensors.sorted { $0.key < $1.key }.map(\.value), metadata: metadata, to: path)
        return fileError { _ = try Checkpoint.load(path) }
    }

    @Test("A file that is only written in another order still loads")
    func editedNothing() throws {
        #expect(try loadEdited() == nil)
    }

    @Test("Missing, extra and mis-shaped entries are listed all at once")
    func entries() throws {
        let error = try loadEdited { tensors in
            tensors["nets.0.network.head.linear.bias"] = nil
            tensors["recalibration.values"] = nil
            tensors["network.more"] = .init("network.more", NDArray<Float>([1]))
            tensors["nets.0.label"] = .init("nets.0.label", NDArray<Float>([1, 2, 3]))
        }
        let text = try #require(error).description
        #expect(text.contains("missing: recalibration.values, nets.0.network.head.linear.bias"))
        #expect(text.contains("extra: network.more"))
        #expect(text.contains("different: nets.0.label (F32 [2] expected, F32 [3] found)"))
        #expect(!text.contains("\n"))
    }

    @Test("A checkpoint of another format is refused and says what to do")
    func otherFormat() throws {
        let later = try #require(try loadEdited(metadata: { $0["tenor.checkpoint"] = "3" }))
        #expect(later.expected == "2" && later.found == "3")
        #expect(later.advice?.contains("version of tenor that wrote it") == true)
        let older = try #require(try loadEdited(metadata: { $0["tenor.checkpoint"] = "1" }))
        #expect(older.found == "1" && older.advice?.contains("train the model again") == true)
    }

    @Test("A safetensors file of something else is no checkpoint")
    func otherFile() throws {
        let path = scratch.file("other")
        try SafetensorsFile.write([.init("x", NDArray<Float>([1]))], to: path)
        #expect(fileError { _ = try Checkpoint.load(path) }?.problem == "not a Tenor checkpoint")
        let missing = fileError { _ = try Checkpoint.load(scratch.file("none")) }
        #expect(missing?.kind == .missing)
    }

    /// The spec with other hidden layers.
    private static func spec(hidden: String, dropout: String = "0") -> String {
        """
        {"activation":"relu","dropout":\(dropout),"family":"mlp","head":[],"hidden":\(hidden),\
        "layerNorm":true,"members":1,"residual":true}
        """
    }

    @Test(
        "Metadata that asks for the impossible is refused before anything is allocated",
        arguments: [
            spec(hidden: "[65536,65536,65536]"), spec(hidden: "[60000,60000]"),
            spec(hidden: "[9223372036854775807]"), spec(hidden: "[-1]"), spec(hidden: "[0]"),
            spec(hidden: "[1e300]"), spec(hidden: "[6,6]", dropout: "1"),
            spec(hidden: "[6,6]", dropout: "-0.5"),
            spec(
                hidden: "[" + [String](repeating: "3000", count: 5_000).joined(separator: ",") + "]"
            ),
            spec(hidden: "[6,6]").replacing("\"members\":1", with: "\"members\":2000000000"),
            spec(hidden: "[6,6]").replacing("\"members\":1", with: "\"members\":0"),
            spec(hidden: "[6,6]").replacing(
                "\"members\":1", with: "\"members\":1,\"inputGates\":2"),
            spec(hidden: "[6,6]").replacing(
                "\"members\":1", with: "\"members\":1,\"inputGates\":-1"),
            spec(hidden: "[6,6]").replacing("mlp", with: "linear"),
            spec(hidden: "[6,6]").replacing("mlp", with: "two-stage"),
            "{}", "[]", "",
        ])
    func absurdSpec(_ spec: String) throws {
        #expect(try loadEdited(metadata: { $0["model"] = spec })?.kind == .badData)
    }

    @Test(
        "Levels, features and kinds that do not belong together are refused",
        arguments: [
            ("levels", "[]"), ("levels", "[0.5,0.2]"), ("levels", "[0,0.5]"), ("levels", "[0.5]"),
            ("levels", "0.5"), ("features", "[]"), ("features", "[\"a\"]"), ("features", "7"),
            ("features", "[\"a\",\"renamed\",\"constant\"]"),
            ("inputs", "standart"), ("recalibration", "none"), ("recalibration", ""),
            ("inputs", "piecewise-linear"), ("target", "price"), ("nets", "0"), ("nets", "2"),
            ("nets", "99999999999"), ("nets", "one"), ("features.structure", "{}"),
            ("features.structure", #"{"channels":9,"conditions":0,"sequences":[]}"#),
            ("features.structure", #"{"channels":0,"conditions":4,"sequences":[]}"#),
        ])
    func inconsistent(_ key: String, _ value: String) throws {
        #expect(try loadEdited(metadata: { $0[key] = value })?.kind == .badData)
    }

    @Test("Numbers that no fit gives are refused: they would let quantiles cross or be no numbers")
    func impossibleNumbers() throws {
        for label: [Float] in [[0, -1], [0, 0], [.nan, 1], [0, .infinity]] {
            let error = try loadEdited {
                $0["nets.0.label"] = .init("nets.0.label", NDArray(label))
            }
            #expect(error?.kind == .badData, "\(label)")
        }
        let shifts = NDArray<Float>([0, 0, .nan, 0])
        let error = try loadEdited {
            $0["recalibration.values"] = .init("recalibration.values", shifts)
        }
        #expect(error?.kind == .badData)
        for values: [Int64] in [[0, 0, 9], [-1, 0, 1], [.max, .min, 0], [0]] {
            for name in ["nets.0.inputs.feature", "nets.0.inputs.knot_count"] {
                let error = try loadEdited { $0[name] = .init(name, values) }
                #expect(error?.kind == .badData, "\(name) \(values)")
            }
        }
    }
}
