import Bonds
import Files
import Foundation
import Tape

/// Hands on what is added to a market folder while a server runs.
///
/// Files of a folder are replaced as a whole, so all are read when the size or date of one has
/// changed, and once more time passes without a change: the tables of a day are taken in together, in
/// the order of their times. Of each kind of event those are new that come after the last one of that
/// kind, so that a table may be behind the others.
public struct MarketFollower: Sendable {
    private let folder: String
    private let bonds: BondTable
    private static let eventsAtOnce = 4_096
    /// So often a folder that keeps changing is waited for.
    private static let mostWaits = 3
    /// Where no trade was withdrawn yet, so far before the last report one may have been: a day, in
    /// nanoseconds.
    private static let longestDelay: Int64 = 86_400_000_000_000

    public init(market folder: String, bonds: BondTable) {
        self.folder = folder
        self.bonds = bonds
    }

    /// Looks at the folder again and again until the task is cancelled.
    /// - Parameters:
    ///   - known: the time of the last event of each kind that is known, in UTC epoch nanoseconds.
    ///     Of each kind what comes after it is new, however far the others are.
    ///   - take: told new events, in their order.
    ///   - warn: told why the folder could not be read; it is tried again when it changes.
    public func run(
        after known: [MarketEvent.Kind: Int64], every interval: Duration = .seconds(1),
        take: ([MarketEvent]) async -> Void, warn: (FileError) -> Void
    ) async {
        var seen = stamps()
        var last = known
        if last[.withdrawn] == nil, let report = last[.reported] {
            last[.withdrawn] = report - Self.longestDelay
        }
        var waits: Int?
        var bondStamp = stamp(of: "bonds")
        while (try? await Task.sleep(for: interval)) != nil {
            let now = stamps()
            if now != seen {
                seen = now
                waits = (waits ?? -1) + 1
                if waits ?? 0 < Self.mostWaits { continue }
            }
            guard waits != nil else { continue }
            waits = nil
            let currentBonds = stamp(of: "bonds")
            if currentBonds != bondStamp {
                bondStamp = currentBonds
                warn(
                    FileError(
                        .badData, file: folder + "/bonds.csv",
                        "the bonds have changed, and are served as they were at the start",
                        advice: "Start the server again to serve new and corrected ones"))
            }
            do {
                try await read(after: &last, take: take)
            } catch {
                warn(error)
            }
        }
    }

    private func read(
        after last: inout [MarketEvent.Kind: Int64], take: ([MarketEvent]) async -> Void
    ) async throws(FileError) {
        let known = last
        func first(of kinds: [MarketEvent.Kind]) -> Int64 {
            kinds.map { known[$0] ?? .min }.min() ?? .min
        }
        var replay = try MarketReplay(
            market: folder, bonds: bonds, from: first(of: [.treasury, .market, .rating]),
            tradesFrom: first(of: [.reported, .withdrawn]))
        var reached = known
        var events: [MarketEvent] = []
        while let event = try replay.next() {
            guard event.time > known[event.kind] ?? .min else { continue }
            events.append(event)
            reached[event.kind] = event.time
            if events.count == Self.eventsAtOnce {
                await take(events)
                last = reached
                events.removeAll(keepingCapacity: true)
            }
        }
        if !events.isEmpty { await take(events) }
        last = reached
    }

    /// Size and date of each table that has events, and of the bonds.
    private func stamps() -> [String] {
        ["trades", "treasuries", "markets", "ratings", "bonds"].map(stamp)
    }

    private func stamp(of table: String) -> String {
        guard let path = try? MarketFolder.path(of: table, in: folder),
            let facts = try? FileManager.default.attributesOfItem(atPath: path)
        else { return "" }
        return "\(facts[.size] ?? 0) \(facts[.modificationDate] ?? 0)"
    }
}
