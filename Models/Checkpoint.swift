import Arrays
import Autodiff
import Files
import Foundation
import Layers
import Quantiles
import Random

/// A model in a file: one safetensors file that a second machine can load with nothing else.
///
/// Tensors: of each net, under `nets.0.` and so on, the network's parameters under `network.`, the
/// input transform under `inputs.` and the label's mean and deviation; the recalibration. Metadata:
/// the network's spec, levels, feature names and their hash as JSON, and the provenance.
public enum Checkpoint {
    /// Grows when a file of this version could not be read by the version before.
    static let formatVersion = "2"

    /// Writes a model; the file is complete or not there.
    public static func save(_ model: QuantileModel, to path: String) throws(FileError) {
        var tensors: [SafetensorsFile.Tensor] = []
        for (index, net) in model.nets.enumerated() {
            let prefix = Key.net(index)
            tensors += net.network.parameters.map {
                SafetensorsFile.Tensor(prefix + "network.\($0.name)", $0.parameter.tensor.array)
            }
            tensors += net.inputs.tensors(prefix: prefix + Key.inputPrefix)
            tensors.append(
                SafetensorsFile.Tensor(
                    prefix + Key.label, NDArray([net.label.mean, net.label.deviation])))
        }
        tensors.append(
            SafetensorsFile.Tensor(Key.recalibration, NDArray(model.recalibration.values)))
        var metadata = Dictionary(
            uniqueKeysWithValues: model.provenance.map { (Key.provenance + $0, $1) })
        metadata[Key.format] = formatVersion
        metadata[Key.netCount] = "\(model.nets.count)"
        metadata[Key.spec] = json(model.spec)
        metadata[Key.levels] = json(model.levels.values)
        metadata[Key.features] = json(model.features)
        metadata[Key.schemaHash] = schemaHash(model.features)
        metadata[Key.structure] = json(model.nets[0].inputs.structure)
        metadata[Key.inputs] = model.nets[0].inputs.kind.rawValue
        metadata[Key.target] = model.target.rawValue
        metadata[Key.recalibrationKind] = model.recalibration.kind.rawValue
        try SafetensorsFile.write(tensors, metadata: metadata, to: path)
    }

    /// Reads a model.
    ///
    /// - Throws: ``Files/FileError`` naming the file: not a checkpoint, of another version, damaged,
    ///   or with missing, extra and mis-shaped entries, all listed at once.
    public static func load(_ path: String) throws(FileError) -> QuantileModel {
        try checkIsNoOther(path)
        let file = try SafetensorsFile(path: path, checksum: .required)
        let metadata = Metadata(file: file)
        let format = try metadata.text(Key.format)
        guard format == formatVersion else {
            throw FileError(
                .badData, file: path, "a checkpoint of another format", expected: formatVersion,
                found: format,
                advice: Int(format).map { $0 < 2 } ?? false
                    ? "It is older than this version of tenor: train the model again"
                    : "Use the version of tenor that wrote it, or a later one")
        }
        let contents = try Contents(metadata)
        let levels = contents.levels
        let recalibrationKind = try metadata.choice(
            Key.recalibrationKind, of: Recalibration.Kind.self)
        var nets: [QuantileModel.Net] = []
        var expected: [(String, SafetensorsFile.DType, [Int])] = [
            (Key.recalibration, .f32, [recalibrationKind == .none ? 0 : levels.count])
        ]
        for index in 0..<contents.netCount {
            let prefix = Key.net(index)
            let inputs = try contents.inputs(of: file, prefix: prefix)
            let network = try contents.network(for: inputs.layout, file: file)
            nets.append(
                .init(inputs: inputs, label: LabelScaling(mean: 0, deviation: 1), network: network))
            expected += network.parameters.map {
                (prefix + "network.\($0.name)", .f32, $0.parameter.shape)
            }
            expected += inputs.tensors(prefix: prefix + Key.inputPrefix)
                .map { ($0.name, $0.dtype, $0.shape) }
            expected.append((prefix + Key.label, .f32, [2]))
        }
        try file.requireExactly(expected)
        for index in nets.indices {
            let prefix = Key.net(index)
            var arrays: [NDArray<Float>] = []
            for (name, _) in nets[index].network.parameters {
                arrays.append(try file.array(prefix + "network.\(name)"))
            }
            nets[index].network = nets[index].network.withParameters(arrays)
            let label = try file.floats(prefix + Key.label)
            guard label.allSatisfy(\.isFinite), label[1] > 0 else {
                throw FileError(
                    .badData, file: path, "the label's scale cannot be",
                    expected: "finite numbers and a deviation above 0",
                    found: "mean \(label[0]), deviation \(label[1])")
            }
            nets[index].label = LabelScaling(mean: label[0], deviation: label[1])
        }
        let values = try file.floats(Key.recalibration)
        guard values.allSatisfy(\.isFinite),
            recalibrationKind != .multiplier || values.allSatisfy({ $0 >= 0 })
        else {
            throw FileError(
                .badData, file: path, "the recalibration cannot be",
                expected: "finite numbers, and multipliers not below 0", found: "\(values)")
        }
        return QuantileModel(
            nets: nets, target: contents.target,
            recalibration: Recalibration(recalibrationKind, values: values),
            provenance: metadata.provenance)
    }

    /// - Throws: ``Files/FileError`` for what people name in the place of a checkpoint: a folder, a text.
    private static func checkIsNoOther(_ path: String) throws(FileError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        if isFolder.boolValue {
            let model = path + "/model.safetensors"
            let isRun = FileManager.default.fileExists(atPath: model)
            throw FileError(
                .badData, file: path, isRun ? "a run directory" : "a folder",
                expected: "a checkpoint",
                advice: "Name \(isRun ? model : "the model.safetensors of a run")")
        }
        // The first eight bytes of a safetensors file are the length of a header far below 4 GB.
        guard let file = FileHandle(forReadingAtPath: path),
            let head = try? file.read(upToCount: 8), head.count == 8, !head.contains(0)
        else { return }
        throw FileError(
            .badData, file: path, "a text, such as a CSV file, or packed data",
            expected: "a checkpoint: the model.safetensors of a run",
            advice: "Train one with 'tenor train'")
    }

    /// What the metadata say of a model.
    private struct Contents {
        let spec: NetworkSpec
        let levels: QuantileLevels
        let features: [String]
        let structure: FeatureStructure
        let kind: InputTransform.Kind
        let target: ForecastTarget
        let netCount: Int

        init(_ metadata: Metadata) throws(FileError) {
            spec = try metadata.decoded(Key.spec, as: NetworkSpec.self)
            levels = try metadata.decoded(Key.levels, as: QuantileLevels.self)
            features = try metadata.decoded(Key.features, as: [String].self)
            structure = try metadata.decoded(Key.structure, as: FeatureStructure.self)
            kind = try metadata.choice(Key.inputs, of: InputTransform.Kind.self)
            target = try metadata.choice(Key.target, of: ForecastTarget.self)
            let stated = try metadata.text(Key.schemaHash)
            guard stated == schemaHash(features) else {
                throw FileError(
                    .badData, file: metadata.file.path, "the features are not those of their hash",
                    expected: stated, found: schemaHash(features))
            }
            let count = try metadata.text(Key.netCount)
            guard let count = Int(count), (1...mostNets).contains(count) else {
                throw FileError(
                    .badData, file: metadata.file.path, "metadata '\(Key.netCount)' cannot be",
                    expected: "a number from 1 to \(mostNets)", found: count)
            }
            netCount = count
        }

        func inputs(of file: SafetensorsFile, prefix: String) throws(FileError) -> InputTransform {
            try InputTransform(
                kind: kind, features: features, structure: structure, file: file,
                prefix: prefix + Key.inputPrefix)
        }

        /// A network without weights; nothing larger is made than the file could fill, but one that
        /// lacks a few entries still gets to the list of them.
        func network(
            for layout: InputLayout, file: SafetensorsFile
        ) throws(FileError) -> QuantileNetwork<Float> {
            let fileSize = Double(file.entries.last?.byteRange.upperBound ?? 0)
            guard spec.isInRange, spec.objection(to: layout) == nil,
                spec.weightCount(layout: layout, outputs: levels.count) <= fileSize + 1e6
            else {
                throw FileError(
                    .badData, file: file.path,
                    "the network that metadata '\(Key.spec)' describes cannot be",
                    expected: "widths and rates in range that fit the inputs, and no more weights "
                        + "than the file has bytes",
                    found: String(json(spec).prefix(200)))
            }
            return Initializer.leavingUndefined {
                QuantileNetwork<Float>(
                    spec, layout: layout, levels: levels, quantiles: levels.values,
                    stream: RandomStream(seed: 0))
            }
        }
    }

    /// Identifies a list of features: their names in order.
    public static func schemaHash(_ features: [String]) -> String {
        var hash = XXHash64()
        Array(json(features).utf8).withUnsafeBytes { hash.update($0) }
        return hash.hexadecimalDigest
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Arrays of numbers and texts always encode.
        guard let data = try? encoder.encode(value) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    private static let mostNets = 1_000

    private enum Key {
        static func net(_ index: Int) -> String { "nets.\(index)." }
        static let netCount = "nets"
        static let inputPrefix = "inputs."
        static let structure = "features.structure"
        static let target = "target"
        static let format = "tenor.checkpoint"
        static let spec = "model"
        static let levels = "levels"
        static let features = "features"
        static let schemaHash = "features.hash"
        static let inputs = "inputs"
        static let recalibrationKind = "recalibration"
        static let provenance = "provenance."
        static let label = "label"
        static let recalibration = "recalibration.values"
    }

    /// The texts of a checkpoint, read strictly.
    private struct Metadata {
        let file: SafetensorsFile

        var provenance: [String: String] {
            var result: [String: String] = [:]
            for (key, value) in file.metadata where key.hasPrefix(Key.provenance) {
                result[String(key.dropFirst(Key.provenance.count))] = value
            }
            return result
        }

        func text(_ key: String) throws(FileError) -> String {
            guard let text = file.metadata[key] else {
                throw FileError(
                    .badData, file: file.path, "not a Tenor checkpoint",
                    expected: "metadata '\(key)'", found: "none",
                    advice: "Checkpoints are the model.safetensors of a run directory")
            }
            return text
        }

        func decoded<Value: Decodable>(_ key: String, as type: Value.Type) throws(FileError)
            -> Value
        {
            let text = try text(key)
            do {
                return try JSONDecoder().decode(type, from: Data(text.utf8))
            } catch {
                throw FileError(
                    .badData, file: file.path, "metadata '\(key)' cannot be read",
                    expected: "the JSON of a \(type)", found: String(text.prefix(80)))
            }
        }

        func choice<Value: RawRepresentable<String> & CaseIterable>(
            _ key: String, of type: Value.Type
        ) throws(FileError) -> Value {
            let text = try text(key)
            guard let value = Value(rawValue: text) else {
                throw FileError(
                    .badData, file: file.path, "metadata '\(key)' is not known",
                    expected: Value.allCases.map { $0.rawValue }.joined(separator: ", "),
                    found: text)
            }
            return value
        }
    }
}
