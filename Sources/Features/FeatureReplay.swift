import Bonds
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
    ///   - layout: the features; those of the folder where nil.
    ///   - time: the first moment that is asked about: a state that is later is no use. In UTC
    ///     epoch nanoseconds.
    /// - Throws: `FileError` where a table is missing or malformed, or the state is damaged or of
    ///   other bonds or features.
    public init(
        market folder: String, store: String? = nil, bonds: BondTable,
        layout: FeatureLayout? = nil, before time: Int64 = .max
    ) throws {
        let used = try layout ?? FeatureLayout(market: folder, bonds: bonds)
        if let state = try store.flatMap({ try StoreFolder($0).newestSnapshot(through: time) }) {
            engine = try FeatureEngine(
                snapshot: state, market: folder, bonds: bonds, layout: used)
            events = try MarketReplay(market: folder, bonds: bonds, from: engine.now)
            startedFrom = EasternTime.date(engine.now)
        } else {
            engine = try FeatureEngine(market: folder, bonds: bonds, layout: used)
            events = try MarketReplay(market: folder, bonds: bonds)
            startedFrom = nil
        }
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
