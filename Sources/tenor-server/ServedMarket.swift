import Bonds
import Datasets
import Files
import Foundation
import Inference
import QuantileModels
import Serving
import Tape
import Terminal

/// The market of `tenor serve`, who prices it, and what is done when files change.
struct ServedMarket: Sendable {
    let served: Server.Market
    private let folder: String
    private let follower: MarketFollower
    /// Nil where no network prices.
    let network: NetworkPricer?
    /// The place among the checkpoints of the one that prices.
    let pricing: Int?
    private let facts: MarketFacts

    /// Replays a market folder; the first checkpoint that was trained on a feature store prices it.
    init(
        _ folder: String, states: String?, checkpoints: [ServedCheckpoint]
    ) async throws {
        self.folder = folder
        let bonds = try BondTable(market: folder)
        // What changes during the replay is looked at after it.
        follower = MarketFollower(market: folder, bonds: bonds)
        let progress = ProgressLine("replaying", unit: "events")
        @Sendable func tell(_ count: Int) throws {
            progress.update(done: count)
            try Interruption.check()
        }
        pricing = checkpoints.firstIndex { $0.model.provenance["schema"] != nil }
        if let checkpoint = pricing.map({ checkpoints[$0] }) {
            let origin = StoreOrigin(provenance: checkpoint.model.provenance)
            try origin?.warn(absentFrom: folder)
            origin?.warnOfSmallSizes()
            let pricer = try NetworkPricer(
                checkpoint.model, version: checkpoint.version, market: folder, bonds: bonds,
                states: try states.map { try EngineStates.told(folder: $0) }, progress: tell)
            network = pricer
            served = Server.Market(directory: BondDirectory(bonds), pricer: pricer)
        } else {
            let name = URL(filePath: folder).standardizedFileURL.lastPathComponent
            let pricer = FairValuePricer(bonds: bonds, name: name)
            try await pricer.replay(market: folder, progress: tell)
            network = nil
            served = Server.Market(directory: BondDirectory(bonds), pricer: pricer)
        }
        facts = await served.pricer.marketFacts()
        progress.finish()
    }

    /// Beyond this age a market counts as old: a weekend and a day, in nanoseconds.
    private static let longestSilence: Int64 = 3 * day
    private static let day: Int64 = 86_400_000_000_000

    /// Says as of when quotes are, and warns where that is long ago.
    func tellTime(now: Int64 = PricingService.systemTime()) {
        guard let time = facts.time else {
            return StandardError.warn("\(folder) has no event yet: nothing has a price")
        }
        StandardError.write("quotes are as of \(Timestamp.text(time)), the market's last event\n")
        let last = facts.last(.reported)
        for (what, time) in [("event", Optional(time)), ("trade", last)] {
            guard let time, now - time > Self.longestSilence else { continue }
            let days = (now - time) / Self.day
            return StandardError.warn(
                "the last \(what) of \(folder) is \(days) days old (\(Timestamp.text(time))): quotes "
                    + "are of that time until news come, at /v1/events or with --follow")
        }
        if last == nil { StandardError.warn("\(folder) has no trade yet") }
    }

    /// Hands on what is added to the folder, until the task is cancelled.
    func follow(onto server: Server) async {
        await follower.run(
            after: facts, take: { await server.follow($0) },
            warn: { StandardError.warn("\($0)") })
    }
}
