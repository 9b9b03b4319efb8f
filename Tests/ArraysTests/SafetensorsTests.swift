import Arrays
import Files
import Foundation
import Testing

/// What a safetensors file must be, and what each kind of damage says.
@Suite struct SafetensorsTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "tenor-safetensors-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var path: String { folder.appending(path: "file.safetensors").path }

    private static let tensors = [
        SafetensorsFile.Tensor("wide", NDArray<Double>([1, -2.5, .pi], shape: [3, 1])),
        SafetensorsFile.Tensor("count", [Int64.min, 7]),
        SafetensorsFile.Tensor("layer.0/größe \"q\"", NDArray<Float>([0.1, -3], shape: [1, 2])),
        SafetensorsFile.Tensor("empty", NDArray<Float>([], shape: [0, 4])),
        SafetensorsFile.Tensor("scalar", NDArray<Float>([42], shape: [])),
        SafetensorsFile.Tensor("half", dtype: .bf16, shape: [2], bytes: [0x80, 0x3F, 0, 0]),
    ]
    private static let texts = [
        "spec": "{\"family\": \"mlp\",\n\t\"width\": 64}", "back\\slash": "\u{1}\u{7F}é\u{1F600}",
        "": "empty key",
    ]

    // MARK: What is written is read

    @Test func roundTrip() throws {
        defer { remove() }
        try SafetensorsFile.write(Self.tensors, metadata: Self.texts, to: path)
        let file = try SafetensorsFile(path: path, checksum: .required)
        #expect(file.metadata == Self.texts)
        #expect(file.entries.map(\.name) == Self.tensors.map(\.name))
        #expect(file.entries.map(\.shape) == Self.tensors.map(\.shape))
        #expect(file.entries.map(\.dtype) == Self.tensors.map(\.dtype))
        #expect(try file.doubles("wide") == [1, -2.5, .pi])
        #expect(try file.int64s("count") == [Int64.min, 7])
        #expect(try file.floats("layer.0/größe \"q\"") == [0.1, -3])
        #expect(try file.floats("empty") == [])
        let scalar: NDArray<Float> = try file.array("scalar")
        #expect(scalar.shape == [] && scalar.scalar == 42)
        let half = try #require(file.entry("half"))
        #expect(file.withBytes(of: half) { Array($0) } == [0x80, 0x3F, 0, 0])
        #expect(file.entry("other") == nil)
    }

    @Test("The same content gives the same bytes, and the data are aligned to 64")
    func deterministicAndAligned() throws {
        defer { remove() }
        var texts: [String: String] = [:]
        for index in 0..<20 { texts["key \(index)"] = "\(index)" }
        try SafetensorsFile.write(Self.tensors, metadata: texts, to: path)
        let first = try bytes()
        let reversed = Dictionary(
            uniqueKeysWithValues: texts.sorted { $0.key > $1.key }.map { ($0, $1) })
        try SafetensorsFile.write(Self.tensors, metadata: reversed, to: path)
        #expect(try bytes() == first)
        #expect(try SafetensorsFile(path: path).entries[0].byteRange.lowerBound % 64 == 0)
    }

    @Test("Bytes in pieces make the file of bytes in one")
    func pieces() throws {
        defer { remove() }
        let bytes = (0..<100).map { UInt8($0) }
        let pieces = [(0..<37), (37..<37), (37..<100)].map { range in
            // Room for more than is used.
            let memory = PooledBytes(count: range.count + 5)
            for (index, byte) in bytes[range].enumerated() {
                memory.start.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
            return (memory: memory, count: range.count)
        }
        try SafetensorsFile.write(
            [.init("x", dtype: .f16, shape: [10, 5], bytes: bytes)], to: path)
        let whole = try self.bytes()
        try SafetensorsFile.write(
            [.init("x", dtype: .f16, shape: [10, 5], pieces: pieces)], to: path)
        #expect(try self.bytes() == whole)
        _ = try SafetensorsFile(path: path, checksum: .required)
    }

    @Test func nothingAtAllIsAFileToo() throws {
        defer { remove() }
        try SafetensorsFile.write([], to: path)
        let file = try SafetensorsFile(path: path, checksum: .required)
        #expect(file.entries.isEmpty && file.metadata.isEmpty)
    }

    @Test("A file of the reference implementation: no checksum, alignment of 8, its own escapes")
    func reference() throws {
        defer { remove() }
        try write(
            #"{"__metadata__":{"a":"\u00e9\ud83d\ude00\/"},"#
                + #" "x" : {"shape":[ 2 ],"data_offsets":[0,8],"dtype":"F32"}}   "#,
            data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == ["a": "é\u{1F600}/"])
        #expect(try file.floats("x") == [1, 2])
        #expect(
            error { try SafetensorsFile(path: path, checksum: .required) }
                .contains("no checksum"))
    }

    // MARK: Damage

    @Test("A flipped bit anywhere is noticed")
    func bitFlips() throws {
        defer { remove() }
        // A small file, because every bit is a file to write and to read.
        let numbers = SafetensorsFile.Tensor("x", NDArray<Float>([1, 2, 3], shape: [3]))
        try SafetensorsFile.write([numbers], metadata: ["a": "b"], to: path)
        let good = try bytes()
        for position in good.indices {
            for bit in 0..<8 {
                var bad = good
                bad[position] ^= 1 << bit
                try Data(bad).write(to: URL(filePath: path))
                #expect(throws: FileError.self, "byte \(position), bit \(bit)") {
                    try SafetensorsFile(path: path, checksum: .required)
                }
            }
        }
    }

    @Test("A file cut anywhere is noticed, without its checksum too")
    func truncation() throws {
        defer { remove() }
        try SafetensorsFile.write(Self.tensors, metadata: Self.texts, to: path)
        let good = try bytes()
        for count in 0..<good.count {
            try Data(good[..<count]).write(to: URL(filePath: path))
            #expect(throws: FileError.self, "\(count) bytes") {
                try SafetensorsFile(path: path, checksum: .unchecked)
            }
        }
        try Data(good + [0]).write(to: URL(filePath: path))
        #expect(error { try SafetensorsFile(path: path) }.contains("bytes behind the last tensor"))
    }

    @Test("Each fault of a header has its own words", arguments: Fault.all)
    func headerFaults(_ fault: Fault) throws {
        defer { remove() }
        try write(fault.header, data: [UInt8](repeating: 0, count: fault.dataCount))
        let message = error { try SafetensorsFile(path: path) }
        #expect(message.hasPrefix(path) && message.contains(fault.message), "\(message)")
    }

    @Test func headerLengths() throws {
        defer { remove() }
        for length in [UInt64.max, 1 << 63, 100_000_001, 5] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
            try Data(bytes).write(to: URL(filePath: path))
            #expect(error { try SafetensorsFile(path: path) }.contains("found \(length)"))
        }
        try write("", data: [1, 2, 3])
        #expect(error { try SafetensorsFile(path: path) }.contains("not JSON"))
    }

    @Test func missingFile() {
        defer { remove() }
        #expect {
            try SafetensorsFile(path: path)
        } throws: {
            ($0 as? FileError)?.kind == .missing
        }
    }

    // MARK: Asking for the wrong thing

    @Test func wrongNameOrType() throws {
        defer { remove() }
        try SafetensorsFile.write(Self.tensors, to: path)
        let file = try SafetensorsFile(path: path)
        #expect(error { try file.floats("nothing") }.contains("no tensor 'nothing'"))
        #expect(error { try file.floats("wide") }.contains("expected F32, found F64"))
        #expect(
            error { _ = try file.array("scalar", of: Double.self) }
                .contains("expected F64, found F32"))
    }

    @Test("Strict loading names everything that is wrong at once")
    func requireExactly() throws {
        defer { remove() }
        try SafetensorsFile.write(Self.tensors, to: path)
        let file = try SafetensorsFile(path: path)
        let exact = file.entries.map { (name: $0.name, dtype: $0.dtype, shape: $0.shape) }
        #expect(throws: Never.self) { try file.requireExactly(exact) }
        let message = error {
            try file.requireExactly(
                exact.dropFirst(3).map { ($0.name, $0.dtype, $0.name == "empty" ? [4] : $0.shape) }
                    + [("bias", .f32, [2]), ("gain", .f32, [2])])
        }
        #expect(message.contains("missing: bias, gain"))
        #expect(message.contains("extra: wide, count, layer.0/größe \"q\""))
        #expect(message.contains("different: empty (F32 [4] expected, F32 [0, 4] found)"))
    }

    // MARK: Helpers

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private func write(_ header: String, data: [UInt8]) throws {
        let text = Array(header.utf8)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        try Data(length + text + data).write(to: URL(filePath: path))
    }

    /// The description of the file error that a body throws; empty where it throws none.
    private func error(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return ""
        } catch {
            return (error as? FileError)?.description ?? "not a FileError: \(error)"
        }
    }
}

/// A header that is wrong in one way.
struct Fault: Sendable, CustomTestStringConvertible {
    var header: String
    var dataCount = 8
    var message: String

    var testDescription: String { message }

    private static func tensor(_ fields: String, data: Int = 8, _ message: String) -> Fault {
        Fault(header: "{\"x\":{\(fields)}}", dataCount: data, message: message)
    }

    static let all: [Fault] = [
        Fault(header: "{\"x\"", message: "expected ':', found the end of the header"),
        Fault(header: "{} x", dataCount: 0, message: "text behind the closing brace"),
        Fault(header: "{\"x\":1}", message: "expected '{', found '1'"),
        Fault(header: "{\"x\u{1}\":{}}", message: "a control character inside a string"),
        Fault(header: "{\"\\x\":{}}", message: "an unknown escape"),
        Fault(header: "{\"\\ud800\":{}}", message: "half of a surrogate pair"),
        Fault(header: "{\"\\udc00\":{}}", message: "half of a surrogate pair"),
        Fault(header: "{\"\\u12\":{}}", message: "without four hexadecimal digits"),
        Fault(header: "{\"x", message: "the header ends inside a string"),
        Fault(
            header: "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", dataCount: 0,
            message: "two metadata values of the same name"),
        Fault(
            header: "{\"__metadata__\":{},\"__metadata__\":{}}", dataCount: 0,
            message: "two entries of the same name: found '__metadata__'"),
        Fault(header: "{\"__metadata__\":{\"a\":1}}", message: "expected '\"', found '1'"),
        Fault(
            header: "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
            message: "two entries of the same name: found 'x'"),
        Fault(
            header: "{\"__metadata__\":{\"xxh64\":\"0123\"}}", dataCount: 0,
            message: "the checksum does not match"),
        tensor("\"dtype\":\"F33\"", "expected one of BOOL, U8"),
        tensor("\"dtype\":\"F32\",\"shape\":[2]", "a field is missing"),
        tensor("\"dtype\":\"F32\",\"dtype\":\"F32\"", "once each, found 'dtype'"),
        tensor("\"colour\":1", "found 'colour'"),
        tensor("\"shape\":[-2]", "expected a whole number, found '-'"),
        tensor("\"shape\":[02]", "not a size"),
        tensor("\"shape\":[2.0]", "expected ']', found '.'"),
        tensor("\"shape\":[18446744073709551616]", "a number too large to be a size"),
        tensor(
            "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]",
            "with start <= end, found [8, 0]"),
        tensor("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]", "found [8]"),
        tensor(
            "\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]",
            "expected 12, found 8 for F32 [3]"),
        tensor(
            "\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]", data: 0,
            "expected a shape of less than 2^63 bytes"),
        tensor(
            "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", data: 7,
            "expected 8 bytes of data, found 7"),
        tensor(
            "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]", data: 12,
            "there is a gap before it"),
        Fault(
            header: "{\"x\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},"
                + "\"y\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
            message: "tensor 'y': it overlaps the one before"),
    ]
}

extension SafetensorsTests {
    @Test("The checksum is the XXH64 of other implementations, zeros in its own place")
    func knownChecksum() throws {
        defer { remove() }
        try SafetensorsFile.write(
            [.init("x", dtype: .u8, shape: [47], bytes: Array(0..<47))], to: path)
        // Computed by xxhash 4.1 for Python over the padded header with zeros and the 47 bytes
        // behind it: whole stripes of 32, then a rest of 8 + 4 + 3.
        let header = """
            {"__metadata__":{"xxh64":"eb0991af32142575"},\
            "x":{"dtype":"U8","shape":[47],"data_offsets":[0,47]}}
            """
        #expect(String(decoding: try bytes().dropFirst(8), as: UTF8.self).hasPrefix(header))
    }
}
