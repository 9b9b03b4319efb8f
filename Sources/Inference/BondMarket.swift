import Bonds
import Datasets
import FairValue
import Features
import Files
import QuantileModels
import Tape

/// A market as it becomes known: events go in, in order; bonds as of the present moment come out,
/// ready to be priced by a checkpoint that was trained on the market's features.
///
/// Scoring a universe, pricing the trades of a file and serving use the same one. A market belongs to
/// one thread.
public final class BondMarket {
    public let bonds: BondTable
    private let engine: FeatureEngine
    private var clock = TradingClock()
    private var flows: BondPricer
    /// The last tick of each tenor.
    private var ticks: [Int: TreasuryRow] = [:]
    /// Of ``ticks``; nil where a tick came since.
    private var treasuries: TreasuryTable?
    /// Where the engine writes.
    private let row: UnsafeMutableBufferPointer<Float>

    /// A market before its first event.
    public convenience init(
        folder: String, bonds: BondTable, layout: FeatureLayout
    ) throws(FileError) {
        self.init(
            bonds: bonds,
            engine: try FeatureEngine(market: folder, bonds: bonds, layout: layout))
    }

    /// A market in a state that it had.
    /// - Parameter path: what ``FeatureSnapshot`` wrote.
    public convenience init(
        folder: String, bonds: BondTable, layout: FeatureLayout, snapshot path: String
    ) throws(FileError) {
        self.init(
            bonds: bonds,
            engine: try FeatureEngine(
                snapshot: path, market: folder, bonds: bonds, layout: layout))
        for tick in try TreasuryRow.read(market: folder).filter({ $0.time < engine.now })
            .sorted(by: { $0.time < $1.time })
        {
            ticks[tick.tenor] = tick
        }
    }

    private init(bonds: BondTable, engine: FeatureEngine) {
        self.bonds = bonds
        self.engine = engine
        flows = BondPricer(bonds.rows.map(\.terms))
        row = .allocate(capacity: engine.layout.stateWidth)
        row.initialize(repeating: 0)
    }

    deinit { row.deallocate() }

    /// The latest event or question, in UTC epoch nanoseconds.
    public var now: Int64 { engine.now }

    /// Takes in what became known.
    /// - Throws: `FeatureError` where a later time was seen already.
    public func apply(_ event: MarketEvent) throws(FeatureError) {
        try engine.apply(event)
        if case .treasury(let tick) = event {
            ticks[tick.tenor] = tick
            treasuries = nil
        }
    }

    /// The engine's state at a time up to which everything is known, to be written while the market
    /// goes on.
    public func snapshot(at time: Int64) throws -> FeatureSnapshot {
        // Of ticks a state keeps those before its time.
        try engine.advance(to: time)
        return try engine.snapshot()
    }

    /// Adds a bond as of a time, at which no event has been taken in yet.
    /// - Returns: why the bond cannot be priced then, nil where it was added.
    /// - Throws: `FeatureError` where a later time was seen already.
    public func add(
        bond: Int, at time: Int64, to states: inout BondStates
    ) throws(FeatureError) -> Unpriced? {
        let moment = clock.moment(time)
        let terms = bonds.rows[bond].terms
        if let dated = terms.datedDate, moment.date < dated { return .notIssued }
        guard let cashFlows = flows.cashFlows(bond: bond, settlement: moment.settlement) else {
            return .matured
        }
        let table = treasuries ?? TreasuryTable(Array(ticks.values))
        treasuries = table
        guard let benchmark = table.benchmark(maturity: terms.maturity, before: time) else {
            return .noTreasury
        }
        guard let start = row.baseAddress,
            let reference = try engine.write(bond: bond, at: time, into: start)
        else { return .matured }
        states.append(
            BondStates.View(bond: bond, time: time, cashFlows: cashFlows, benchmark: benchmark),
            state: UnsafeBufferPointer(row), reference: reference.price, scale: reference.scale)
        return nil
    }

    /// Some bonds as of a time, and why others cannot be priced, by their place among those asked.
    public func states(
        of wanted: some Collection<Int>, at time: Int64
    ) throws(FeatureError) -> (states: BondStates, unpriced: [(place: Int, reason: Unpriced)]) {
        var states = BondStates()
        states.reserve(wanted.count, width: engine.layout.stateWidth)
        var unpriced: [(place: Int, reason: Unpriced)] = []
        for (place, bond) in wanted.enumerated() {
            if let reason = try add(bond: bond, at: time, to: &states) {
                unpriced.append((place, reason))
            }
        }
        return (states, unpriced)
    }
}

extension FeatureLayout {
    /// The layout of a market's features, which must be those that a checkpoint was trained on.
    /// - Throws: `FileError` where they are others.
    public init(
        of model: QuantileModel, market folder: String, bonds: BondTable
    ) throws(FileError) {
        let constants = model.provenance["schema.constants"]
            .flatMap(FeatureSchema.constants(text:))
        try self.init(
            market: folder, bonds: bonds,
            kalman: constants.flatMap(KalmanParameters.init(constants:)) ?? KalmanParameters())
        try model.require(
            schema, of: folder,
            "the market has other features than the checkpoint was trained on",
            advice: "Train on a feature store of this market and this version of tenor")
    }
}
