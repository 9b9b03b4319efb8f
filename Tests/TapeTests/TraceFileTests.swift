import Files
import Foundation
import Tape
import Testing

@Suite struct TraceFileTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func error(_ text: String, _ layout: TraceLayout) -> FileError? {
        do {
            _ = try scratch.importing(text, layout, into: UUID().uuidString)
            return nil
        } catch { return error as? FileError }
    }

    @Test("Eastern time: winter, summer, and the days on which the clock is moved")
    func easternTime() throws {
        let times: [(String, String, Int64)] = [
            ("20250307", "093000", 1_741_357_800), ("20250310", "093000", 1_741_613_400),
            ("20250309", "015959", 1_741_503_599), ("20250309", "030000", 1_741_503_600),
            ("20251102", "005900", 1_762_059_540), ("20251102", "030000", 1_762_070_400),
            ("20060403", "120000", 1_144_080_000), ("20060331", "120000", 1_143_824_400),
        ]
        for (index, time) in times.enumerated() {
            let (tape, _) = try scratch.importing(
                TraceText.enhanced([
                    TraceRow(executed: time.0, time: time.1, reported: "20260101")
                ]), into: "t\(index)")
            #expect(tape.executionTimes == [time.2 * 1_000_000_000], "\(time)")
        }
    }

    @Test("Enhanced and academic files make the same tape")
    func layoutsAgree() throws {
        let rows = [
            TraceRow(reference: 1), TraceRow(reference: 2, side: "S", contra: "D"),
            TraceRow(reference: 3, contra: "D"), TraceRow(reference: 4, status: "X"),
        ]
        let enhanced = try scratch.importing(TraceText.enhanced(rows), into: "e")
        let academic = try scratch.importing(TraceText.academic(rows), .academic, into: "a")
        #expect(enhanced.tape.count == 2)
        #expect(enhanced.tape.holding.map(\.price) == academic.tape.holding.map(\.price))
        #expect(enhanced.tape.tradeIDs == academic.tape.tradeIDs)
        #expect(academic.tape.holding[0].dealer.count == 40)
        #expect(enhanced.tape.holding[0].figi == "BBG00GQ7JTK4")
    }

    @Test("A wrong layout is named")
    func wrongLayout() throws {
        let found = error(TraceText.academic([TraceRow()]), .enhanced)
        #expect(found?.advice?.contains("--layout academic") == true)
        #expect(error(TraceText.wrds([TraceRow()]), .academic)?.advice?.contains("wrds") == true)
        #expect(error("a,b,c\n1,2,3\n", .enhanced)?.problem.contains("enhanced") == true)
        #expect(error("", .enhanced)?.problem == "the file is empty")
    }

    @Test("A trailer that tells another count, or none, is reported")
    func trailers() throws {
        let right = try scratch.importing(TraceText.enhanced([TraceRow()]), into: "r")
        #expect(right.audit.files[0].complaint == nil)
        #expect(right.audit.files[0].recordsInTrailer == 1)
        let wrong = try scratch.importing(TraceText.enhanced([TraceRow()], trailer: 9), into: "w")
        #expect(wrong.audit.files[0].complaint?.contains("9 records") == true)
        let cut = String(TraceText.enhanced([TraceRow(), TraceRow(reference: 2)]).dropLast(29))
        let lost = try scratch.importing(cut, into: "l")
        #expect(lost.audit.files[0].complaint?.contains("truncated") == true)
    }

    @Test("Capped sizes of the standard table are read")
    func caps() throws {
        let header =
            "cusip_id,trd_exctn_dt,trd_exctn_tm,msg_seq_nb,trc_st,ascii_rptd_vol_tx,rptd_pr,"
            + "yld_pt,rpt_side_cd,contra_party_type,orig_msg_seq_nb\n"
        let rows =
            "00101JAH9,20250307,93000,1,M,5MM+,99,4,B,C,\n00101JAH9,20250307,100000,2,M,1MM+,99,4,"
            + "S,C,\n00101JAH9,20250307,110000,3,M,2000,99,4,S,C,\n"
            + "00101JAH9,20250307,110000,4,N,2000,99,4,S,C,3\n"
        let (tape, _) = try scratch.importing(header + rows, .wrds)
        #expect(tape.quantities == [5_000_000, 1_000_000, 2_000])
        #expect(tape.holding.count == 2)
    }

    @Test("Unreadable rows are counted by reason, with file and line; too many are refused")
    func unreadable() throws {
        let good = (1...40).map { number in
            TraceRow(
                reference: number, time: String(format: "%02d%02d00", 10 + number / 60, number % 60)
            )
        }
        var lines = TraceText.enhanced(good).split(separator: "\n").map(String.init)
        lines.insert(lines[1].replacingOccurrences(of: "20250307|10", with: "07.03.2025|10"), at: 5)
        lines.insert("1|2|3|4|5|6", at: 7)
        let (tape, audit) = try scratch.importing(lines.joined(separator: "\n"), into: "few")
        #expect(tape.count == 40)
        #expect(audit[.unreadable]?.removed == 2)
        #expect(audit.problems.map(\.problem).contains { $0.contains("date") })
        #expect(audit.problems.flatMap(\.examples).map(\.line).sorted() == [6, 8])
        #expect(audit.addsUp)

        for _ in 0..<3 { lines.insert("1|2|3|4|5|6", at: 7) }
        let found = error(lines.joined(separator: "\n"), .enhanced)
        #expect(found?.problem == "too many unreadable rows")
    }

    @Test("Gzip, zip, and a zip of zips read as the plain file does")
    func packed() throws {
        let text = TraceText.enhanced(
            (1...50).map { TraceRow(reference: $0, time: "1\($0 % 10)0000") })
        let plain = try scratch.importing(text, into: "plain").tape.tradeIDs
        let gzip = scratch.file("day.txt.gz")
        try AtomicFile.write(Array(text.utf8), to: gzip)
        let inner = ZipText.archive([("day.txt", Array(text.utf8))])
        let paths = [
            gzip, try scratch.write(inner, to: "day.zip"),
            try scratch.write(
                ZipText.archive([("readme.pdf", [1]), ("day.zip", inner)]), to: "y.zip"),
        ]
        for (index, path) in paths.enumerated() {
            let folder = scratch.file("packed\(index)")
            let audit = try TapeImport(layout: .enhanced).run([path], into: folder)
            #expect(audit.files[0].complaint == nil)
            #expect(try TradeTable(path: folder + "/trades.csv").tradeIDs == plain)
        }
    }

    @Test("A tape that is there is not written over")
    func noOverwriting() throws {
        _ = try scratch.importing(TraceText.enhanced([TraceRow()]))
        #expect(throws: FileError.self) {
            _ = try scratch.importing(TraceText.enhanced([TraceRow()]))
        }
    }

    @Test("trades.csv comes back as it was written, gzip too; broken rows are refused")
    func tradeTable() throws {
        let (tape, _) = try scratch.importing(
            TraceText.academic([TraceRow(), TraceRow(reference: 2, status: "X")]), .academic)
        let path = scratch.file("copy.csv.gz")
        try tape.write(to: path)
        let copy = try TradeTable(path: path)
        #expect((0..<copy.count).map(copy.trade) == (0..<tape.count).map(tape.trade))
        let text = try FileContents.text(of: path)
        for (old, new) in [(",B,C,", ",B,D,"), (",B,C,", ",X,C,"), (",100000,", ",-5,")] {
            let broken = try scratch.write(
                text.replacingOccurrences(of: old, with: new), to: "broken.csv")
            #expect(throws: FileError.self) { try TradeTable(path: broken) }
        }
    }
}

/// Stored zip archives, made by hand.
enum ZipText {
    static func archive(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for (name, content) in files {
            let sums =
                le(checksum(content), 4) + le(UInt64(content.count), 4)
                + le(UInt64(content.count), 4) + le(UInt64(name.utf8.count), 2) + le(0, 2)
            directory += le(0x0201_4B50, 4) + le(20, 2) + le(20, 2) + le(0, 8) + sums
            directory += le(0, 2) + le(0, 2) + le(0, 2) + le(0, 4) + le(UInt64(bytes.count), 4)
            directory += Array(name.utf8)
            bytes += le(0x0403_4B50, 4) + le(20, 2) + le(0, 8) + sums + Array(name.utf8) + content
        }
        let end =
            le(0x0605_4B50, 4) + le(0, 4) + le(UInt64(files.count), 2) + le(UInt64(files.count), 2)
            + le(UInt64(directory.count), 4) + le(UInt64(bytes.count), 4) + le(0, 2)
        return bytes + directory + end
    }

    private static func le(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    /// CRC-32, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return UInt64(~sum)
    }
}
