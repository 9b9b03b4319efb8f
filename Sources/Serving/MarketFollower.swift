import Bonds
import Files
import Foundation
import Tape

/// Hands on what is added to a market folder while a server runs.
///
/// Files of a folder are replaced as a whole, so those whose size or date has changed are read, once
/// more time passes without a change: the tables of a day are taken in together, in the order of their
/// times. Of each kind of event those are new that come after the last one of that kind, so that a
/// table may be behind the others; what lies before is compared with what it was. A row that is
/// malformed, or that nobody takes, is left out and hides none of those behind it.
public struct MarketFollower: Sendable {
    private let folder: String
    private let bonds: BondTable
    /// The tables as they were when the follower was made.
    private let first: [String: String]
    private static let eventsAtOnce = 4_096
    /// So often a folder that keeps changing is waited for.
    private static let mostWaits = 3
    /// Where no trade was withdrawn yet, so far before the last report one may have been: a day, in
    /// nanoseconds.
    private static let longestDelay: Int64 = 86_400_000_000_000

    /// A follower of a folder as it is now: best before it is replayed.
    public init(market folder: String, bonds: BondTable) {
        self.folder = folder
        self.bonds = bonds
        first = Self.stamps(of: folder)
    }

    /// Looks at the folder again and again until the task is cancelled.
    /// - Parameters:
    ///   - facts: of the folder when it was replayed.
    ///   - take: told new events, in their order, and says why it leaves one out; nil where it does
    ///     not. Trades of the very time of the last one may come again.
    ///   - warn: told once a read what is left out, what has changed of the past, and why a table
    ///     could not be read; that is tried again when it changes.
    public func run(
        after facts: MarketFacts, every interval: Duration = .seconds(1),
        take: ([MarketEvent]) async -> [String?], warn: (FileError) -> Void
    ) async {
        var reaches = facts.reaches
        var (seen, read) = (first, first)
        var waits: Int?
        while (try? await Task.sleep(for: interval)) != nil {
            let now = Self.stamps(of: folder)
            if now != seen {
                seen = now
                waits = (waits ?? -1) + 1
                if waits ?? 0 < Self.mostWaits { continue }
            }
            guard waits != nil else { continue }
            waits = nil
            let changed = Set(now.keys.filter { now[$0] != read[$0] })
            read = now
            if changed.contains("bonds") {
                warn(
                    FileError(
                        .badData, file: folder + "/bonds.csv",
                        "the bonds have changed, and are served as they were at the start",
                        advice: "Start the server again to serve new and corrected ones"))
            }
            await self.read(changed, after: &reaches, take: take, warn: warn)
        }
    }

    private func read(
        _ changed: Set<String>, after reaches: inout [MarketEvent.Kind: MarketReach],
        take: ([MarketEvent]) async -> [String?], warn: (FileError) -> Void
    ) async {
        var leftOut = LeftOut()
        var news: [MarketEvent] = []
        for (table, kinds) in FollowedTable.all where changed.contains(table) {
            var known: [MarketEvent.Kind: MarketReach] = [:]
            for kind in kinds {
                known[kind] = reaches[kind] ?? MarketReach(time: start(of: kind, reaches))
            }
            var rows = FollowedTable(after: known)
            do {
                try rows.read(table, market: folder, bonds: bonds) { leftOut.add($0) }
            } catch {
                warn(error)
                continue
            }
            if let kind = rows.changed {
                warn(changeOfPast(in: table, upTo: known[kind]?.time ?? .min))
            }
            news += rows.news
            reaches.merge(rows.past) { $1 }
        }
        news = news.enumerated().sorted {
            ($0.element.time, $0.element.kind.rawValue, $0.offset)
                < ($1.element.time, $1.element.kind.rawValue, $1.offset)
        }.map(\.element)
        var ends: [MarketEvent.Kind: Int64] = [:]
        for part in stride(from: 0, to: news.count, by: Self.eventsAtOnce) {
            let events = Array(news[part..<min(part + Self.eventsAtOnce, news.count)])
            for (event, reason) in zip(events, await take(events)) {
                if let reason {
                    leftOut.add(
                        FileError(
                            .badData, file: path(of: FollowedTable.name(of: event.kind)),
                            "\(event.title): \(reason)"))
                } else {
                    ends[event.kind] = event.time
                }
            }
        }
        let known = reaches
        for event in news {
            guard let end = ends[event.kind], let last = known[event.kind]?.time,
                event.time > last, event.time <= end
            else { continue }
            reaches[event.kind]?.observe(event.digest, at: event.time)
        }
        if let error = leftOut.error { warn(error) }
    }

    /// After when events of a kind are new of which none was there yet.
    private func start(
        of kind: MarketEvent.Kind, _ reaches: [MarketEvent.Kind: MarketReach]
    ) -> Int64 {
        guard kind == .withdrawn, let report = reaches[.reported]?.time else { return .min }
        return max(report, .min + Self.longestDelay) - Self.longestDelay
    }

    private func path(of table: String) -> String {
        (try? MarketFolder.path(of: table, in: folder))
            ?? MarketFolder.plainPath(of: table, in: folder)
    }

    private func changeOfPast(in table: String, upTo time: Int64) -> FileError {
        FileError(
            .badData, file: path(of: table),
            "rows up to the last one that is served (\(Timestamp.text(time))) were corrected, added "
                + "or removed, and are served as they were",
            advice: "Start the server again to serve them as they are")
    }

    /// Size and date of each table that has events, and of the bonds.
    private static func stamps(of folder: String) -> [String: String] {
        let tables = FollowedTable.all.map(\.name) + ["bonds"]
        return Dictionary(uniqueKeysWithValues: tables.map { ($0, stamp(of: $0, in: folder)) })
    }

    private static func stamp(of table: String, in folder: String) -> String {
        guard let path = try? MarketFolder.path(of: table, in: folder),
            let facts = try? FileManager.default.attributesOfItem(atPath: path)
        else { return "" }
        return "\(facts[.size] ?? 0) \(facts[.modificationDate] ?? 0)"
    }
}

/// Rows that are left out of a read: how many, and the first.
private struct LeftOut {
    private var count = 0
    private var first: FileError?

    mutating func add(_ error: FileError) {
        count += 1
        first = first ?? error
    }

    var error: FileError? {
        guard var error = first else { return nil }
        error.problem =
            (count == 1 ? "a row is left out: " : "\(count) rows are left out, the first: ")
            + error.problem
        return error
    }
}
