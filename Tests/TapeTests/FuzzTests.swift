import Files
import Foundation
import Tape
import Testing

/// Mutated files end in a tape whose audit adds up, or in a `FileError`; never in a crash or a hang.
@Suite struct FuzzTests {
    /// A small deterministic generator, so that a failure can be had again.
    private struct Mutator {
        var state: UInt64

        mutating func next(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(limit, 1)))
        }

        mutating func mutate(_ seed: [UInt8], from start: Int) -> [UInt8] {
            let special = Array("|,\"\n\r\0TXCRYWBSDA0129.+-MM ".utf8) + [0xFF, 0xC3]
            var bytes = seed
            for _ in 0...next(below: 8) where bytes.count > start {
                let place = start + next(below: bytes.count - start)
                switch next(below: 5) {
                case 0: bytes[place] = special[next(below: special.count)]
                case 1: bytes.insert(special[next(below: special.count)], at: place)
                case 2: bytes.remove(at: place)
                case 3: bytes[place] = UInt8(next(below: 256))
                default:
                    let end = min(bytes.count, place + next(below: 400))
                    bytes.insert(contentsOf: bytes[place..<end], at: place)
                }
            }
            return bytes
        }
    }

    private func fuzz(
        _ seed: [UInt8], _ layout: TraceLayout, from start: Int, rounds: Int
    ) throws {
        let scratch = try Scratch()
        var mutator = Mutator(state: 7)
        var job = TapeImport(layout: layout)
        job.unreadableShare = 1
        for round in 0..<rounds {
            let input = try scratch.write(mutator.mutate(seed, from: start), to: "input")
            let folder = scratch.file("market")
            job.append = round % 5 != 0
            if !job.append { try? FileManager.default.removeItem(atPath: folder) }
            do {
                let audit = try job.run([input], into: folder)
                #expect(audit.addsUp, "round \(round)")
            } catch let error as FileError {
                #expect(!error.description.contains { $0.isNewline })
            }
        }
    }

    /// How many lines each layout gets: a million in all with `make check-long`.
    private static let lineCount =
        ProcessInfo.processInfo.environment["TENOR_CHECK_LONG"] == nil ? 5_000 : 250_000

    @Test(
        "Files of which every line is mutated", arguments: TraceLayout.allCases)
    func lines(layout: TraceLayout) throws {
        let scratch = try Scratch()
        var mutator = Mutator(state: 11)
        let text =
            switch layout {
            case .enhanced: TraceText.enhanced(Self.rows)
            case .academic: TraceText.academic(Self.rows)
            case .wrds: TraceText.wrds(Self.rows)
            case .pre2012:
                TraceText.wrds(Self.rows).replacingOccurrences(of: ",", with: "|").uppercased()
            }
        let lines = text.split(separator: "\n").map { Array($0.utf8) }
        var job = TapeImport(layout: layout)
        job.unreadableShare = 1
        var left = Self.lineCount
        while left > 0 {
            var bytes = lines[0] + [10]
            for number in 0..<min(left, 10_000) {
                bytes += mutator.mutate(lines[1 + number % (lines.count - 1)], from: 0) + [10]
            }
            left -= 10_000
            let input = try scratch.write(bytes, to: "input")
            let folder = scratch.file("market")
            try? FileManager.default.removeItem(atPath: folder)
            let audit = try job.run([input], into: folder)
            #expect(audit.addsUp)
            #expect(audit.rowsIn > 0)
        }
    }

    private static let rows: [TraceRow] = (1...20).flatMap { number -> [TraceRow] in
        let trade = TraceRow(
            reference: number, side: number % 3 == 0 ? "S" : "B",
            contra: number % 4 == 0 ? "D" : "C",
            executed: number % 2 == 0 ? "20120203" : "20120207", time: "1\(number % 10)0000")
        let change = trade.with {
            $0.status = ["X", "C", "R", "Y", "W"][number % 5]
            $0.prior = number - 1
        }
        return number % 3 == 0 ? [trade, change] : [trade]
    }

    @Test("Enhanced files")
    func enhanced() throws {
        try fuzz(
            Array(TraceText.enhanced(Self.rows).utf8), .enhanced,
            from: TraceText.enhancedHeader.utf8.count, rounds: 250)
    }

    @Test("WRDS tables")
    func wrds() throws {
        try fuzz(
            Array(TraceText.wrds(Self.rows).utf8), .wrds, from: TraceText.wrdsHeader.utf8.count,
            rounds: 250)
    }

    @Test("Headers too")
    func headers() throws {
        try fuzz(Array(TraceText.academic(Self.rows).utf8), .academic, from: 0, rounds: 250)
    }

    @Test("Zip archives")
    func zips() throws {
        let text = Array(TraceText.enhanced(Self.rows).utf8)
        let inner = ZipText.archive([("day.txt", text)])
        try fuzz(
            ZipText.archive([("day.zip", inner), ("other.txt", text)]), .enhanced, from: 4,
            rounds: 250)
    }
}
