import Bonds
import Datasets
import Files
import Tape

/// An engine at a moment of a market folder, and the events that it has not seen yet.
///
/// It starts from the newest state of a feature store where there is one, else from the beginning of
/// the tape; the vectors are the same. So a question about the past, a universe to be scored and a
/// server that has been started anew all begin.
///
///     var replay = try FeatureReplay(market: "market", store: "store", bonds: bonds)
///     try replay.advance(before: time)
///     let reference = try replay.engine.write(bond: 0, at: time, into: row)
public struct FeatureReplay {
    public let engine: FeatureEngine
    /// The first day that is replayed after a state; nil where the tape is replayed as a whole.
    public let startedFrom: CalendarDate?
    /// How many events were applied.
    public private(set) var eventCount = 0
    private var events: MarketReplay
    private var next: MarketEvent?

    /// - Parameters:
    ///   - folder: the market folder: the one that the store was made from, or one with more of it.
    ///   - store: the feature store whose states are looked at; its folder may have none.
    ///   - layout: the features; where nil those of the store, or of the folder without one.
    ///   - time: the first moment that is asked about: a state that is later is no use. In UTC
    ///     epoch nanoseconds.
    /// - Throws: `FileError` where a table is missing or malformed, or the state is damaged or of
    ///   other bonds or features.
    public init(
        market folder: String, store: String? = nil, bonds: BondTable,
        layout: FeatureLayout? = nil, before time: Int64 = .max
    ) throws {
        let used =
            try layout ?? store.map {
                try FeatureLayout(schema: FeatureSchema(store: $0), file: $0)
            }
            ?? FeatureLayout(market: folder, bonds: bonds)
        let start = try EngineStart(
            market: folder, store: store.map(StoreFolder.init), bonds: bonds, layout: used,
            through: time)
        engine = start.engine
        events = start.events
        startedFrom = start.state.map { _ in EasternTime.date(start.engine.now) }
        next = try events.next()
    }

    /// Lets the engine see what became known strictly before a time.
    public mutating func advance(before time: Int64) throws {
        while let event = next, event.time < time {
            try engine.apply(event)
            eventCount += 1
            next = try events.next()
        }
    }

    /// When the next event becomes known, in UTC epoch nanoseconds; nil at the end of the tape.
    public var nextTime: Int64? { next?.time }
}

/// An engine in the newest state of a store, or before its first event, and the events after that.
struct EngineStart {
    let engine: FeatureEngine
    let events: MarketReplay
    /// The file of the state; nil where there is none.
    let state: String?

    /// - Parameter time: a state of a later time is no use.
    init(
        market folder: String, store: StoreFolder?, bonds: BondTable, layout: FeatureLayout,
        through time: Int64 = .max
    ) throws {
        state = try store?.newestSnapshot(through: time)
        if let state {
            engine = try FeatureEngine(
                snapshot: state, market: folder, bonds: bonds, layout: layout)
        } else {
            engine = try FeatureEngine(market: folder, bonds: bonds, layout: layout)
        }
        // Before its first event an engine's time is the least there is.
        events = try MarketReplay(market: folder, bonds: bonds, from: engine.now)
    }
}
