import Bonds
import Dispatch
import Features
import Files
import Tape

/// A market that is taken to any moment of its folder, forward by replay, backward (and far forward)
/// by the states of earlier days. It belongs to one thread.
public final class MarketArchive {
    private let folder: String
    private let bonds: BondTable
    private let layout: FeatureLayout
    private let states: EngineStates?
    private let until: [MarketEvent.Kind: Int64]?
    private var market: BondMarket?
    private var replay: MarketReplay?
    /// What the folder says beside its tape; nil without states.
    private var past: MarketPast?
    /// What the tape says, where it has been read to its end.
    private var endedTape = DailyDigest()
    private var next: MarketEvent?
    /// Events behind those of the folder, and how many of them are taken in or next.
    private var appended: [MarketEvent] = []
    private var place = 0
    /// The time of the folder's last event so far.
    private var folderEnd = Int64.min
    /// Ends of the days whose states could not be used.
    private var refused: Set<Int64> = []

    /// Further ahead than this a state is read instead of replaying, which passes over the trades
    /// before it: ten days, in nanoseconds.
    private static let far: Int64 = 10 * 86_400_000_000_000

    /// - Parameters:
    ///   - states: where states are kept and looked for; nil to replay from the beginning.
    ///   - until: how far the folder is read, by kind; to its end where nil.
    public init(
        market folder: String, bonds: BondTable, layout: FeatureLayout,
        states: EngineStates? = nil, until: [MarketEvent.Kind: Int64]? = nil
    ) {
        self.until = until
        self.layout = layout
        self.folder = folder
        self.bonds = bonds
        self.states = states
    }

    /// The same archive, for another thread.
    public func another() -> MarketArchive {
        let archive = MarketArchive(
            market: folder, bonds: bonds, layout: layout, states: states, until: until)
        archive.appended = appended
        return archive
    }

    /// Parts of some moments, each of which is reached from a state of its own and as long as it
    /// takes to pay for that; one part without states.
    ///
    /// - Parameter times: ascending.
    public func parts(of times: [Int64], count: Int) -> [Range<Int>] {
        guard let first = times.first, let last = times.last else { return [] }
        let count: Int64 = states == nil ? 1 : min(Int64(count), max(1, (last - first) / Self.far))
        var parts: [Range<Int>] = []
        var start = 0
        for part in 1...count {
            let end =
                part == count
                ? times.count
                : times.firstIndex { $0 > first + (last - first) / count * part } ?? times.count
            if end > start { parts.append(start..<end) }
            start = end
        }
        return parts
    }

    /// The market with all that became known strictly before a time.
    /// - Parameter onEvent: told each event that is taken in; may throw to stop.
    public func market(
        before time: Int64, onEvent: (MarketEvent) throws -> Void = { _ in }
    ) throws -> BondMarket {
        let current = try reused(at: time) ?? open(before: time)
        while let event = next, event.time < time {
            if let day = try dayThatEnds(before: event, current) {
                try states?.write(
                    try current.snapshot(at: EngineStates.end(of: day)), of: day,
                    digest: digest(through: day))
                refused.remove(EngineStates.end(of: day))
            }
            try current.apply(event)
            try onEvent(event)
            next = try nextEvent()
        }
        return current
    }

    /// Whether an event is known that comes after all of the market that was last asked for, so that
    /// nothing before that moment is still to come.
    public var hasMore: Bool { next != nil }

    /// The market where it was left, if the time is not far ahead of it.
    private func reused(at time: Int64) -> BondMarket? {
        guard let market, market.now <= time, next.map({ $0.time >= market.now }) ?? true,
            states == nil || time - Self.far < max(market.now, next?.time ?? .min)
        else { return nil }
        return market
    }

    /// Events that became known elsewhere and come after all of the folder, in the order of their
    /// times.
    public func append(_ events: [MarketEvent]) throws {
        appended += events
        if market != nil, next == nil { next = try nextEvent() }
    }

    /// The market at the newest state before a time that can be used, or at its beginning.
    private func open(before time: Int64) throws -> BondMarket {
        var limit = time
        // Where the folder is read from, which tells all of its past up to there.
        var readFrom: Int64?
        var outdated: [EngineStates.State] = []
        defer { tell(outdated) }
        while let states, let state = try states.newest(notAfter: limit) {
            limit = state.end - 1
            do {
                let digest = try states.digest(of: state)
                let opening = opening(state)
                if readFrom == nil {
                    try begin(from: state.end)
                    readFrom = state.end
                }
                guard digest == self.digest(through: state.day) else {
                    refused.insert(state.end)
                    outdated.append(state)
                    continue
                }
                let opened = try opening.wait().get().market
                if readFrom != state.end { try begin(from: state.end) }
                market = opened
                return opened
            } catch let error as FileError where error.file == state.path {
                states.onRefusal(error)
                refused.insert(state.end)
            }
        }
        let opened = try BondMarket(folder: folder, bonds: bonds, layout: layout)
        try begin(from: .min)
        market = opened
        return opened
    }

    /// Reads a state on a thread of its own, since what comes behind it takes as long to find.
    private func opening(
        _ state: EngineStates.State
    ) -> Pending<Result<OpenedMarket, FileError>> {
        let opening = Pending<Result<OpenedMarket, FileError>>()
        DispatchQueue.global().async { [folder, bonds, layout] in
            opening.fill(
                Result { () throws(FileError) in
                    OpenedMarket(
                        market: try BondMarket(
                            folder: folder, bonds: bonds, layout: layout, snapshot: state.path))
                })
        }
        return opening
    }

    /// Reads on from a time.
    private func begin(from time: Int64) throws {
        past = states == nil ? nil : try MarketPast(market: folder)
        replay = try MarketReplay(
            market: folder, bonds: bonds, from: time, until: until, keepsDigest: states != nil)
        place = 0
        next = try nextEvent()
    }

    /// The digest of the folder up to the end of a day that is over where it is read.
    private func digest(through day: CalendarDate) -> String {
        past?.digest(through: day, trades: replay?.tradeDigest ?? endedTape) ?? ""
    }

    private func tell(_ outdated: [EngineStates.State]) {
        guard let newest = outdated.first, let oldest = outdated.last else { return }
        states?.onRefusal(
            FileError(
                .badData, file: newest.path,
                "not a state of the past that the market folder tells now"
                    + (outdated.count == 1 ? "" : ", nor are those before it, to \(oldest.day)")))
    }

    private func nextEvent() throws -> MarketEvent? {
        if let event = try replay?.next() {
            folderEnd = event.time
            return event
        }
        endedTape = replay?.tradeDigest ?? endedTape
        replay = nil
        // The folder may have them by now.
        while place < appended.count, appended[place].time <= folderEnd { place += 1 }
        guard place < appended.count else { return nil }
        place += 1
        return appended[place - 1]
    }

    /// The day of which everything is known when an event comes, where its state is wanted. Of what
    /// is not in the folder no state is kept, nor of days at which the tape has not arrived: their
    /// trades may be added later.
    private func dayThatEnds(
        before event: MarketEvent, _ market: BondMarket
    ) throws -> CalendarDate? {
        guard let states, replay != nil, market.now > .min else { return nil }
        let day = EasternTime.date(market.now)
        let end = EngineStates.end(of: day)
        guard end <= event.time, !states.has(day) || refused.contains(end) else { return nil }
        if case .reported = event { return day }
        return try replay?.hasTrades() == true ? day : nil
    }
}

/// A market that one thread opens and hands over to another.
private struct OpenedMarket: @unchecked Sendable {
    let market: BondMarket
}
