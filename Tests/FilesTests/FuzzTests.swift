import Files
import Foundation
import Testing

/// Mutated input must end in rows or in a `FileError`, never in a crash, a hang or other errors.
@Suite struct FuzzTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A small deterministic generator, so that a failure can be had again.
    private struct Mutator {
        var state: UInt64

        mutating func next(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(limit, 1)))
        }

        /// Bytes that mean something to a parser, mixed with any others.
        mutating func byte() -> UInt8 {
            let special = Array("\",\n\r\0-+.eE09 [](){}:#&*!|>'%@`~?\t".utf8) + [0xFF, 0xC3, 0xEF]
            return next(below: 3) == 0
                ? UInt8(next(below: 256)) : special[next(below: special.count)]
        }

        mutating func mutate(_ seed: [UInt8]) -> [UInt8] {
            var bytes = seed
            for _ in 0...next(below: 6) {
                let place = next(below: bytes.count)
                switch next(below: 5) {
                case 0 where !bytes.isEmpty: bytes[place] = byte()
                case 1: bytes.insert(byte(), at: place)
                case 2 where !bytes.isEmpty: bytes.remove(at: place)
                case 3: bytes.removeLast(min(bytes.count, next(below: 20)))
                default:
                    let end = min(bytes.count, place + next(below: 30))
                    bytes.insert(contentsOf: bytes[place..<end], at: next(below: bytes.count))
                }
            }
            return bytes
        }
    }

    /// Runs a body on mutations of a seed for a bounded time; other errors than `FileError` fail.
    private func fuzz(
        _ seeds: [[UInt8]], rounds: Int, _ body: ([UInt8]) throws -> Void
    ) rethrows {
        var mutator = Mutator(state: 2_024)
        for round in 0..<rounds {
            let bytes = mutator.mutate(seeds[round % seeds.count])
            do {
                try body(bytes)
            } catch let error as FileError {
                let line = error.description
                #expect(!line.contains { $0.isNewline }, "\(line)")
            }
        }
    }

    private func readEverything(_ path: String, rows: Int) throws {
        let reader = try CSVReader(path: path)
        while let chunk = try reader.nextChunk(rows: rows) {
            for row in 0..<chunk.rowCount {
                for column in reader.header.indices {
                    _ = chunk.text(row: row, column: column)
                    _ = chunk.integer(row: row, column: column)
                    let number = chunk.number(row: row, column: column)
                    if number == nil { _ = chunk.notANumber(row: row, column: column) }
                    if let number { #expect(number.isFinite) }
                }
            }
        }
    }

    private static let csv: [[UInt8]] = [
        Array("a,b,c\n1,2.5,-3e4\n\"x\",\"y\"\"z\",\"p\nq\"\n,NA,1e999\n".utf8),
        Array("\u{FEFF}label,é\r\n0.1,1\r\n123456789012345678901,2\r\n".utf8),
        Array("x\n1\n\n2\n".utf8),
    ]

    @Test("CSV text")
    func csvText() throws {
        try fuzz(Self.csv, rounds: 6_000) { bytes in
            try readEverything(scratch.write(bytes, to: "t.csv"), rows: 1 + bytes.count % 4)
        }
    }

    @Test("Gzip streams")
    func gzip() throws {
        let path = scratch.file("seed.csv.gz")
        let rows = (0..<300).map { "\($0),\($0 * $0),text\n" }.joined()
        try AtomicFile.write(Array(("a,b,c\n" + rows).utf8), to: path)
        let seed = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
        try fuzz([seed], rounds: 3_000) { bytes in
            try readEverything(scratch.write(bytes, to: "t.csv"), rows: 100)
        }
    }

    @Test("YAML settings")
    func yaml() throws {
        let seeds = [
            "model: {family: mlp, widths: [1, 2]}\ntraining:\n  steps: 3\n  - x\n",
            "a: &x [1, {b: \"q\\n\"}]\nc: *x\n? d\n: |\n  text\n  more\ne: 'single'\n",
        ].map { Array($0.utf8) }
        try fuzz(seeds, rounds: 6_000) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            let settings = try Settings(yaml: text, file: "r.yaml")
            try? settings.set("model.family", to: text)
            for key in settings.keys {
                _ = try? settings.double(key)
                _ = try? settings.strings(key)
                _ = try? settings.sections(key)
                if let section = try? settings.section(key) { try? section.finish() }
            }
            // What was resolved is YAML again.
            _ = try Settings(yaml: settings.yaml(), file: "resolved.yaml")
            try settings.finish()
        }
    }
}
