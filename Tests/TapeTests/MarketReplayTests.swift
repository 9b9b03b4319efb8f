import Bonds
import Files
import Foundation
import Testing

import Tape

/// What is replayed of a market folder, and in which order.
@Suite struct MarketReplayTests {
    private static let second: Int64 = 1_000_000_000
    /// 2025-03-03 14:30 UTC, 09:30 in New York.
    private static let open: Int64 = 1_741_012_200 * second

    private func trade(
        _ id: String, cusip: String = "AAA", report: Int64, withdrawn: Int64 = .max
    ) -> Trade {
        var trade = Trade()
        trade.tradeID = id
        trade.cusip = cusip
        trade.executionTime = Self.open + (report - 5) * Self.second
        trade.reportTime = Self.open + report * Self.second
        trade.withdrawnTime = withdrawn == .max ? .max : Self.open + withdrawn * Self.second
        trade.quantity = 1_000_000
        trade.price = 99.5
        return trade
    }

    /// A market folder of some trades, in the order given, with one tick and one rating.
    private func folder(_ trades: [Trade]) throws -> String {
        let folder = NSTemporaryDirectory() + "replay-" + UUID().uuidString
        try Folder.make(folder)
        try TradeFile.write(to: folder + "/trades.csv", count: trades.count) { trades[$0] }
        let maturity = try #require(CalendarDate("2035-02-15"))
        try TreasuryRow.write(
            [20, 0].map {
                TreasuryRow(
                    time: Self.open + $0 * Self.second, tenor: 10, cusip: "T", coupon: 4,
                    maturity: maturity, yieldMid: 4.2)
            }, market: folder)
        try MarketRow.write(
            [MarketRow(time: Self.open, symbol: "LQD", price: 110)], market: folder)
        let date = try #require(CalendarDate("2025-03-04"))
        try RatingRow.write(
            [
                RatingRow(
                    issuer: "I", cusip: "", date: date, agency: "SP",
                    rating: CreditRating("BBB"))
            ], market: folder)
        return folder
    }

    private func bonds() throws -> BondTable {
        let maturity = try #require(CalendarDate("2030-01-15"))
        return BondTable(
            try ["AAA", "BBB"].map {
                BondRow(
                    cusip: $0, figi: "", isin: "", issuer: "I", sector: "S", industry: "",
                    terms: try BondTerms(coupon: 5, maturity: maturity), offeringAmount: 1e9,
                    amountOutstanding: 1e9, isCallable: false, seniority: "senior",
                    isRule144A: false)
            })
    }

    private func replay(_ folder: String, from: Int64 = .min) throws -> [String] {
        var replay = try MarketReplay(market: folder, bonds: bonds(), from: from)
        var events: [String] = []
        while let event = try replay.next() {
            let name =
                switch event {
                case .treasury: "treasury"
                case .market: "market"
                case .rating: "rating"
                case .reported(let trade, let bond): "\(trade.tradeID) of \(bond)"
                case .withdrawn(let trade, _): "\(trade.tradeID) withdrawn"
                }
            let seconds = (event.time - Self.open) / Self.second
            events.append("\(seconds) \(name)")
        }
        return events
    }

    /// Midnight in New York before 2025-03-04 is 14.5 hours after the opening.
    private let rating = "52200 rating"

    @Test func eventsComeAsTheyBecomeKnownAndTiesInTheStatedOrder() throws {
        let folder = try folder([
            trade("one", report: 0, withdrawn: 30), trade("two", cusip: "BBB", report: 10),
            trade("three", report: 30),
        ])
        #expect(
            try replay(folder) == [
                "0 treasury", "0 market", "0 one of 0", "10 two of 1", "20 treasury",
                "30 three of 0", "30 one withdrawn", rating,
            ])
    }

    @Test func aLaterStartSeesExactlyTheRest() throws {
        let folder = try folder([
            trade("one", report: 0, withdrawn: 30), trade("two", report: 10),
            trade("three", report: 30),
        ])
        let all = try replay(folder)
        for start in [0, 10, 11, 30, 31] as [Int64] {
            let rest = try replay(folder, from: Self.open + start * Self.second)
            #expect(rest == all.filter { Int64($0.prefix { $0 != " " }) ?? 0 >= start })
        }
    }

    @Test func smallDisorderIsSortedAndLargeIsRefusedWithBothTimes() throws {
        let late = try folder([
            trade("one", report: 900), trade("two", report: 0), trade("three", report: 0),
        ])
        let trades = try replay(late).filter { $0.contains(" of ") }
        #expect(trades == ["0 two of 0", "0 three of 0", "900 one of 0"])

        let wild = try folder([trade("one", report: 901), trade("two", report: 0)])
        let error = #expect(throws: FileError.self) { try replay(wild) }
        let text = error?.description ?? ""
        #expect(text.contains(":3,") && text.contains("\(Self.open)"), "\(text)")
        #expect(text.contains("\(Self.open + 901 * Self.second)"), "\(text)")
    }

    @Test func tradesOfUnknownBondsAreCountedAndPassedOver() throws {
        let folder = try folder([trade("one", cusip: "ZZZ", report: 0), trade("two", report: 1)])
        var replay = try MarketReplay(market: folder, bonds: bonds())
        var trades = 0
        while let event = try replay.next() {
            if case .reported = event { trades += 1 }
        }
        #expect(trades == 1)
        #expect(replay.unknownBonds == ["ZZZ": 1])
    }

    @Test func aWithdrawalBeforeTheReportIsRefused() throws {
        let folder = try folder([trade("one", report: 10, withdrawn: 9)])
        let error = #expect(throws: FileError.self) { try replay(folder) }
        #expect(error?.column == "withdrawn_date")
    }

    @Test func aMarketWithoutTradesOrTreasuriesSaysWhichFileIsMissing() throws {
        for table in ["trades", "treasuries"] {
            let folder = try folder([trade("one", report: 0)])
            try FileManager.default.removeItem(atPath: folder + "/\(table).csv")
            let error = #expect(throws: FileError.self) { try replay(folder) }
            #expect(error?.kind == .missing)
            #expect(error?.file.hasSuffix(table + ".csv") == true)
        }
    }

    /// Protects the states of engines that are kept: what is added behind them leaves them valid, and
    /// nothing else does.
    @Test func theDigestOfThePastChangesWithThePastOnly() throws {
        let day: Int64 = 86_400
        let past = [
            trade("one", report: 0), trade("two", report: 60, withdrawn: 120),
            trade("three", report: 60),
        ]
        let first = EasternTime.date(Self.open)
        func digest(_ trades: [Trade], from: Int64 = .min) throws -> UInt64 {
            let reader = try TradeReader(
                path: folder(trades) + "/trades.csv", from: from, keepsDigest: true)
            while try reader.next() != nil {}
            return try #require(reader.digest).value(through: first)
        }
        let before = try digest(past)
        var cancelled = past
        cancelled[0].withdrawnTime = Self.open + day * Self.second
        cancelled.append(trade("later", report: day))
        #expect(try digest(cancelled) == before)
        #expect(try digest(cancelled, from: Self.open + day * Self.second) == before)

        var price = past
        price[0].price = 99.25
        var withdrawal = past
        withdrawal[1].withdrawnTime += Self.second
        let others = [
            price, withdrawal, [past[0], past[2], past[1]], Array(past.dropFirst()),
            past + [trade("late", report: 61)],
        ]
        for trades in others { #expect(try digest(trades) != before) }
    }

    /// Protects whoever follows a folder: one row that is wrong hides none of the others.
    @Test func rowsComeAsTheyStandAndThoseThatAreNoneAreLeftOut() throws {
        let path = try folder([trade("one", report: 0), trade("two", report: 60)]) + "/trades.csv"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        let broken = lines[1].replacing(",99.5,", with: ",x,")
        try #require(broken != lines[1])
        try [lines[0], lines[2], broken, lines[1]].joined(separator: "\n").appending("\n")
            .write(toFile: path, atomically: true, encoding: .utf8)
        var leftOut: [FileError] = []
        let reader = try TradeReader(path: path)
        let trades = try reader.nextAsTheyStand { leftOut.append($0) }
        #expect(trades?.map(\.tradeID) == ["two", "one"])
        #expect(leftOut.map(\.line) == [3] && leftOut.first?.column == "price")
        let end = try reader.nextAsTheyStand { leftOut.append($0) }
        #expect(end == nil)
        let strict = try TradeReader(path: path)
        #expect(throws: FileError.self) {
            try strict.nextAsTheyStand { error throws(FileError) in throw error }
        }
    }

    @Test func manyBlocksComeInOrder() throws {
        let count: Int64 = 150_000
        let folder = try folder(
            (0..<count).map { trade("\($0)", report: $0 - $0 % 7) })
        let reader = try TradeReader(path: folder + "/trades.csv", disorder: 10 * Self.second)
        var ids: [String] = []
        while let trades = try reader.next() { ids += trades.map(\.tradeID) }
        #expect(ids == (0..<count).map { "\($0)" })
    }
}
