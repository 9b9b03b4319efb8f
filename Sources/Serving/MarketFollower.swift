import Bonds
import Files
import Foundation
import Tape

/// Hands on what is added to a market folder while a server runs.
///
/// Files of a folder are replaced as a whole, so each is read when its size or date has changed.
/// What was reported before the last event that is known stays unknown.
public struct MarketFollower: Sendable {
    private let folder: String
    private let bonds: BondTable
    private static let eventsAtOnce = 4_096

    public init(market folder: String, bonds: BondTable) {
        self.folder = folder
        self.bonds = bonds
    }

    /// Looks at the folder again and again until the task is cancelled.
    /// - Parameters:
    ///   - time: the last event that is known, in UTC epoch nanoseconds.
    ///   - take: told new events, in their order.
    ///   - warn: told why the folder could not be read; it is tried again when it changes.
    public func run(
        after time: Int64, every interval: Duration = .seconds(1),
        take: ([MarketEvent]) async -> Void, warn: (FileError) -> Void
    ) async {
        var last = time
        var seen = stamps()
        while (try? await Task.sleep(for: interval)) != nil {
            let now = stamps()
            guard now != seen else { continue }
            seen = now
            do {
                try await read(after: &last, take: take)
            } catch {
                warn(error)
            }
        }
    }

    private func read(
        after last: inout Int64, take: ([MarketEvent]) async -> Void
    ) async throws(FileError) {
        var replay = try MarketReplay(market: folder, bonds: bonds, from: last + 1)
        var events: [MarketEvent] = []
        while let event = try replay.next() {
            events.append(event)
            last = max(last, event.time)
            if events.count == Self.eventsAtOnce {
                await take(events)
                events.removeAll(keepingCapacity: true)
            }
        }
        if !events.isEmpty { await take(events) }
    }

    /// Size and date of each table that has events.
    private func stamps() -> [String] {
        ["trades", "treasuries", "markets", "ratings"].map { table in
            guard let path = try? MarketFolder.path(of: table, in: folder),
                let facts = try? FileManager.default.attributesOfItem(atPath: path)
            else { return "" }
            return "\(facts[.size] ?? 0) \(facts[.modificationDate] ?? 0)"
        }
    }
}
