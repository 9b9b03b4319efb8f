import Datasets
import Files
import Foundation
import Inference
import QuantileModels
import Serving
import Terminal

/// A checkpoint of `tenor serve`, as its file is now.
struct ServedCheckpoint: Sendable {
    let path: String
    let model: QuantileModel
    /// The checkpoint's name and the beginning of its file's digest.
    let version: String
    /// Changes when the file does.
    private let stamp: String

    private static let digits = 12
    /// So often a file that changes while it is read is read again.
    private static let mostReads = 5

    /// Reads the file, and its digest from the same bytes.
    init(_ path: String) throws {
        self.path = path
        var read = 0
        while true {
            let stamp = Self.stamp(path)
            let digest = try SHA256.ofFile(path).digest.prefix(Self.digits)
            let model = try Checkpoint.load(path)
            read += 1
            guard stamp == Self.stamp(path) || read == Self.mostReads else { continue }
            self.model = model
            self.stamp = stamp
            version = "\(Self.name(path))/\(digest)"
            return
        }
    }

    /// `run` for `run/model.safetensors`, `prices` for `prices.safetensors`.
    static func name(_ path: String) -> String {
        let url = URL(filePath: path).standardizedFileURL
        let name = url.deletingPathExtension().lastPathComponent
        return name == "model" ? url.deletingLastPathComponent().lastPathComponent : name
    }

    var tensorModel: CheckpointModel {
        CheckpointModel(
            model, name: Self.name(path), version: String(version.suffix(Self.digits)))
    }

    /// Until the task is cancelled: when the file is replaced, its model answers at `/v2`, and prices
    /// where it did.
    func watch(at models: ServedModels, for pricer: NetworkPricer?) async {
        var current = self
        var seen = stamp
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let now = Self.stamp(path)
            guard now != seen else { continue }
            seen = now
            do {
                let next = try ServedCheckpoint(path)
                try current.check(successor: next)
                try pricer?.replace(model: next.model, version: next.version)
                models.replace(next.tensorModel)
                current = next
                seen = next.stamp
                StandardError.write(
                    "now \(pricer == nil ? "serving" : "pricing with") \(next.version)\n")
                guard pricer != nil else { continue }
                StoreOrigin(provenance: next.model.provenance)?.warnOfSmallSizes()
            } catch {
                StandardError.warn("the checkpoint that was there goes on: \(error)")
            }
        }
    }

    /// Refuses what answers another question than clients ask.
    private func check(successor next: ServedCheckpoint) throws(FileError) {
        guard let difference = FeatureDifference(from: model, to: next.model) else { return }
        throw FileError(
            .badData, file: path, "a checkpoint of other features, constants or levels",
            expected: difference.expected + ", as served", found: difference.found,
            advice: "Start the server anew to serve it")
    }

    private static func stamp(_ path: String) -> String {
        let facts = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        return "\(facts[.systemFileNumber] ?? 0) \(facts[.modificationDate] ?? 0)"
    }
}
