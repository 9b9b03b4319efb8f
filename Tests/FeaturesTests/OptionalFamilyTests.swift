import Bonds
import Datasets
import Features
import Foundation
import Random
import Tape
import Testing

/// The families that only some markets have: default swaps and dealers.
@Suite struct OptionalFamilyTests {
    private let start = CalendarDate("2025-03-06")

    private func time(_ days: Int, hour: Double) throws -> Int64 {
        EasternTime.nanoseconds(
            try #require(start) + days, timeOfDay: Int64(hour * 3_600_000_000_000))
    }

    /// Two bonds of one issuer, whose swap is in the tables, and one of an issuer without.
    private func engine(swaps: [SwapRow]) throws -> FeatureEngine {
        func bond(_ cusip: String, _ issuer: String) throws -> BondRow {
            BondRow(
                cusip: cusip, issuer: issuer, sector: "Energy",
                terms: try BondTerms(
                    coupon: 5, datedDate: CalendarDate("2020-01-15"),
                    maturity: try #require(CalendarDate("2031-01-15"))),
                offeringAmount: 6e8)
        }
        let layout = FeatureLayout(sectors: [], hasSwaps: true, hasDealers: true)
        let engine = FeatureEngine(
            bonds: BondTable([
                try bond("ONE", "I"), try bond("TWO", "I"), try bond("OTHER", "J"),
            ]), layout: layout,
            entities: ["ONE", "TWO"].map {
                EntityRow(cusip: $0, issuer: "I", parent: "I", ticker: "III")
            }, swaps: swaps)
        let open = try time(0, hour: 8)
        for tenor in TreasuryRow.tenors {
            try engine.apply(
                .treasury(
                    TreasuryRow(
                        time: open, tenor: tenor, cusip: "T\(tenor)", coupon: 4,
                        maturity: try #require(start) + tenor * 365, yieldMid: 4)))
        }
        return engine
    }

    private func report(
        _ engine: FeatureEngine, _ id: String, by dealer: String, bond: Int, at time: Int64
    ) throws {
        var trade = Trade()
        trade.tradeID = id
        trade.executionTime = time
        trade.reportTime = time
        trade.quantity = 1_000_000
        trade.side = .offer
        trade.price = 99
        trade.dealer = dealer
        try engine.apply(.reported(trade, bond: bond))
    }

    private func values(
        _ family: String, _ bond: Int, _ engine: FeatureEngine, at time: Int64
    ) throws -> [Float] {
        let row = try #require(try engine.vector(bond: bond, at: time))
        return engine.layout.schema.state.indices
            .filter { engine.layout.schema.state[$0].family == family }.map { row[$0] }
    }

    private func logarithm(ofOneMoreThan count: Double) -> Float { Float(log1p(count)) }

    /// Five names that are five of the 64 that are told apart.
    private static let dealers: [String] = {
        var seen: Set<UInt64> = []
        return (0..<64).map { "dealer \($0)" }
            .filter { seen.insert(RandomStream(seed: 0).stream($0).key % 64).inserted }
            .prefix(5).map { $0 }
    }()

    @Test("Dealers are counted once each: of the bond today and in five days, of the issuer today")
    func dealers() throws {
        let engine = try engine(swaps: [])
        func expect(
            _ bond: Int, at time: Int64, _ today: Double, _ lately: Double, _ issuer: Double
        ) throws {
            let found = try values("dealers", bond, engine, at: time)
            let wanted = [today, lately, issuer].map(logarithm)
            for (one, other) in zip(found, wanted) { #expect(abs(one - other) < 1e-6) }
        }
        try expect(0, at: try time(0, hour: 9), 0, 0, 0)
        let dealers = Self.dealers
        for (number, dealer) in [0, 1, 0, 2].enumerated() {
            try report(
                engine, "1-\(number)", by: dealers[dealer], bond: 0,
                at: try time(0, hour: 10 + Double(number) / 10))
        }
        try report(engine, "1-x", by: dealers[3], bond: 1, at: try time(0, hour: 11))
        // An anonymous print has no dealer.
        try report(engine, "1-y", by: "", bond: 1, at: try time(0, hour: 11.5))
        try expect(0, at: try time(0, hour: 12), 3, 3, 4)
        try expect(1, at: try time(0, hour: 12), 1, 1, 4)
        try expect(2, at: try time(0, hour: 12), 0, 0, 0)
        // The next trading day: Friday.
        try report(engine, "2-0", by: dealers[4], bond: 0, at: try time(1, hour: 10))
        try expect(0, at: try time(1, hour: 12), 1, 4, 1)
        try expect(1, at: try time(1, hour: 12), 0, 1, 1)
        // Five trading days after the first one its dealers are forgotten.
        try expect(0, at: try time(7, hour: 12), 0, 1, 0)
    }

    @Test("The basis is the swap's log spread over the bond's, from the midnight after its day")
    func basis() throws {
        let first = try #require(start)
        func swap(_ days: Int, _ spread: Double) -> SwapRow {
            SwapRow(date: first + days, ticker: "III", tenor: 5, spread: spread)
        }
        let engine = try engine(swaps: [swap(0, 100), swap(1, 110)])
        let plain = try self.engine(swaps: [])
        for one in [engine, plain] {
            try report(one, "1", by: "A", bond: 0, at: try time(0, hour: 10))
        }
        // The first day's spread is not known on that day.
        let unknown = try values("swaps", 0, engine, at: try time(0, hour: 17))
        #expect(unknown == [0, 0, 0, 0])
        let spread = engine.layout.schema.state.firstIndex { $0.name == "bond.log_spread" }
        let place = try #require(spread)
        let friday = try time(1, hour: 12)
        let row = try #require(try engine.vector(bond: 0, at: friday))
        let known = try values("swaps", 0, engine, at: friday)
        #expect(known[0] == 1)
        #expect(abs(known[1] - (Float(log(100.0)) - (row[place] + 5))) < 1e-5)
        #expect(known[2] == 0)
        let monday = try time(4, hour: 12)
        let after = try values("swaps", 0, engine, at: monday)
        #expect(abs(after[2] - 10 * Float(log(1.1))) < 1e-5)
        // A bond whose issuer has no swap, and a market without swaps, have zeros.
        let other = try values("swaps", 2, engine, at: monday)
        #expect(other == [0, 0, 0, 0])
        let never = try values("swaps", 0, plain, at: monday)
        #expect(never == [0, 0, 0, 0])
    }
}
