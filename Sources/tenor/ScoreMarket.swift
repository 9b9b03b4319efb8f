import ArgumentParser
import Bonds
import Datasets
import Features
import Files
import Foundation
import Inference
import QuantileModels
import Tape
import Terminal

/// The part of `tenor score` that prices the bonds of a market.
struct MarketScoring: ParsableArguments {
    @Option(help: ArgumentHelp("The market whose bonds are priced.", valueName: "dir"))
    var market: String?

    @Option(
        help: ArgumentHelp(
            "Bonds to price: FIGI, CUSIP or ISIN, one a line or a CSV column.", valueName: "file"))
    var universe: String?

    @Option(
        help: ArgumentHelp(
            "Trades to price, each as of its execution: a CSV file.", valueName: "file"))
    var trades: String?

    @Option(
        help: ArgumentHelp("The moment, such as 2025-03-07T14:30:00Z.", valueName: "moment"),
        transform: Moment.init(argument:))
    var at: Moment?

    @Option(
        help: ArgumentHelp(
            "A moment every so often from --from to --to, such as 5m, 30s or 1h.",
            valueName: "span"),
        transform: Interval.init(argument:))
    var every: Interval?

    @Option(
        help: ArgumentHelp("The first moment of a schedule.", valueName: "moment"),
        transform: Moment.init(argument:))
    var from: Moment?

    @Option(
        help: ArgumentHelp("The last moment of a schedule.", valueName: "moment"),
        transform: Moment.init(argument:))
    var to: Moment?

    @Option(help: "minimal (2 quotes a bond), default (4) or full (40).")
    var variations: Variations?

    @Flag(help: "Price trades between dealers too.")
    var dealer = false

    @Option(help: "csv or jsonl; without it that of the name of --out, else csv.")
    var format: QuoteFormat?

    @Option(
        help: ArgumentHelp(
            "Where states of the market at ends of days are kept, so that the next run need not "
                + "replay them.", valueName: "dir"))
    var states: String?

    var isAsked: Bool { market != nil }

    func validate() throws {
        guard market != nil else {
            for (name, isGiven) in [
                ("--universe", universe != nil), ("--trades", trades != nil), ("--at", at != nil),
                ("--every", every != nil), ("--from", from != nil), ("--to", to != nil),
                ("--states", states != nil), ("--dealer", dealer),
                ("--variations", variations != nil), ("--format", format != nil),
            ] where isGiven {
                throw ValidationError("\(name) belongs to --market")
            }
            return
        }
        guard (universe == nil) != (trades == nil) else {
            throw ValidationError("--market needs either --universe or --trades")
        }
        guard trades == nil || (at == nil && every == nil && variations == nil && !dealer) else {
            throw ValidationError(
                "--trades have their own moments and conditions: no --at, --every, --variations "
                    + "or --dealer")
        }
        guard universe == nil || (at == nil) != (every == nil) else {
            throw ValidationError(
                at == nil
                    ? "--universe needs a moment: --at, or --every with --from and --to"
                    : "--at is one moment and --every is many: give one of them")
        }
        guard (every != nil) == (from != nil), (every != nil) == (to != nil) else {
            throw ValidationError("--every, --from and --to belong together")
        }
        if let from, let to, to.time < from.time {
            throw ValidationError("--to is before --from")
        }
        let now = Date().timeIntervalSince1970 * 1e9
        if let at, Double(at.time) > now {
            throw ValidationError(
                "--at: expected a moment up to now, found \(Timestamp.text(at.time))")
        }
    }

    func run(_ checkpoint: String, to out: String, asJSON: Bool) throws {
        guard let market else { return }
        let format = try quoteFormat(of: out)
        let model = try Checkpoint.load(checkpoint)
        let bonds = try BondTable(market: market)
        let finder = BondFinder(bonds)
        let origin = StoreOrigin(provenance: model.provenance)
        try origin?.warn(absentFrom: market)
        let archive = MarketArchive(
            market: market, bonds: bonds,
            layout: try FeatureLayout(of: model, market: market, bonds: bonds),
            states: try states.map { try EngineStates.told(folder: $0) })
        let scorer = UniverseScorer(model: model, bonds: bonds, format: format)
        let started = ContinuousClock.now
        var summary = UniverseScorer.Summary()
        var moments: ScheduledMoments?
        if let trades {
            let asked = try AskedTrades(path: trades, finder: finder)
            guard !asked.lines.isEmpty else {
                throw FileError(.badData, file: trades, "no row asks for a price")
            }
            origin?.warn(smallAmong: asked.quantities, what: "trades")
            summary = try score(asked, scorer, archive, to: out)
        } else if let universe {
            let lines = try Universe(path: universe, finder: finder)
            origin?.warn(smallAmong: (variations ?? .default).sizes, what: "sizes")
            if let at {
                let market = try self.market(in: archive, before: at.time)
                warn(of: market, asOf: at.time)
                summary = try score(lines, scorer, in: market, at: at.time, to: out)
            } else {
                (summary, moments) = try schedule(
                    lines, scorer, archive, in: out, inputs: (checkpoint, universe))
            }
        }
        let seconds = started.duration(to: .now) / .seconds(1)
        let result = Result(
            asked: summary.asked, priced: summary.priced, unpriced: summary.unpriced,
            rows: summary.rows, emptyTiles: summary.emptyTiles, moments: moments?.made,
            waiting: moments?.waiting, seconds: seconds, out: out)
        if asJSON {
            try StandardOutput.print(json: result)
        } else {
            print(result.line)
        }
        guard result.asked == 0 || result.priced > 0 else {
            throw FileError(
                .badData, file: universe ?? trades ?? out,
                "none of the \(result.asked) lines that ask for a price has one",
                advice: every == nil
                    ? "\(UnpricedFile.path(beside: out)) says why"
                    : "The lists .unpriced.csv in \(out) say why")
        }
    }

    /// Longer than a weekend with a holiday, in nanoseconds.
    private static let longestSilence: Int64 = 4 * 86_400_000_000_000

    /// Says where a market ends long before the moment as of which it is priced.
    private func warn(of market: BondMarket, asOf time: Int64) {
        guard market.now > .min, time - market.now > Self.longestSilence else { return }
        StandardError.warn(
            "the last event before \(Timestamp.text(time)) is of \(Timestamp.text(market.now)): "
                + "quotes are made of what was known then")
    }

    /// That of `--format`, else of the file's name; a schedule names its files itself.
    private func quoteFormat(of out: String) throws -> QuoteFormat {
        if let format { return format }
        let named = OutputPath.format(of: out)
        if every != nil || named.isEmpty { return .csv }
        guard let format = QuoteFormat(rawValue: named) else {
            throw FileError(
                .badData, file: out, "the name does not say how quotes are written",
                expected: "a name that ends in .csv, .csv.gz, .jsonl or .jsonl.gz", found: out,
                advice: "Choose another --out, or give --format")
        }
        return format
    }

    /// The market before a moment.
    private func market(in archive: MarketArchive, before time: Int64) throws -> BondMarket {
        let replaying = ProgressLine("replaying", unit: "events")
        defer { replaying.finish() }
        var count = 0
        return try archive.market(before: time) { _ in
            count += 1
            if count % 4_096 == 0 {
                replaying.update(done: count)
                try Interruption.check()
            }
        }
    }

    private func score(
        _ universe: Universe, _ scorer: UniverseScorer, in market: BondMarket, at time: Int64,
        to path: String
    ) throws -> UniverseScorer.Summary {
        let progress = ProgressLine("scoring", total: universe.lines.count, unit: "bonds")
        defer { progress.finish() }
        return try scorer.score(
            universe,
            conditions: (variations ?? .default).conditions(includesDealers: dealer), in: market,
            at: time, to: path
        ) {
            progress.update(done: $0)
            try Interruption.check()
        }
    }

    private func score(
        _ trades: AskedTrades, _ scorer: UniverseScorer, _ archive: MarketArchive, to path: String
    ) throws -> UniverseScorer.Summary {
        let progress = ProgressLine("scoring", total: trades.lines.count, unit: "trades")
        defer { progress.finish() }
        return try scorer.score(trades, in: archive, to: path) {
            progress.update(done: $0)
            try Interruption.check()
        }
    }

    /// A file a moment: those that are there are left as they are, so that a run that was stopped
    /// goes on where it was. Moments that the market's events have not reached wait for a later run:
    /// what became known before them may not be there yet.
    private func schedule(
        _ universe: Universe, _ scorer: UniverseScorer, _ archive: MarketArchive, in folder: String,
        inputs: (checkpoint: String, universe: String)
    ) throws -> (summary: UniverseScorer.Summary, moments: ScheduledMoments) {
        guard let every, let from, let to else {
            return (UniverseScorer.Summary(), ScheduledMoments())
        }
        try Folder.make(folder)
        let lock = try FileLock(path: folder + "/.lock")
        defer { lock.remove() }
        PartialFile.removeAbandoned(in: folder)
        try settings(scorer, inputs).settle(in: folder)
        var summary = UniverseScorer.Summary()
        var moments = ScheduledMoments()
        for time in stride(from: from.time, through: to.time, by: Int(every.nanoseconds)) {
            let name = Timestamp.text(time).replacing(":", with: "-")
            let path = "\(folder)/\(name).\(scorer.format.rawValue).gz"
            if [path, UnpricedFile.path(beside: path)].allSatisfy(Self.isWritten) { continue }
            let market = try self.market(in: archive, before: time)
            guard archive.hasMore else {
                moments.waiting += 1
                continue
            }
            summary += try score(universe, scorer, in: market, at: time, to: path)
            moments.made += 1
        }
        return (summary, moments)
    }

    private static func isWritten(_ path: String) -> Bool {
        let facts = try? FileManager.default.attributesOfItem(atPath: path)
        return facts?[.size] as? Int ?? 0 > 0
    }

    /// What a run of a schedule made, and what it could not make yet.
    private struct ScheduledMoments {
        var made = 0
        var waiting = 0
    }

    private func settings(
        _ scorer: UniverseScorer, _ inputs: (checkpoint: String, universe: String)
    ) throws -> ScheduleSettings {
        let market = market ?? ""
        let bonds = try MarketFolder.path(of: "bonds", in: market)
        return ScheduleSettings(values: [
            "checkpoint": try SHA256.ofFile(inputs.checkpoint).digest,
            "universe": try SHA256.ofFile(inputs.universe).digest,
            "market": market, "bonds": try bonds.map { try SHA256.ofFile($0).digest } ?? "none",
            "variations": (variations ?? .default).rawValue, "dealer": "\(dealer)",
            "format": scorer.format.rawValue,
        ])
    }

    private struct Result: Encodable {
        let asked: Int
        let priced: Int
        let unpriced: Int
        let rows: Int
        let emptyTiles: Int
        let moments: Int?
        /// Moments of a schedule that the market's events have not reached.
        let waiting: Int?
        let seconds: Double
        let out: String

        var line: String {
            let later = waiting ?? 0
            let waits =
                later > 0
                ? "; \(later) moment\(later == 1 ? "" : "s") wait: the market ends before them" : ""
            if moments == 0 {
                return (later > 0 ? "no moment made" : "every moment is there") + ": \(out)" + waits
            }
            return (moments.map { "\($0) moment\($0 == 1 ? "" : "s"): " } ?? "")
                + "\(priced) of \(asked) priced, \(rows) quotes: \(out)"
                + (unpriced > 0 ? "; \(unpriced) not, see the list beside it" : "") + waits
        }
    }
}

/// A moment of the command line: ISO 8601 in UTC.
struct Moment {
    /// UTC epoch nanoseconds.
    let time: Int64

    init(argument: String) throws {
        guard let time = Timestamp.parse(argument) else {
            throw ValidationError("expected a moment in UTC, such as 2025-03-07T14:30:00Z")
        }
        self.time = time
    }
}

/// A span of the command line, such as `30s`, `5m` or `1h`.
struct Interval {
    let nanoseconds: Int64

    init(argument: String) throws {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600]
        guard let unit = argument.last.flatMap({ units[$0] }),
            let count = Int64(argument.dropLast()), (1...1_000_000).contains(count)
        else {
            throw ValidationError(
                "expected a number of 1 to 1000000 with s, m or h behind it, such as 30s, 5m or 1h")
        }
        nanoseconds = count * unit * 1_000_000_000
    }
}

extension Variations: ExpressibleByArgument {}
extension QuoteFormat: ExpressibleByArgument {}
