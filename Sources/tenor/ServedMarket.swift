import Bonds
import Files
import Foundation
import Inference
import QuantileModels
import Serving

/// The market of `tenor serve`, who prices it, and what is done when files change.
struct ServedMarket: Sendable {
    let served: Server.Market
    private let folder: String
    private let bonds: BondTable
    /// Nil where no network prices.
    private let network: (pricer: NetworkPricer, checkpoint: String)?

    /// Replays a market folder; the first checkpoint that was trained on a feature store prices it.
    init(
        _ folder: String, states: String?,
        checkpoints: [(path: String, model: QuantileModel)]
    ) async throws {
        self.folder = folder
        bonds = try BondTable(market: folder)
        let progress = ProgressLine("replaying", unit: "events")
        @Sendable func tell(_ count: Int) throws {
            progress.update(done: count)
            try Interruption.check()
        }
        if let (path, model) = checkpoints.first(where: { $0.model.provenance["schema"] != nil }) {
            let pricer = try NetworkPricer(
                model, version: try Self.version(path), market: folder, bonds: bonds,
                states: try states.map { try EngineStates.told(folder: $0) }, progress: tell)
            network = (pricer, path)
            served = Server.Market(directory: BondDirectory(bonds), pricer: pricer)
        } else {
            let name = URL(filePath: folder).standardizedFileURL.lastPathComponent
            let pricer = FairValuePricer(bonds: bonds, name: name)
            try await pricer.replay(market: folder, progress: tell)
            network = nil
            served = Server.Market(directory: BondDirectory(bonds), pricer: pricer)
        }
        progress.finish()
    }

    /// Until the task is cancelled: hands on what is added to the folder, and exchanges the
    /// checkpoint when its file is replaced.
    func watch(onto server: Server, follows: Bool) async {
        await withDiscardingTaskGroup { group in
            if follows {
                group.addTask {
                    let last = await served.pricer.lastEventTime() ?? .min
                    await MarketFollower(market: folder, bonds: bonds).run(
                        after: last, take: { await server.observe($0) },
                        warn: { StandardError.warn("\($0)") })
                }
            }
            if let network {
                group.addTask { await Self.watch(network.checkpoint, for: network.pricer) }
            }
        }
    }

    private static func watch(_ path: String, for pricer: NetworkPricer) async {
        var seen = stamp(path)
        while (try? await Task.sleep(for: .seconds(1))) != nil {
            let now = stamp(path)
            guard now != seen else { continue }
            seen = now
            do {
                try pricer.replace(model: try Checkpoint.load(path), version: try version(path))
                StandardError.write("now pricing with \(pricer.version)\n")
            } catch {
                StandardError.warn("the checkpoint that was there goes on: \(error)")
            }
        }
    }

    private static func stamp(_ path: String) -> String {
        let facts = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
        return "\(facts[.systemFileNumber] ?? 0) \(facts[.modificationDate] ?? 0)"
    }

    /// The checkpoint's name and the beginning of its digest.
    private static func version(_ path: String) throws -> String {
        Serve.modelName(path) + "/" + (try SHA256.ofFile(path).digest.prefix(12))
    }
}
