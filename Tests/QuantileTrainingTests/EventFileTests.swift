import Files
import Foundation
import QuantileTraining
import Testing

/// TensorBoard's event files, byte for byte.
@Suite struct EventFileTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(
        "CRC-32C is that of RFC 3720",
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), ((0..<32).reversed(), 0x113F_DB5C),
            (Array("123456789".utf8), 0xE306_9283), ([], 0),
        ] as [([UInt8], UInt32)])
    func checksum(bytes: [UInt8], expected: UInt32) {
        #expect(CRC32C.checksum(bytes) == expected)
    }

    @Test("A frame reads back; a byte that changed, or is missing, ends the reading")
    func frames() {
        let records = [[], [1, 2, 3], [UInt8](repeating: 7, count: 300)]
        let file = records.flatMap(RecordFraming.frame)
        #expect(RecordFraming.records(in: file) == records)
        #expect(RecordFraming.records(in: file.dropLast()) == Array(records.prefix(2)))
        for place in [0, 9, 16, 17, 25, 29, 40, file.count - 1] {
            var damaged = file
            damaged[place] ^= 1
            #expect(RecordFraming.records(in: damaged).count < 3, "byte \(place)")
        }
    }

    @Test("What is written reads back: the version first, then the scalars of each step")
    func scalars() throws {
        let events = EventFile(folder: scratch.file("logs"), firstStep: 0)
        #expect(!FileManager.default.fileExists(atPath: scratch.file("logs")))
        try events.append(["loss": 0.5, "learning_rate": 0], step: 10)
        try events.append(["loss": 0.25], step: 20)
        let read = try scalarEvents(in: scratch.file("logs"))
        #expect(read.map(\.step) == [0, 10, 20])
        #expect(read[0].version == "brain.Event:2")
        #expect(read[1].values == ["loss": 0.5, "learning_rate": 0])
        #expect(read[2].values == ["loss": 0.25])
        #expect(abs(read[2].time - Date().timeIntervalSince1970) < 60)
    }

    @Test("A run that goes on tells readers which steps to forget")
    func restart() throws {
        let events = EventFile(folder: scratch.file("logs"), firstStep: 30)
        try events.append(["loss": 0.5], step: 40)
        let read = try scalarEvents(in: scratch.file("logs"))
        #expect(read.map(\.step) == [0, 31, 40])
        #expect(read.map(\.isStart) == [false, true, false])
    }

    @Test("A file that TensorBoard's own writer made reads as what was written")
    func fixture() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/tensorboard").path
        let read = try scalarEvents(in: folder)
        #expect(read.map(\.step) == [0, 1, 2, 3])
        #expect(read[0].version == "brain.Event:2")
        #expect(read[1].values == ["loss": 1.5, "rate": 0])
        #expect(read[3].values == ["loss": 0.25, "rate": Double(Float(0.001))])
    }
}
