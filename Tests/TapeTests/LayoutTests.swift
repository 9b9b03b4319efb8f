import Files
import Foundation
import Tape
import Testing

/// The forms in which files come, and the ways in which they are broken.
@Suite struct LayoutTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func fixture(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/" + name).path
    }

    @Test(
        "Deflated and zip64 members, and a year's zip of days' zips, read alike",
        arguments: ["deflated.zip", "zip64.zip", "year.zip"])
    func archives(name: String) throws {
        let audit = try TapeImport(layout: .enhanced).run(
            [fixture(name)], into: scratch.file("market"))
        #expect(audit.files.count == 2)
        #expect(audit.files.allSatisfy { $0.complaint == nil })
        let tape = try TradeTable(path: scratch.file("market/trades.csv"))
        #expect(tape.count == 40)
        #expect(tape.prices.prefix(3) == [99.01, 99.02, 99.03])
    }

    @Test("An archive that is cut or damaged anywhere ends in an error with its name")
    func brokenArchives() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: fixture("zip64.zip"))))
        for cut in stride(from: 4, to: bytes.count, by: 97) {
            let path = try scratch.write(Array(bytes[..<cut]), to: "cut.zip")
            let error = #expect(throws: FileError.self) {
                _ = try TapeImport(layout: .enhanced).run([path], into: scratch.file("m"))
            }
            #expect(error?.file.contains("cut.zip") == true)
        }
        var damaged = bytes
        damaged[400] ^= 0xFF
        let path = try scratch.write(damaged, to: "damaged.zip")
        #expect(throws: FileError.self) {
            _ = try TapeImport(layout: .enhanced).run([path], into: scratch.file("m"))
        }
    }

    @Test("A gzip file that is cut ends in an error, not in a shorter tape")
    func cutGzip() throws {
        let whole = scratch.file("day.txt.gz")
        let rows = (1...200).map { TraceRow(reference: $0, price: "99.\($0 + 100)") }
        try AtomicFile.write(Array(TraceText.enhanced(rows).utf8), to: whole)
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: whole)))
        let cut = try scratch.write(Array(bytes[..<(bytes.count / 2)]), to: "cut.gz")
        let error = #expect(throws: FileError.self) {
            _ = try TapeImport(layout: .enhanced).run([cut], into: scratch.file("m"))
        }
        #expect(error?.problem.contains("ends too early") == true)
        #expect(!FileManager.default.fileExists(atPath: scratch.file("m/trades.csv")))
    }

    @Test(
        "Files before 2012 come with other names for some columns, and with blanks around them",
        arguments: [
            "MSG_SEQ_NB|TRC_ST|BOND_SYM_ID|CUSIP_ID|CMPNY_NM|MTRTY_DT|SCRTY_TYPE_CD|WIS_FL|"
                + "CMSN_TRD|ENTRD_VOL_QT|RPTD_PR|YLD_PT|ASOF_CD|TRD_EXCTN_DT|TRD_EXCTN_TM|"
                + "TRD_RPT_DT|TRD_RPT_TM|STLMNT_DT|RPT_SIDE_CD|CNTRA_MP_ID|ORIG_MSG_SEQ_NB",
            "Msg_Seq_Nb|TRC_ST|Bond_Sym_Id|cusip_id|CMPNY_NM|MTRTY_DT|SCRTY_TYPE_CD|wis_fl|"
                + "CMSN_TRD|ascii_rptd_vol_tx|rptd_pr|yld_pt|asof_cd|trd_exctn_dt|trd_exctn_tm|"
                + "trans_dt|trans_tm|sttl_dt|side|contra_party_type|orig_msg_seq_nb",
            " MSG_SEQ_NB | TRC_ST | BOND_SYM_ID | CUSIP_ID | CMPNY_NM | MTRTY_DT | SCRTY_TYPE_CD |"
                + " WIS_FL | CMSN_TRD | ENTRD_VOL_QT | RPTD_PR | YLD_PT | ASOF_CD | TRD_EXCTN_DT |"
                + " TRD_EXCTN_TM | TRD_RPT_DT | TRD_RPT_TM | STLMNT_DT | RPT_SIDE_CD |"
                + " CNTRA_MP_ID | ORIG_MSG_SEQ_NB ",
        ])
    func historicHeaders(header: String) throws {
        let rows = [
            "1|T|ABC|00101JAH9|ABC INC|20150115|C|N|N|100000|99.5|4.1||20110103|93000|20110103|"
                + "93100|20110106|B|C|",
            "2|W|ABC|00101JAH9|ABC INC|20150115|C|N|N|200000|99.6|4.1||20110103|93000|20110103|"
                + "94000|20110106|B|C|1",
            "3|T|ABC|00101JAH9|ABC INC|20150115|C|N|N|5MM+|98|4.1||2011-01-03|10:00:00|20110103|"
                + "100100|20110106|S|D|",
        ]
        let text = ([header] + rows + ["20110104 010000 0000000003", ""]).joined(separator: "\n")
        let (tape, audit) = try scratch.importing(text, .pre2012)
        #expect(audit[.unreadable] == nil, "\(audit)")
        #expect(audit[.historicCorrection]?.changed == 1)
        #expect(tape.holding.map(\.price) == [99.6, 98])
        #expect(tape.holding.map(\.quantity) == [200_000, 5_000_000])
        #expect(audit.files[0].complaint == nil)
    }

    @Test("An academic file has 39 columns; with one more or fewer it is refused")
    func academicColumns() throws {
        let text = TraceText.academic([TraceRow(), TraceRow(reference: 2, time: "110000")])
        #expect(try scratch.importing(text, .academic, into: "a").tape.count == 2)
        let lines = text.split(separator: "\n").map(String.init)
        for header in [lines[0] + "|EXTRA", String(lines[0].prefix { $0 != "F" })] {
            let broken = ([header] + lines[1...]).joined(separator: "\n")
            #expect(throws: FileError.self) {
                _ = try scratch.importing(broken, .academic, into: "b")
            }
        }
    }

    @Test(
        "Trailers in several forms are understood; a record is none",
        arguments: [
            "20250308 010000 0000000002", "2025-03-08 01:00:00 2025030800000002",
            "20250308|010000|0000000002", "03/08/2025 01:00:00 0000000002",
        ])
    func trailers(trailer: String) throws {
        var lines = TraceText.enhanced([TraceRow(), TraceRow(reference: 2, time: "110000")])
            .split(separator: "\n").map(String.init)
        lines[lines.count - 1] = trailer
        let (tape, audit) = try scratch.importing(lines.joined(separator: "\r\n"))
        #expect(tape.count == 2)
        #expect(audit.files[0].recordsInTrailer != nil)
        #expect(audit[.unreadable] == nil)
    }

    @Test("Each kind of broken cell is counted under its reason, with its line")
    func brokenCells() throws {
        let good = (1...400).map { number in
            TraceRow(
                reference: number,
                time: String(format: "1%d%02d%02d", number / 60 % 10, number % 60, number % 53))
        }
        let broken: [(String, (inout TraceRow) -> Void)] = [
            ("date", { $0.executed = "03/07/2025" }), ("date", { $0.executed = "20250230" }),
            ("date", { $0.executed = "" }), ("time", { $0.time = "256000" }),
            ("price", { $0.price = "99-16" }), ("price", { $0.price = "nan" }),
            ("quantity", { $0.quantity = "lots" }), ("quantity", { $0.quantity = "1MM+x" }),
            ("CUSIP", { $0.cusip = "0010" }), ("status", { $0.status = "Q" }),
            ("buy nor sell", { $0.side = "X" }), ("contra", { $0.contra = "Z" }),
        ]
        for (index, (reason, change)) in broken.enumerated() {
            var rows = good
            change(&rows[10])
            let (_, audit) = try scratch.importing(TraceText.enhanced(rows), into: "m\(index)")
            #expect(audit[.unreadable]?.removed == 1, "\(reason)")
            let problem = audit.problems.first
            #expect(problem?.problem.contains(reason) == true, "\(index) \(audit.problems)")
            #expect(problem?.examples.first?.line == 12)
            #expect(audit.addsUp)
        }
    }

    @Test("Bytes that are not UTF-8 cost their own row only, wherever they stand")
    func notUTF8() throws {
        let text = TraceText.enhanced(
            (1...40).map { TraceRow(reference: $0, price: "99.\($0 + 100)") })
        var bytes = Array(text.utf8)
        let starts = [0] + bytes.indices.filter { bytes[$0] == 10 }.map { $0 + 1 }
        // In the symbol, which no rule reads, the row stays; in the status it cannot.
        bytes[starts[5] + 14] = 0xFF
        bytes[starts[7] + 10] = 0xC3
        var job = TapeImport(layout: .enhanced)
        job.options.aggregate = false
        let path = try scratch.write(bytes, to: "day.txt")
        let audit = try job.run([path], into: scratch.file("market"))
        #expect(audit[.unreadable]?.removed == 1)
        #expect(audit.problems.map(\.problem).contains { $0.contains("UTF-8") })
        #expect(audit.problems.first?.examples.first?.line == 8)
        #expect(audit.rowsOut == 39)
    }

    @Test("Duplicates are counted with file and line; a bond without coupons or yield is kept")
    func duplicates() throws {
        let row = TraceRow()
        let zero = TraceRow(reference: 2, price: "71.25", yield: "", cusip: "123456AB2")
        let (tape, audit) = try scratch.importing(TraceText.enhanced([row, row, zero]))
        #expect(audit[.duplicate]?.removed == 1)
        #expect(audit[.duplicate]?.examples.first?.line == 3)
        #expect(audit[.duplicate]?.examples.first?.file.contains("input-") == true)
        #expect(tape.yields.last?.isNaN == true)
    }

    @Test("A header alone, a trailer alone and a file without an end are no reason to crash")
    func almostEmpty() throws {
        for text in [TraceText.enhancedHeader, TraceText.enhanced([])] {
            let (tape, audit) = try scratch.importing(text, into: UUID().uuidString)
            #expect(tape.count == 0)
            #expect(audit.addsUp)
        }
        #expect(throws: FileError.self) {
            _ = try scratch.importing("20250308 010000 0000000000\n", into: "t")
        }
        let cut = TraceText.enhanced((1...40).map { TraceRow(reference: $0) }).dropLast(120)
        let (_, audit) = try scratch.importing(String(cut), into: "cut") { _ in }
        #expect(audit.files[0].complaint?.contains("truncated") == true)
    }
}
