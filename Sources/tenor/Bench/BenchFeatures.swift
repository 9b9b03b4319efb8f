import Bonds
import Features
import Files
import Random
import Tape
import Terminal

/// What the start of a feature engine takes, and live vectors after it.
struct BenchFeatures: Encodable {
    let bonds: Int
    let stateFeatures: Int
    /// Reading the list of bonds; then bringing the engine up to the last day of the tape, or to
    /// the end of the state where that is later.
    let tablesS: Double
    let startS: Double
    /// The first day that was replayed after a state; nil where the tape was replayed as a whole.
    let startedFrom: String?
    let startEvents: Int
    /// Those after the start, without the vectors between them.
    let events: Int
    /// Nil where there are none.
    let eventUs: Double?
    let vectors: Int
    let vectorUsP50: Double
    let vectorUsP99: Double
    let peakRssMb: Int

    /// Vectors are asked for at so many moments of ten hours, evenly spaced; in nanoseconds.
    private static let moments = 20_000
    private static let span: Int64 = 36_000_000_000_000

    init(market: String, store: String?) throws {
        let clock = ContinuousClock()
        let begun = clock.now
        let table = try BondTable(market: market)
        tablesS = (clock.now - begun) / .seconds(1)
        let lastDay = try Self.lastDay(market: market)

        let started = clock.now
        var replay = try FeatureReplay(market: market, store: store, bonds: table)
        let first = max(lastDay, replay.engine.now)
        try replay.advance(before: first)
        startS = (clock.now - started) / .seconds(1)
        startedFrom = replay.startedFrom?.description
        startEvents = replay.eventCount

        let engine = replay.engine
        bonds = table.rows.count
        stateFeatures = engine.layout.stateWidth
        var row = [Float](repeating: 0, count: engine.layout.stateWidth)
        var random = RandomStream(seed: 0)
        var vectorTimes: [Double] = []
        var eventTime = Duration.zero
        for moment in 1...Self.moments {
            try Interruption.check()
            let time = first + Self.span / Int64(Self.moments) * Int64(moment)
            eventTime += try clock.measure { try replay.advance(before: time) }
            let bond = random.integer(below: table.rows.count)
            let elapsed = try clock.measure {
                _ = try row.withUnsafeMutableBufferPointer { row in
                    try row.baseAddress.flatMap {
                        try engine.write(bond: bond, at: time, into: $0)
                    }
                }
            }
            vectorTimes.append(elapsed / .microseconds(1))
        }
        vectorTimes.sort()
        events = replay.eventCount - startEvents
        eventUs = events == 0 ? nil : eventTime / .microseconds(1) / Double(events)
        vectors = vectorTimes.count
        vectorUsP50 = vectorTimes[vectors / 2]
        vectorUsP99 = vectorTimes[vectors * 99 / 100]
        peakRssMb = ResourceUsage.peakResidentMegabytes
    }

    /// 8:00 in New York on the day of the last Treasury tick.
    private static func lastDay(market: String) throws -> Int64 {
        guard let last = try TreasuryRow.read(market: market).map(\.time).max() else {
            throw FileError(
                .badData, file: market, "no Treasury tick", expected: "a market with trades")
        }
        return EasternTime.nanoseconds(
            EasternTime.date(last), timeOfDay: 8 * 3_600_000_000_000)
    }
}
