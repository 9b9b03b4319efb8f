import Arrays
import Autodiff
import Files
import Foundation
import Layers
import Quantiles
import Random

/// A model in a file: one safetensors file that a second machine can load with nothing else.
///
/// Tensors: the network's parameters under `network.`, the input transform under `inputs.`, the
/// label's mean and deviation, the recalibration. Metadata: the network's spec, levels, feature
/// names and their hash as JSON, and the provenance.
public enum Checkpoint {
    /// Grows when a file of this version could not be read by the version before.
    static let formatVersion = "1"

    /// Writes a model; the file is complete or not there.
    public static func save(_ model: QuantileModel, to path: String) throws(FileError) {
        var tensors = model.network.parameters.map {
            SafetensorsFile.Tensor("network.\($0.name)", $0.parameter.tensor.array)
        }
        tensors += model.inputs.tensors
        tensors.append(
            SafetensorsFile.Tensor(
                Key.label, NDArray([model.label.mean, model.label.deviation])))
        tensors.append(
            SafetensorsFile.Tensor(Key.recalibration, NDArray(model.recalibration.shifts)))
        var metadata = Dictionary(
            uniqueKeysWithValues: model.provenance.map { (Key.provenance + $0, $1) })
        metadata[Key.format] = formatVersion
        metadata[Key.spec] = json(model.network.spec)
        metadata[Key.levels] = json(model.levels.values)
        metadata[Key.features] = json(model.inputs.features)
        metadata[Key.schemaHash] = schemaHash(model.inputs.features)
        metadata[Key.inputs] = model.inputs.kind.rawValue
        metadata[Key.recalibrationKind] = model.recalibration.kind.rawValue
        try SafetensorsFile.write(tensors, metadata: metadata, to: path)
    }

    /// Reads a model.
    ///
    /// - Throws: ``Files/FileError`` naming the file: not a checkpoint, of a later version, damaged,
    ///   or with missing, extra and mis-shaped entries, all listed at once.
    public static func load(_ path: String) throws(FileError) -> QuantileModel {
        let file = try SafetensorsFile(path: path, checksum: .required)
        let metadata = Metadata(file: file)
        let format = try metadata.text(Key.format)
        guard format == formatVersion else {
            throw FileError(
                .badData, file: path, "a checkpoint of another format", expected: formatVersion,
                found: format, advice: "Use the version of tenor that wrote it, or a later one")
        }
        let spec = try metadata.decoded(Key.spec, as: NetworkSpec.self)
        let levels = try metadata.decoded(Key.levels, as: QuantileLevels.self)
        let features = try metadata.decoded(Key.features, as: [String].self)
        let stated = try metadata.text(Key.schemaHash)
        guard stated == schemaHash(features) else {
            throw FileError(
                .badData, file: path, "the features are not those of their hash",
                expected: stated, found: schemaHash(features))
        }
        let kind = try metadata.choice(Key.inputs, of: InputTransform.Kind.self)
        let inputs = try InputTransform(kind: kind, features: features, file: file)
        // Nothing larger is made than the file could fill; one that lacks a few entries still gets
        // to the list of them.
        let fileSize = Double(file.entries.last?.byteRange.upperBound ?? 0)
        let weightCount = spec.weightCount(inputs: inputs.inputCount, outputs: levels.count)
        guard spec.isInRange, weightCount <= fileSize + 1e6 else {
            throw FileError(
                .badData, file: path, "the network that metadata '\(Key.spec)' describes cannot be",
                expected: "widths and rates in range, and no more weights than the file has bytes",
                found: String(json(spec).prefix(200)))
        }
        let network = QuantileNetwork<Float>(
            spec, inputs: inputs.inputCount, levels: levels,
            quantiles: levels.values, stream: RandomStream(seed: 0))
        let recalibrationKind = try metadata.choice(
            Key.recalibrationKind, of: Recalibration.Kind.self)
        let shiftCount = recalibrationKind == .shift ? levels.count : 0

        try file.requireExactly(
            network.parameters.map { ("network.\($0.name)", .f32, $0.parameter.shape) }
                + inputs.tensors.map { ($0.name, $0.dtype, $0.shape) }
                + [(Key.label, .f32, [2]), (Key.recalibration, .f32, [shiftCount])])
        var arrays: [NDArray<Float>] = []
        for (name, _) in network.parameters { arrays.append(try file.array("network.\(name)")) }
        let label = try file.floats(Key.label)
        let shifts = try file.floats(Key.recalibration)
        guard label.allSatisfy(\.isFinite), label[1] > 0, shifts.allSatisfy(\.isFinite) else {
            throw FileError(
                .badData, file: path, "the label's scale or the recalibration cannot be",
                expected: "finite numbers and a deviation above 0",
                found: "mean \(label[0]), deviation \(label[1]), shifts \(shifts)")
        }
        return QuantileModel(
            inputs: inputs, label: LabelScaling(mean: label[0], deviation: label[1]),
            network: network.withParameters(arrays),
            recalibration: recalibrationKind == .shift
                ? Recalibration(shifts: shifts) : Recalibration(),
            provenance: metadata.provenance)
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

    enum Key {
        static let format = "tenor.checkpoint"
        static let spec = "model"
        static let levels = "levels"
        static let features = "features"
        static let schemaHash = "features.hash"
        static let inputs = "inputs"
        static let recalibrationKind = "recalibration"
        static let provenance = "provenance."
        static let label = "label"
        static let recalibration = "recalibration.shifts"
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
