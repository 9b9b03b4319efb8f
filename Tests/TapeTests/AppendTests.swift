import Tape
import Testing

/// A day that is added to a folder.
@Suite struct AppendTests {
    let scratch: Scratch
    private let monday = TraceRow(reference: 1, executed: "20250310")

    init() throws { scratch = try Scratch() }

    private func append(_ rows: [TraceRow]) throws -> (tape: TradeTable, audit: ImportAudit) {
        try scratch.importing(TraceText.enhanced(rows), append: true)
    }

    @Test("A cancel reaches back, and the folder is as if all had been imported at once")
    func cancel() throws {
        let cancel = monday.with { ($0.status, $0.reported) = ("X", "20250311") }
        let second = TraceRow(reference: 9, executed: "20250311")
        _ = try append([monday])
        let (tape, audit) = try append([cancel, second])
        let whole = try scratch.importing(
            TraceText.enhanced([monday, cancel, second]), into: "whole")
        #expect((0..<tape.count).map(tape.trade) == (0..<2).map(whole.tape.trade))
        #expect(audit.addsUp)
        #expect(audit[.cancel]?.changed == 1)
        #expect(audit[.unmatched] == nil)
    }

    @Test("A reversal and a correction reach back")
    func reversalAndCorrection() throws {
        let other = monday.with { ($0.reference, $0.time) = (2, "140000") }
        _ = try append([monday, other])
        let (tape, audit) = try append([
            monday.with {
                ($0.reference, $0.prior, $0.status) = (50, 1, "Y")
                $0.reported = "20250410"
            },
            other.with {
                ($0.reference, $0.prior, $0.status) = (51, 2, "R")
                ($0.reported, $0.price) = ("20250410", "98.7")
            },
        ])
        #expect(tape.holding.map(\.price) == [98.7])
        #expect(tape.holding.first?.replaces == "202503100000002")
        #expect(tape.count == 3)
        #expect(audit.addsUp)
    }

    @Test("A piece of a merged trade can be taken back")
    func piece() throws {
        let piece = monday.with { ($0.reference, $0.quantity, $0.price) = (2, "300000", "99.4") }
        _ = try append([monday, piece])
        let (tape, audit) = try append([
            piece.with { ($0.status, $0.reported) = ("X", "20250311") }
        ])
        #expect(tape.holding.map(\.quantity) == [100_000])
        #expect(abs((tape.holding.first?.price ?? 0) - 99) < 1e-9)
        #expect(tape.count == 2)
        #expect(audit[.cancel]?.added == 1)
        #expect(audit.addsUp)
    }

    @Test("A file that is imported twice adds nothing")
    func twice() throws {
        let rows = [monday, monday.with { ($0.reference, $0.quantity) = (2, "5000") }]
        let first = try append(rows)
        let (tape, audit) = try append(rows)
        #expect((0..<tape.count).map(tape.trade) == (0..<first.tape.count).map(first.tape.trade))
        #expect(audit[.duplicate]?.removed == 1)
        #expect(audit.addsUp)
    }

    @Test("The other dealer's late report is told twice")
    func lateDouble() throws {
        _ = try append([monday.with { ($0.side, $0.contra) = ("S", "D") }])
        let (tape, audit) = try append([
            monday.with {
                ($0.reference, $0.contra, $0.asOf) = (8, "D", "A")
                $0.reported = "20250311"
            }
        ])
        #expect(tape.count == 1)
        #expect(audit[.dealerDouble]?.removed == 1)
    }
}
