import Bonds
import Features
import Files
import Foundation
import Simulation
import Tape

/// A simulated market that the tests of this suite share, in a folder and as events.
struct SmallMarket: Sendable {
    let path: String
    let bonds: BondTable
    let layout: FeatureLayout
    let events: [MarketEvent]

    static let shared = Result { try SmallMarket(bonds: 260, days: 14, seed: 5) }

    init(bonds count: Int, days: Int, seed: UInt64) throws {
        path = NSTemporaryDirectory() + "tenor-features-" + UUID().uuidString
        var settings = MarketSettings()
        settings.bonds = count
        settings.days = days
        settings.seed = seed
        _ = try SimulatedMarketFolder(path).write(MarketSimulator(settings), version: "test")
        try Self.withdrawSome(path)
        bonds = try BondTable(market: path)
        layout = try FeatureLayout(market: path, bonds: bonds)
        var replay = try MarketReplay(market: path, bonds: bonds)
        var events: [MarketEvent] = []
        while let event = try replay.next() { events.append(event) }
        self.events = events
    }

    /// Every fortieth trade turns out to be wrong, an hour to a day after its report.
    private static func withdrawSome(_ path: String) throws {
        var trades = try Self.trades(path)
        for index in stride(from: 7, to: trades.count, by: 40) where trades[index].holds {
            trades[index].price *= 1.04
            trades[index].withdrawnTime =
                trades[index].reportTime + Int64(1 + index % 23) * 3_600_000_000_000
        }
        try write(trades, to: path)
    }

    static func trades(_ folder: String) throws -> [Trade] {
        let reader = try TradeReader(path: folder + "/trades.csv")
        var trades: [Trade] = []
        while let more = try reader.next() { trades += more }
        return trades
    }

    /// Writes trades in report order.
    static func write(_ trades: [Trade], to folder: String) throws {
        let sorted = trades.enumerated()
            .sorted { ($0.element.reportTime, $0.offset) < ($1.element.reportTime, $1.offset) }
            .map(\.element)
        try TradeFile.write(to: folder + "/trades.csv", count: sorted.count) { sorted[$0] }
    }

    func engine() throws -> FeatureEngine {
        try FeatureEngine(market: path, bonds: bonds, layout: layout)
    }

    /// The trades among the events that make good rows: not the first days', not withdrawn.
    var trades: [(trade: Trade, bond: Int)] {
        events.compactMap {
            guard case .reported(let trade, let bond) = $0, trade.holds else { return nil }
            return (trade, bond)
        }
    }
}

extension FeatureEngine {
    /// A vector of its own; nil where the bond cannot be priced.
    func vector(bond: Int, at time: Int64) throws -> [Float]? {
        var row = [Float](repeating: .nan, count: layout.stateWidth)
        let reference = try row.withUnsafeMutableBufferPointer { row -> FeatureReference? in
            guard let base = row.baseAddress else { return nil }
            return try write(bond: bond, at: time, into: base)
        }
        return reference == nil ? nil : row
    }

    /// Takes in the events before a time, from a place on, and says where it stopped.
    @discardableResult
    func apply(_ events: [MarketEvent], from start: Int = 0, before time: Int64) throws -> Int {
        var index = start
        while index < events.count, events[index].time < time {
            try apply(events[index])
            index += 1
        }
        return index
    }
}

/// The bits of a vector, so that zeros of both signs differ and nothing is compared as a number.
func bits(_ row: [Float]?) -> [UInt32]? { row.map { $0.map(\.bitPattern) } }

/// Whether no value is infinite or not a number.
func isFinite(_ row: [Float]) -> Bool { row.allSatisfy { $0.isFinite } }

/// A folder that lives as long as the test.
final class Scratch {
    let path = NSTemporaryDirectory() + "tenor-features-" + UUID().uuidString
    init() throws { try Folder.make(path) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A copy of a market folder.
    func copy(_ market: String) throws -> String {
        let target = path + "/market-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: market, toPath: target)
        return target
    }
}
