import Files
import Foundation
import Tape
import Testing

/// Rules that the errors of a simulated market brought in, and the comparison with its clean tape.
@Suite struct SimulatedErrorTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("A report that comes again under another number counts once, unless that is turned off")
    func repeated() throws {
        let first = TraceRow(reference: 1)
        let rows = [
            first,
            first.with { ($0.reference, $0.reportTime) = (2, "093159") },
            // Later than a minute, at another second, of another size: a trade of its own.
            first.with { ($0.reference, $0.reportTime) = (3, "094000") },
            first.with { ($0.reference, $0.time) = (4, "093001") },
            first.with { ($0.reference, $0.quantity) = (5, "200000.00") },
        ]
        let (tape, audit) = try scratch.importing(TraceText.enhanced(rows)) {
            $0.aggregate = false
        }
        #expect(tape.tradeIDs.map { $0.suffix(1) } == ["1", "4", "5", "3"])
        #expect(audit[.repeated]?.removed == 1)
        #expect(audit.addsUp)
        let (all, _) = try Scratch().importing(TraceText.enhanced(rows)) {
            ($0.aggregate, $0.repeatedReports) = (false, false)
        }
        #expect(all.count == 5)
    }

    @Test("A low price that falls by a third and comes back is withdrawn, a usual move is not")
    func lowBounce() throws {
        let prices = ["60", "60.1", "60.2", "60.3", "60.4", "40", "60.2", "51", "60.3"]
        let rows = prices.enumerated().map { index, price in
            TraceRow(
                reference: index + 1, price: price, time: "1\(index)0000",
                reportTime: "1\(index)0100")
        }
        let (tape, _) = try scratch.importing(TraceText.enhanced(rows))
        #expect(tape.withdrawnTimes.map { $0 != .max } == prices.map { $0 == "40" })
        #expect(tape.withdrawnTimes[5] == tape.reportTimes[6])
    }

    @Test("A yield is negative where its direction says so, however it is written")
    func negativeYield() throws {
        let header = TraceText.enhancedHeader
        let line = TraceText.enhanced([TraceRow(yield: "0.25")])
        let signed = TraceText.enhanced([TraceRow(yield: "-0.25")])
        #expect(header.contains("|Yield Direction|Yield|"))
        for text in [line.replacing("||0.25|", with: "|-|0.25|"), signed] {
            let (tape, _) = try Scratch().importing(text)
            #expect(tape.yields == [-0.25])
        }
    }

    @Test("A comparison counts what is right, missing, extra and different, by error")
    func comparison() throws {
        func trade(_ number: Int, _ change: (inout Trade) -> Void = { _ in }) -> Trade {
            var trade = Trade()
            trade.tradeID = "20250307000000\(number)"
            trade.cusip = "00101JAH9"
            trade.executionTime = 1_741_360_000_000_000_000
            trade.reportTime = 1_741_360_000_000_000_000 + Int64(number) * 1_000_000_000
            trade.quantity = 100_000
            trade.price = 99.5
            change(&trade)
            return trade
        }
        let withdrawal: Int64 = 1_741_370_000_000_000_000
        let clean = [
            trade(1), trade(2), trade(3) { $0.withdrawnTime = withdrawal }, trade(4),
        ]
        let imported = [
            trade(1), trade(2) { $0.price = 99.6 }, trade(3) { $0.withdrawnTime = withdrawal },
            // 4 is missing, 5 too many; 6 was withdrawn by the import alone.
            trade(5), trade(6) { $0.withdrawnTime = withdrawal },
        ]
        let market = scratch.path + "/market"
        try Folder.make(market + "/trace")
        try Folder.make(scratch.path + "/import")
        try TradeFile.write(to: market + "/trades.csv", count: clean.count) { clean[$0] }
        try TradeFile.write(
            to: scratch.path + "/import/trades.csv", count: imported.count
        ) { imported[$0] }
        let errors = """
            trade_id,error_code
            202503070000002,decimal_shift
            202503070000003,cancel
            202503070000005,bounce_back
            202503070000006,bounce_back

            """
        try AtomicFile.write(Array(errors.utf8), to: market + "/trace/errors.csv")
        let found = try TapeComparison(of: scratch.path + "/import", against: market)
        #expect((found.all.clean, found.all.imported, found.all.right) == (4, 4, 2))
        #expect((found.all.precision, found.all.recall) == (0.5, 0.5))
        #expect((found.holding.clean, found.holding.right) == (3, 1))
        #expect((found.withdrawn.clean, found.withdrawn.right) == (1, 1))
        #expect(found.withdrawnByImport == 1)
        let undone = Dictionary(uniqueKeysWithValues: found.errors.map { ($0.error, $0.undone) })
        #expect(undone == ["decimal_shift": 0, "cancel": 1, "bounce_back": 1])
        #expect(
            found.examples.map { $0.tradeID.suffix(1) + $0.error } == [
                "4", "5bounce_back", "2decimal_shift",
            ])
        #expect(found.description.contains("0.5000"))
    }
}
