import Bonds
import Files
import Foundation
import Tape
import Testing

/// What an import leaves in a folder beside the trades, and what a folder is worth.
@Suite struct MarketFolderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func run(
        _ rows: [TraceRow], append: Bool = false, bonds: String? = nil, entities: String? = nil
    ) throws -> ImportAudit {
        var job = TapeImport(layout: .enhanced)
        (job.append, job.bonds, job.entities) = (append, bonds, entities)
        let input = try scratch.write(TraceText.enhanced(rows), to: "\(UUID().uuidString).txt")
        return try job.run([input], into: scratch.file("market"))
    }

    @Test("Entities are valid for a time: bonds that were traded outside of it are listed")
    func entities() throws {
        let header = "cusip,issuer,parent,ticker,from,to\n"
        let entities = try scratch.write(
            header + "00101JAH9,A,P,AAA,,2025-03-07\n00101JAH9,A,Q,QQQ,2025-03-07,\n"
                + "123456AB2,B,B,,2025-03-08,\n", to: "entities.csv")
        let audit = try run(
            [
                TraceRow(), TraceRow(reference: 2, cusip: "123456AB2"),
                TraceRow(reference: 3, cusip: "999999AA9"),
            ], entities: entities)
        #expect(audit.unmappedBonds == ["123456AB2", "999999AA9"])
        let table = try EntityTable(market: scratch.file("market"))
        let day = try #require(CalendarDate("2025-03-07"))
        #expect(table.entity(cusip: "00101JAH9", asOf: day)?.parent == "Q")
        // The folder's own entities serve the next import.
        let more = try run([TraceRow(reference: 9, cusip: "888888AA8")], append: true)
        #expect(more.unmappedBonds == ["888888AA8"])
    }

    @Test("Periods that overlap are refused with both lines, and nothing is written")
    func overlap() throws {
        let header = "cusip,issuer,parent,ticker,from,to\n"
        for rows in [
            "00101JAH9,A,P,,2025-01-01,2025-06-01\n00101JAH9,A,Q,,2025-05-31,\n",
            "00101JAH9,A,P,,,\n00101JAH9,A,Q,,,\n",
            "00101JAH9,A,P,,2025-01-01,\nX,A,P,,,\n00101JAH9,A,Q,,2026-01-01,\n",
        ] {
            let path = try scratch.write(header + rows, to: "overlap.csv")
            let error = #expect(throws: FileError.self) {
                _ = try run([TraceRow()], entities: path)
            }
            #expect((error?.line ?? 0) >= 3)
            #expect(error?.advice?.contains("line 2") == true)
        }
        let file = scratch.file("market/entities.csv")
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("audit.json has an entry for each import, the last one last")
    func journal() throws {
        func entries() throws -> [[String: Any]] {
            let data = try Data(contentsOf: URL(filePath: scratch.file("market/audit.json")))
            return try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
        }
        _ = try run([TraceRow()])
        #expect(try entries().count == 1)
        _ = try run([TraceRow(reference: 2, time: "140000")], append: true)
        _ = try run([TraceRow(reference: 2, time: "140000")], append: true)
        let rows = try entries().map { $0["rows_before"] as? Int }
        #expect(rows == [0, 1, 2])
        _ = try scratch.write("[oops", to: "market/audit.json")
        #expect(throws: FileError.self) { try run([TraceRow(reference: 3)], append: true) }
    }

    @Test("What of bonds.csv cannot be used is told with file and line")
    func incompleteBonds() throws {
        let bonds = try scratch.write(
            "cusip,maturity,offering_amount\n00101JAH9,06.03.2025,500000\nshort,2030-01-01,1\n"
                + "123456AB2,,many\n", to: "b.csv")
        let audit = try run([TraceRow()], bonds: bonds)
        #expect(audit.incompleteBonds.map(\.line) == [2, 3, 4])
        #expect(audit.incompleteBonds.first?.text.contains("06.03.2025") == true)
        #expect(audit.description.contains("3 cells of the list of bonds"))
        #expect(audit.rowsOut == 1)
    }

    @Test("A summary counts trades and tells what is doubtful in them")
    func summary() throws {
        let bonds = BondTable([
            BondRow(
                cusip: "00101JAH9", issuer: "A",
                terms: try BondTerms(
                    coupon: 5, maturity: #require(CalendarDate("2025-03-09"))))
        ])
        var trades = TradeTable()
        for (number, second) in [0, 100, 200, 200, 260_000].enumerated() {
            var trade = Trade()
            trade.tradeID = number == 3 ? "t2" : "t\(number)"
            trade.cusip = number == 1 ? "123456AB2" : "00101JAH9"
            trade.executionTime = (1_741_357_800 + Int64(second)) * 1_000_000_000
            trade.reportTime = trade.executionTime + (number == 2 ? -1 : 1)
            trade.side = [.bid, .offer, .dealer, .dealer, .bid][number]
            trade.price = 99
            trade.quantity = 1_000
            if number == 0 { trade.withdrawnTime = trade.reportTime + 5 }
            if number == 1 { trade.replaces = "t0" }
            if number == 4 { trade.replaces = "gone" }
            trades.append(trade)
        }
        try trades.write(to: scratch.file("trades.csv"))
        let rating = RatingRow(
            issuer: "A", date: try #require(CalendarDate("2025-03-01")), agency: "X",
            rating: try #require(CreditRating("BBB")))
        let summary = try TapeSummary(
            market: scratch.path, bonds: bonds, ratings: RatingTable([rating]))
        #expect(summary.rowCount == 5)
        #expect((summary.bidCount, summary.offerCount, summary.dealerCount) == (2, 1, 2))
        #expect((summary.withdrawnCount, summary.correctionCount) == (1, 2))
        #expect((summary.bondCount, summary.ratedBondCount, summary.dayCount) == (2, 1, 2))
        #expect(summary.unknownBonds == ["123456AB2": 1])
        #expect(summary.outOfOrderCount == 0)
        let doubts = summary.doubts.map { "\($0.problem): \($0.examples)" }
        for (word, example) in [
            ("does not have", "123456AB2"), ("earlier row", "t2"), ("none of the rows", "gone"),
            ("before it was executed", "t2"), ("maturity", "t4"),
        ] {
            #expect(doubts.contains { $0.contains(word) && $0.contains(example) }, "\(word)")
        }
        #expect(doubts.count == 5)
    }

    @Test("A market is simulated where the truth is there or the manifest says so")
    func simulated() throws {
        #expect(try !MarketFolder.isSimulated(scratch.path))
        _ = try scratch.write(#"{"simulated": true, "seed": 1}"#, to: "manifest.json")
        #expect(try MarketFolder.isSimulated(scratch.path))
        _ = try scratch.write("{", to: "manifest.json")
        #expect(throws: FileError.self) { try MarketFolder.isSimulated(scratch.path) }
        _ = try scratch.write("trade_id\n", to: "truth.csv")
        #expect(try MarketFolder.isSimulated(scratch.path))
    }
}
