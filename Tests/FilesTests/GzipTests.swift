import Files
import Foundation
import Testing

@Suite struct GzipTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Packs text through the writer under test.
    private func packed(_ text: String) throws -> [UInt8] {
        let path = scratch.file("packed.gz")
        try AtomicFile.write(Array(text.utf8), to: path)
        return try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    }

    @Test("A fixed gzip file of another program is read")
    func foreignFile() throws {
        // printf 'a,b\n1,2\n' | gzip -n
        let bytes: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xd4, 0x49, 0xe2,
            0x32, 0xd4, 0x31, 0xe2, 0x02, 0x00, 0x7b, 0x07, 0x97, 0x0a, 0x08, 0x00, 0x00, 0x00,
        ]
        #expect(try table(scratch.write(bytes, to: "t.csv")).rows == [["1", "2"]])
    }

    @Test("Gzip is known by its content, not its name, and comes back as it went in")
    func roundTrip() throws {
        let text = "a,b\n" + (0..<100_000).map { "\($0),\($0 * 3)\n" }.joined()
        let bytes = try packed(text)
        #expect(bytes.starts(with: [0x1f, 0x8b]))
        #expect(bytes.count < text.utf8.count / 2)
        let path = try scratch.write(bytes, to: "t.csv")
        #expect(try FileContents.text(of: path) == text)
        #expect(try table(path, rowsPerChunk: 9_999).rows.count == 100_000)
    }

    @Test("Several members in a row, and zeros behind them, are one stream")
    func members() throws {
        let bytes = try packed("a,b\n1,") + packed("2\n3,4\n") + [0, 0, 0, 0]
        #expect(try table(scratch.write(bytes, to: "t.csv")).rows == [["1", "2"], ["3", "4"]])
    }

    @Test("The same bytes give the same gzip file")
    func deterministic() throws {
        #expect(try packed("a\n1\n") == packed("a\n1\n"))
    }

    @Test("A truncated gzip file is never taken for a short one")
    func truncated() throws {
        let bytes = try packed("a,b\n" + (0..<200).map { "\($0),1\n" }.joined())
        for length in 2..<bytes.count {
            let path = try scratch.write(Array(bytes[..<length]), to: "t.csv")
            let error = fileError { _ = try table(path) }
            #expect(error?.kind == .badData)
            #expect(error?.problem == "the gzip data ends too early", "at \(length)")
        }
    }

    @Test("A damaged gzip file is refused: its checksum is tested")
    func damaged() throws {
        var bytes = try packed("a,b\n" + (0..<200).map { "\($0),1\n" }.joined())
        bytes[bytes.count - 6] ^= 1
        let path = try scratch.write(bytes, to: "t.csv")
        #expect(fileError { _ = try table(path) }?.problem.contains("damaged") == true)
    }

    @Test("Anything but gzip behind a member is refused")
    func trailingGarbage() throws {
        let path = try scratch.write(packed("a\n1\n") + Array("hello".utf8), to: "t.csv")
        #expect(fileError { _ = try table(path) }?.kind == .badData)
    }
}
