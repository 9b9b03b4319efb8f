import Tape
import Testing

@Suite struct CleaningTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// The situation that public cleaners test: one bond, both systems, each rule once.
    private static let situation: [TraceRow] = {
        let new = TraceRow(executed: "20130102")
        let old = TraceRow(executed: "20110103")
        func row(
            _ base: TraceRow, _ reference: Int, _ volume: Int, _ side: String = "B",
            _ contra: String = "C", status: String = "T", prior: Int? = nil,
            _ change: (inout TraceRow) -> Void = { _ in }
        ) -> TraceRow {
            base.with {
                ($0.reference, $0.prior) = (reference, prior)
                ($0.side, $0.contra, $0.status) = (side, contra, status)
                $0.quantity = "\(volume)"
                change(&$0)
            }
        }
        return [
            row(new, 10, 100),
            row(new, 11, 101, "S", "D"), row(new, 11, 101, "S", "D", status: "X"),
            row(new, 12, 102, "S"), row(new, 99, 102, "S", status: "Y", prior: 12),
            row(new, 13, 103, "S", "D"), row(new, 14, 103, "B", "D"),
            row(new, 15, 104, "B", "D"),
            row(new, 16, 105) { $0.settlementDays = "8" },
            row(new, 17, 106) { $0.settlement = "20130110" },
            row(new, 18, 107) { $0.whenIssued = "Y" },
            row(new, 19, 108) { $0.special = "Y" },
            row(new, 20, 109) { $0.asOf = "A" },
            row(old, 21, 201), row(old, 90, 201, status: "C", prior: 21),
            row(old, 22, 202), row(old, 23, 203, status: "W", prior: 22),
            row(old, 24, 204, status: "W", prior: 23),
            row(old, 25, 205, status: "W", prior: 999),
            row(old, 30, 301), row(old, 31, 301) { $0.asOf = "R" },
        ]
    }()

    @Test("The public cleaners' 21 rows leave volumes 204, 100, 103, 104")
    func publicSituation() throws {
        let (tape, audit) = try scratch.importing(TraceText.wrds(Self.situation), .wrds) {
            $0.asOf = true
            $0.aggregate = false
        }
        #expect(tape.holding.map(\.quantity) == [204, 100, 103, 104])
        #expect(audit.rowsIn == 21)
        #expect(audit.addsUp)
    }

    @Test("The order of the rows does not matter to chains and matches")
    func anyOrder() throws {
        let (tape, audit) = try scratch.importing(
            TraceText.wrds(Self.situation.reversed()), .wrds
        ) {
            $0.asOf = true
            $0.aggregate = false
        }
        #expect(Set(tape.holding.map(\.quantity)) == [204, 100, 103, 104])
        #expect(audit.addsUp)
    }

    @Test("A cancelled print keeps its row until it was known to be wrong")
    func withdrawal() throws {
        let trade = TraceRow(reference: 7)
        let (tape, audit) = try scratch.importing(
            TraceText.enhanced([
                trade,
                trade.with {
                    $0.status = "X"
                    ($0.reported, $0.reportTime) = ("20250310", "093000")
                },
                trade.with {
                    $0.reference = 8
                    $0.time = "100000"
                },
            ]))
        #expect(tape.count == 2)
        // 2025-03-10 09:30 in New York is 13:30 UTC: daylight saving began the day before.
        #expect(tape.withdrawnTimes == [1_741_613_400_000_000_000, .max])
        #expect(tape.executionTimes[0] == 1_741_357_800_000_000_000)
        #expect(audit.withdrawn == 1)
        #expect(audit[.cancel]?.removed == 1)
        #expect(audit[.cancel]?.changed == 1)
    }

    @Test("A cancel must repeat the terms; else it cancels nothing")
    func cancelOfOtherTerms() throws {
        let trade = TraceRow(reference: 7)
        let (tape, audit) = try scratch.importing(
            TraceText.enhanced([
                trade,
                trade.with {
                    $0.status = "X"
                    $0.price = "98.000000"
                },
            ]))
        #expect(tape.holding.count == 1)
        #expect(audit[.unmatched]?.removed == 1)
    }

    @Test("Chained corrections name what they replace, and only the last holds")
    func chain() throws {
        let trade = TraceRow(reference: 1)
        func cancelled(_ row: TraceRow) -> TraceRow {
            row.with {
                $0.status = "C"
                $0.reportTime = "094000"
            }
        }
        func corrected(_ reference: Int, _ prior: Int, _ price: String) -> TraceRow {
            trade.with {
                ($0.reference, $0.prior, $0.price) = (reference, prior, price)
                ($0.status, $0.priorDay, $0.reportTime) = ("R", "20250307", "094000")
            }
        }
        let second = corrected(2, 1, "99.100000")
        let third = corrected(3, 2, "99.200000")
        let (tape, audit) = try scratch.importing(
            TraceText.enhanced([trade, cancelled(trade), second, cancelled(second), third]))
        #expect(tape.holding.map(\.price) == [99.2])
        #expect(tape.count == 3)
        #expect(tape.holding.first?.replaces == "202503070000002")
        #expect(audit.addsUp)
    }

    @Test("A correction withdraws its original without a cancel too")
    func correctionAlone() throws {
        let trade = TraceRow(reference: 1)
        let (tape, audit) = try scratch.importing(
            TraceText.enhanced([
                trade,
                trade.with {
                    ($0.reference, $0.prior, $0.status) = (2, 1, "R")
                    $0.price = "99.5"
                },
            ]))
        #expect(tape.holding.map(\.price) == [99.5])
        #expect(audit[.correction]?.changed == 1)
    }

    @Test("The n-th reversal takes back the n-th trade, not all equal ones")
    func reversalsCount() throws {
        let trade = TraceRow(executed: "20110103")
        let rows = (1...3).map { number in trade.with { $0.reference = number } }
        let (tape, audit) = try scratch.importing(
            TraceText.wrds(
                rows + [
                    trade.with { ($0.reference, $0.asOf) = (4, "R") },
                    trade.with { ($0.reference, $0.asOf) = (5, "X") },
                ]), .wrds
        ) { $0.aggregate = false }
        #expect(tape.holding.map(\.tradeID) == ["201101030000003"])
        #expect(audit[.historicReversal]?.changed == 2)
    }

    @Test("A reversal since 2012 of a trade before it goes by the terms")
    func reversalAcrossSystems() throws {
        let trade = TraceRow(reference: 5, executed: "20120203")
        let (tape, audit) = try scratch.importing(
            TraceText.wrds([
                trade,
                trade.with {
                    ($0.reference, $0.prior, $0.status) = (77, 1_234, "Y")
                    $0.reported = "20120301"
                },
            ]), .wrds)
        #expect(tape.holding.isEmpty)
        #expect(audit.rowsOut == 1)
    }

    @Test("A free agency leg is dropped only where a dealer trade repeats it")
    func agency() throws {
        let leg = TraceRow(reference: 1, side: "S", capacity: "A")
        let other = leg.with { ($0.reference, $0.time, $0.quantity) = (2, "110000", "55000") }
        let dealer = leg.with { ($0.reference, $0.contra, $0.capacity) = (3, "D", "P") }
        let (tape, audit) = try scratch.importing(TraceText.enhanced([leg, other, dealer]))
        #expect(tape.holding.map(\.side) == [.offer, .dealer])
        #expect(audit[.agencyDouble]?.removed == 1)
    }

    @Test("A buyer's report whose price is off by rounding is told twice")
    func nearDouble() throws {
        let sale = TraceRow(reference: 1, side: "S", contra: "D")
        let purchase = sale.with { ($0.reference, $0.side, $0.price) = (2, "B", "99.005") }
        let far = purchase.with { ($0.reference, $0.price) = (3, "99.05") }
        let (tape, _) = try scratch.importing(TraceText.enhanced([sale, purchase, far])) {
            $0.aggregate = false
        }
        #expect(tape.holding.map(\.price) == [99, 99.05])
        #expect(tape.holding.last?.tradeID == "202503070000003B")
    }

    @Test("Pieces of one trade become one, by quantity")
    func aggregation() throws {
        let piece = TraceRow(reference: 1)
        let rows = [
            piece, piece.with { ($0.reference, $0.quantity, $0.price) = (2, "300000", "99.4") },
            piece.with { ($0.reference, $0.ats) = (3, "Y") },
            piece.with { ($0.reference, $0.side) = (4, "S") },
            piece.with { ($0.reference, $0.reportTime) = (5, "101500") },
        ]
        let (tape, audit) = try scratch.importing(TraceText.enhanced(rows))
        let merged = try #require(tape.holding.first { $0.tradeID.contains("+") })
        #expect(tape.count == 3)
        #expect(merged.quantity == 500_000)
        #expect(abs(merged.price - 99.24) < 1e-9)
        #expect(merged.reportTime == 1_741_360_500_000_000_000)
        #expect(audit[.aggregate]?.merged == 2)
        #expect(audit.addsUp)
    }

    @Test("A decimal point off by one or two places is moved back")
    func decimals() throws {
        let prices = ["99", "99.1", "9.92", "99.2", "99", "99.3", "9910", "99.1", "990", "99.2"]
        let rows = prices.enumerated().map { index, price in
            TraceRow(reference: index + 1, price: price, time: "1\(index)0000")
        }
        let (tape, audit) = try scratch.importing(TraceText.enhanced(rows))
        #expect(tape.holding.map(\.price).allSatisfy { (98.9...99.4).contains($0) })
        #expect(audit[.decimalShift]?.changed == 3)
    }

    @Test("A price that jumps and comes back is withdrawn when it has come back")
    func bounces() throws {
        let prices = ["99", "99.1", "99.2", "99.3", "99.4", "140", "99.2", "99.3"]
        let rows = prices.enumerated().map { index, price in
            TraceRow(
                reference: index + 1, price: price, time: "1\(index)0000",
                reportTime: "1\(index)0100")
        }
        let (tape, audit) = try scratch.importing(TraceText.enhanced(rows))
        #expect(tape.count == 8)
        #expect(tape.withdrawnTimes[5] == tape.reportTimes[6])
        #expect(audit[.bounceBack]?.changed == 1)
    }

    @Test(
        "Each filter removes its rows, and keeps them when it is off",
        arguments: [
            CleaningStep.whenIssued, .specialPrice, .primaryMarket, .affiliate, .settlement,
            .price, .quantity, .yieldAsPrice,
        ])
    func filters(step: CleaningStep) throws {
        var bad = TraceRow(reference: 2, time: "110000")
        switch step {
        case .whenIssued: bad.whenIssued = "Y"
        case .specialPrice: bad.special = "Y"
        case .primaryMarket: bad.market = "P1"
        case .affiliate: bad.contra = "A"
        case .settlement: bad.settlement = "20250401"
        case .price: bad.price = "-1"
        case .quantity: bad.quantity = "0"
        case .yieldAsPrice: bad.price = "4.1"
        default: break
        }
        let (tape, audit) = try scratch.importing(TraceText.enhanced([TraceRow(), bad]))
        #expect(tape.count == 1)
        #expect(audit[step]?.removed == 1)
        #expect(audit[step]?.examples.first?.line == 3)
    }

    @Test("Maturity and size are compared where the bond is known; unknown bonds are listed")
    func bondFacts() throws {
        let bonds = try scratch.write(
            "cusip,figi,maturity,offering_amount\n00101JAH9,BBG1,2025-03-06,500000\n", to: "b.csv")
        let known = TraceRow()
        let unknown = TraceRow(reference: 2, cusip: "123456AB2")
        let (tape, audit) = try scratch.importing(
            TraceText.enhanced([known, unknown]), bonds: bonds)
        #expect(tape.cusips == ["123456AB2"])
        #expect(audit[.matured]?.removed == 1)
        #expect(audit.unknownBonds == ["123456AB2"])
        #expect(audit.wrongCheckDigits == ["123456AB2"])
    }
}
