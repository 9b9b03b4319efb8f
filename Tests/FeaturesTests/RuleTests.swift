import Bonds
import Datasets
import Features
import Files
import Foundation
import Tape
import Testing

/// What the engine does with what is missing, wrong or odd.
@Suite struct RuleTests {
    private static let hour: Int64 = 3_600_000_000_000

    /// A bond that trades, one of its issuer's that never does, one without a rating or peers, one
    /// that matures within days.
    private func bonds() throws -> BondTable {
        func bond(_ cusip: String, _ issuer: String, _ sector: String, _ maturity: String) throws
            -> BondRow
        {
            BondRow(
                cusip: cusip, issuer: issuer, sector: sector,
                terms: try BondTerms(
                    coupon: 5, datedDate: CalendarDate("2020-01-15"),
                    maturity: try #require(CalendarDate(maturity))),
                offeringAmount: .nan)
        }
        return BondTable([
            try bond("TRADES", "I", "Energy", "2031-01-15"),
            try bond("NEVER", "I", "Energy", "2029-01-15"),
            try bond("ALONE", "J", "Telecom", "2040-01-15"),
            try bond("SHORT", "K", "Telecom", "2025-03-12"),
        ])
    }

    private let layout = FeatureLayout(
        sectors: ["Energy", "Telecom"], hasSwaps: false, hasDealers: false)

    private func time(_ date: String, hour: Double) throws -> Int64 {
        EasternTime.nanoseconds(
            try #require(CalendarDate(date)), timeOfDay: Int64(hour * Double(Self.hour)))
    }

    /// An engine with a curve, an index and a rating on 2025-03-06.
    private func engine() throws -> FeatureEngine {
        let engine = FeatureEngine(bonds: try bonds(), layout: layout)
        let rated = try #require(CalendarDate("2025-03-06"))
        try engine.apply(
            .rating(
                RatingRow(
                    issuer: "I", date: rated, agency: "S&P", rating: CreditRating("BBB"))))
        let start = try time("2025-03-06", hour: 8)
        for tenor in TreasuryRow.tenors {
            try engine.apply(
                .treasury(
                    TreasuryRow(
                        time: start, tenor: tenor, cusip: "T\(tenor)", coupon: 4,
                        maturity: rated + tenor * 365, yieldMid: 4 + Double(tenor) / 100)))
        }
        for symbol in ["LQD", "HYG", "JNK", "SPY", "QQQ"] {
            try engine.apply(.market(MarketRow(time: start, symbol: symbol, price: 100)))
        }
        return engine
    }

    private func trade(_ id: String, at time: Int64, price: Double = 99) -> Trade {
        var trade = Trade()
        trade.tradeID = id
        trade.executionTime = time - 60_000_000_000
        trade.reportTime = time
        trade.quantity = 2_000_000
        trade.side = .dealer
        trade.price = price
        return trade
    }

    private func value(_ name: String, _ row: [Float]) throws -> Float {
        row[try #require(layout.schema.state.firstIndex { $0.name == name })]
    }

    @Test("A bond with no print has its cohort's spread, zeros for prints, and is finite")
    func noTrade() throws {
        let engine = try engine()
        let now = try time("2025-03-06", hour: 10)
        try engine.apply(.reported(trade("1", at: now), bond: 0))
        for bond in [1, 2] {
            let row = try #require(try engine.vector(bond: bond, at: now + 1))
            #expect(isFinite(row))
            #expect(try value("own.00.exists", row) == 0)
        }
        let sibling = try #require(try engine.vector(bond: 1, at: now + 1))
        #expect(try value("issuer.00.exists", sibling) == 1)
        #expect(try value("peers.00.exists", sibling) == 0)
        // Without an offering amount the bond counts as one of $600 millions.
        #expect(try value("bond.log_amount", sibling) == 0)
        // Without a rating: BB-, of high yield.
        let unrated = try #require(try engine.vector(bond: 2, at: now + 1))
        #expect(try value("bond.high_yield", unrated) == 1)
        #expect(try value("bond.rating.BB-", unrated) == 1)
    }

    @Test("A matured bond has no row, and its prints are counted")
    func matured() throws {
        let engine = try engine()
        let before = try time("2025-03-07", hour: 10)
        let alive = try engine.vector(bond: 3, at: before)
        #expect(alive != nil)
        let after = try time("2025-03-12", hour: 10)
        let dead = try engine.vector(bond: 3, at: after)
        #expect(dead == nil)
        try engine.apply(.reported(trade("1", at: after), bond: 3))
        #expect(engine.tally.matured == 1 && engine.tally.prints == 0)
    }

    @Test("Before the first Treasury tick there is no row")
    func noMarket() throws {
        let engine = FeatureEngine(bonds: try bonds(), layout: layout)
        let now = try time("2025-03-06", hour: 10)
        try engine.apply(.reported(trade("1", at: now), bond: 0))
        #expect(engine.tally.withoutMarket == 1)
        let row = try engine.vector(bond: 0, at: now + 1)
        #expect(row == nil)
        // An ETF's tick gives no curve either.
        try engine.apply(.market(MarketRow(time: now + 2, symbol: "LQD", price: 100)))
        try engine.apply(.reported(trade("2", at: now + 60_000_000_000), bond: 0))
        #expect(engine.tally.withoutMarket == 2)
        let later = try engine.vector(bond: 0, at: now + 61_000_000_000)
        #expect(later == nil)
    }

    @Test("Events and questions out of order are refused with both times")
    func outOfOrder() throws {
        let engine = try engine()
        let now = try time("2025-03-06", hour: 10)
        _ = try engine.vector(bond: 0, at: now)
        let error = FeatureError.outOfOrder(time: now - 5, after: now)
        #expect(throws: error) {
            try engine.apply(.reported(trade("1", at: now - 5), bond: 0))
        }
        #expect(throws: error) { try engine.vector(bond: 0, at: now - 5) }
        #expect("\(error)".contains("\(now - 5)") && "\(error)".contains("\(now)"))
    }

    @Test("Trade identifiers count once; a price without a yield and a hidden print not at all")
    func passedOver() throws {
        let engine = try engine()
        let now = try time("2025-03-06", hour: 10)
        try engine.apply(.reported(trade("1", at: now), bond: 0))
        let once = try engine.vector(bond: 0, at: now + 10)
        try engine.apply(.reported(trade("1", at: now + 10, price: 90), bond: 0))
        try engine.apply(.reported(trade("2", at: now + 10, price: 1e-9), bond: 0))
        var hidden = trade("3", at: now + 10, price: 90)
        hidden.isDisseminated = false
        try engine.apply(.reported(hidden, bond: 0))
        let again = try engine.vector(bond: 0, at: now + 10)
        #expect(bits(again) == bits(once))
        #expect(engine.tally.duplicates == 1)
        #expect(engine.tally.unpriced == 1)
        #expect(engine.tally.undisseminated == 1)
        var unknown = trade("9", at: now)
        unknown.withdrawnTime = now + 20
        try engine.apply(.withdrawn(unknown, bond: 0))
        #expect(engine.tally.forgotten == 1)
    }

    @Test("What was disseminated: five millions of investment grade, one of high yield")
    func caps() throws {
        let engine = try engine()
        let now = try time("2025-03-06", hour: 10)
        var large = trade("1", at: now)
        large.quantity = 20_000_000
        try engine.apply(.reported(large, bond: 0))
        large.tradeID = "2"
        try engine.apply(.reported(large, bond: 2))
        let rated = try #require(try engine.vector(bond: 0, at: now + 1))
        let size = try value("own.00.size", rated)
        #expect(abs(size - Float(log10(5.0))) < 1e-6)
        #expect(try value("own.00.capped", rated) == 1)
        let unrated = try #require(try engine.vector(bond: 2, at: now + 1))
        #expect(try value("own.00.size", unrated) == 0)
    }

    @Test("A withdrawn print leaves what it would have been without it")
    func withdrawn() throws {
        let now = try time("2025-03-06", hour: 9)
        func prints(_ wrong: Bool, _ engine: FeatureEngine) throws {
            for index in 0..<80 {
                let price = 99 + 0.02 * Double(index % 7)
                try engine.apply(
                    .reported(
                        trade("\(index)", at: now + Int64(index) * 60_000_000_000, price: price),
                        bond: index % 3 == 0 ? 1 : 0))
                if index == 60, wrong {
                    try engine.apply(
                        .reported(
                            trade("x", at: now + 60 * 60_000_000_000 + 1, price: 107), bond: 0))
                }
            }
        }
        let (clean, repaired) = (try engine(), try engine())
        try prints(false, clean)
        try prints(true, repaired)
        let later = now + 2 * Self.hour
        let expected = try #require(try clean.vector(bond: 0, at: later))
        let wrong = try #require(try repaired.vector(bond: 0, at: later))
        func distance(_ row: [Float]) -> Float {
            zip(row, expected).map { abs($0 - $1) }.max() ?? 0
        }
        #expect(distance(wrong) > 1)
        var print = trade("x", at: now + 60 * 60_000_000_000 + 1, price: 107)
        print.withdrawnTime = later
        try repaired.apply(.withdrawn(print, bond: 0))
        let right = try #require(try repaired.vector(bond: 0, at: later + 1))
        // The mean of the cohort, which fades within days, keeps its part in the print; so do what
        // the filter of the market learned of its sector and of the size of innovations.
        let kept: Set = ["bond.cohort_gap", "fair_value.class_scale", "fair_value.bond_scale"]
        for (index, pair) in zip(right, expected).enumerated() {
            let name = layout.schema.state[index].name
            guard !kept.contains(name) else { continue }
            #expect(abs(pair.0 - pair.1) < 0.02, "\(name)")
        }
        #expect(repaired.tally.withdrawn == 1)
        print.withdrawnTime = later + 2
        try repaired.apply(.withdrawn(print, bond: 0))
        #expect(repaired.tally.forgotten == 1)
    }

    @Test(
        "Weekends, holidays, nights and the days on which clocks are moved are times like others",
        arguments: [
            ("2025-03-08", 12.0), ("2025-03-09", 1.99), ("2025-03-09", 3.01),
            ("2025-03-10", 8.0), ("2025-04-18", 11.0), ("2025-05-26", 3.0),
            ("2025-11-02", 1.5), ("2025-11-03", 17.99), ("2025-12-31", 23.9),
        ])
    func oddTimes(date: String, hour: Double) throws {
        let engine = try engine()
        try engine.apply(
            .reported(trade("1", at: try time("2025-03-06", hour: 10)), bond: 0))
        let row = try #require(
            try engine.vector(bond: 0, at: try time(date, hour: hour)))
        #expect(isFinite(row))
        let day = try value("calendar.day", row)
        #expect(abs(day - Float(min(max((hour - 8) / 10, 0), 1))) < 0.2)
    }

    @Test("A rating that crosses into high yield does not make the bond's price jump")
    func fallenAngel() throws {
        let engine = try engine()
        let now = try time("2025-03-06", hour: 10)
        for index in 0..<20 {
            try engine.apply(
                .reported(trade("\(index)", at: now + Int64(index) * 1_000_000_000), bond: 0))
        }
        let before = try #require(
            try engine.vector(bond: 0, at: try time("2025-03-06", hour: 23)))
        try engine.apply(
            .rating(
                RatingRow(
                    issuer: "I", date: try #require(CalendarDate("2025-03-07")), agency: "S&P",
                    rating: CreditRating("BB"))))
        let after = try #require(
            try engine.vector(bond: 0, at: try time("2025-03-07", hour: 0.01)))
        #expect(try value("bond.high_yield", before) == 0)
        #expect(try value("bond.high_yield", after) == 1)
        let jump = try value("bond.price", after) - value("bond.price", before)
        #expect(abs(jump) < 0.02)
    }

    @Test("Unknown bonds are counted by name")
    func unknownBonds() throws {
        let market = try SmallMarket.shared.get()
        let scratch = try Scratch()
        let folder = try scratch.copy(market.path)
        var trades = try SmallMarket.trades(folder)
        trades = Array(trades.prefix(400))
        trades[10].cusip = "STRANGER9"
        try SmallMarket.write(trades, to: folder)
        var build = FeatureBuild(market: folder, store: scratch.path + "/store")
        build.minimumQuantity = 1_000_000
        let summary = try build.run()
        #expect(summary.unknownBonds == ["STRANGER9": 1])
    }

    @Test("The condition says side, size and venue, and nothing else")
    func condition() throws {
        var row = [Float](repeating: .nan, count: FeatureLayout.conditionWidth)
        func write(_ side: Trade.Side, _ quantity: Double, _ isATS: Bool) throws -> [Float] {
            try row.withUnsafeMutableBufferPointer {
                ConditionFeatures.write(
                    side: side, quantity: quantity, isATS: isATS,
                    into: try #require($0.baseAddress))
            }
            return row
        }
        let offer = try write(.offer, 1_000_000, false)
        #expect(offer.prefix(6) == [1, 0, 0, 1, 0, 0])
        let bid = try write(.bid, 1_000_000, true)
        #expect(bid.prefix(6) == [0, 1, 0, -1, 0, 1])
        let tiny = try write(.dealer, 1, false)
        #expect(isFinite(tiny) && tiny[4] == -4)
        // One knot at its own place, none of another's beyond half a decade.
        #expect(offer[10 + 7] == 1)
        #expect(offer[10] == 0)
    }
}
