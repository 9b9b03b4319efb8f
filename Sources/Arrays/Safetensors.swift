import Files

/// A safetensors file, mapped into memory: named tensors and a dictionary of texts.
///
/// Opening checks everything before anything is used: the header's length and grammar, names,
/// that each tensor has as many bytes as its shape and type ask for, and that the tensors fill the
/// data without gap, overlap or rest. Files written by Tenor also carry the XXH64 hash of all
/// their bytes (computed with zeros in the hash's own place), so that a single flipped bit is
/// noticed.
///
/// Source: the format description at <https://huggingface.co/docs/safetensors>.
public struct SafetensorsFile: Sendable {
    /// What a file says of one of its tensors.
    public struct Entry: Sendable, Hashable {
        public var name: String
        public var dtype: DType
        /// The extent of each axis, outermost first; empty for a single number.
        public var shape: [Int]
        /// Where the values stand in the file: row-major, little-endian, not always aligned.
        public var byteRange: Range<Int>
    }

    /// Element types by their names in the format.
    public enum DType: String, CaseIterable, Sendable {
        case bool = "BOOL"
        case u8 = "U8"
        case i8 = "I8"
        case f8E5M2 = "F8_E5M2"
        case f8E4M3 = "F8_E4M3"
        case u16 = "U16"
        case i16 = "I16"
        case f16 = "F16"
        case bf16 = "BF16"
        case u32 = "U32"
        case i32 = "I32"
        case f32 = "F32"
        case u64 = "U64"
        case i64 = "I64"
        case f64 = "F64"

        /// Bytes of one element.
        public var byteCount: Int {
            switch self {
            case .bool, .u8, .i8, .f8E5M2, .f8E4M3: 1
            case .u16, .i16, .f16, .bf16: 2
            case .u32, .i32, .f32: 4
            case .u64, .i64, .f64: 8
            }
        }

        static var list: String { "one of " + allCases.map(\.rawValue).joined(separator: ", ") }
    }

    /// What to do with the hash of the file's bytes.
    public enum ChecksumPolicy: Sendable {
        /// A file without a hash, or with another one than its bytes have, is an error.
        case required
        /// A hash is checked where there is one; files of other programs have none.
        case ifPresent
        /// Nothing is read but the header: for large shards that are opened often.
        case unchecked
    }

    public let path: String
    /// The file's texts, without the hash.
    public let metadata: [String: String]
    /// The hash that the file states, checked or not; nil in files of other programs.
    public let statedChecksum: String?
    /// The tensors, in the order of their data.
    public let entries: [Entry]

    private let map: MemoryMap
    private let indices: [String: Int]

    /// Opens and checks a file.
    public init(path: String, checksum: ChecksumPolicy = .ifPresent) throws(FileError) {
        self.path = path
        map = try MemoryMap(path: path)
        let bytes = map.bytes
        let headerRange = try Self.headerRange(bytes, path: path)
        let header = try SafetensorsHeader(
            parsing: UnsafeRawBufferPointer(rebasing: bytes[headerRange]), file: path)
        entries = try Self.checkedEntries(
            header, data: headerRange.upperBound..<bytes.count, path: path)
        indices = Dictionary(
            uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
        var metadata = header.metadata
        let stated = metadata.removeValue(forKey: Self.checksumKey)
        self.metadata = metadata
        statedChecksum = stated
        switch checksum {
        case .unchecked: break
        case .ifPresent where stated == nil: break
        case .required, .ifPresent:
            let place = header.valueRanges[Self.checksumKey]
                .map {
                    $0.lowerBound + headerRange.lowerBound..<$0.upperBound + headerRange.lowerBound
                }
            try Self.verify(stated, at: place, in: bytes, path: path)
        }
    }

    /// The tensor of that name, or nil.
    public func entry(_ name: String) -> Entry? { indices[name].map { entries[$0] } }

    /// A tensor of `Float`s (F32), or of `Double`s (F64).
    public func array<Element: Scalar>(
        _ name: String, of type: Element.Type = Element.self
    ) throws(FileError) -> NDArray<Element> {
        let entry = try require(name, type == Float.self ? .f32 : .f64)
        return NDArray(shape: entry.shape) { copy(entry, to: $0) }
    }

    /// The values of an F32 tensor, row-major.
    public func floats(_ name: String) throws(FileError) -> [Float] {
        try values(of: require(name, .f32))
    }

    /// The values of an F64 tensor, row-major.
    public func doubles(_ name: String) throws(FileError) -> [Double] {
        try values(of: require(name, .f64))
    }

    /// The values of an I64 tensor, row-major.
    public func int64s(_ name: String) throws(FileError) -> [Int64] {
        try values(of: require(name, .i64))
    }

    /// Reads a tensor's bytes in place, without a copy; use unaligned loads.
    public func withBytes<Result>(
        of entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(map) {
            try body(UnsafeRawBufferPointer(rebasing: map.bytes[entry.byteRange]))
        }
    }

    /// Asks the system to read some of a tensor's bytes in the background, before they are touched.
    public func willRead(_ entry: Entry, bytes: Range<Int>) {
        let start = entry.byteRange.lowerBound
        map.willRead(
            (bytes.lowerBound + start..<bytes.upperBound + start).clamped(to: entry.byteRange))
    }

    /// Throws unless the file holds exactly these tensors; names every missing, extra and
    /// differing one in one error.
    public func requireExactly(
        _ expected: [(name: String, dtype: DType, shape: [Int])]
    ) throws(FileError) {
        let names = Set(expected.map(\.name))
        let missing = expected.filter { indices[$0.name] == nil }.map(\.name)
        let extra = entries.filter { !names.contains($0.name) }.map(\.name)
        let differing = expected.compactMap { wanted -> String? in
            guard let entry = entry(wanted.name),
                entry.dtype != wanted.dtype || entry.shape != wanted.shape
            else { return nil }
            return "\(wanted.name) (\(Self.describe(wanted.dtype, wanted.shape)) expected, "
                + "\(Self.describe(entry.dtype, entry.shape)) found)"
        }
        let complaints = [("missing", missing), ("extra", extra), ("different", differing)]
            .filter { !$0.1.isEmpty }
            .map { "\($0.0): " + $0.1.joined(separator: ", ") }
        guard complaints.isEmpty else {
            throw FileError(
                .badData, file: path,
                "the tensors are not those asked for; " + complaints.joined(separator: "; "),
                advice: "Is this the right file?")
        }
    }
}

extension SafetensorsFile {
    /// A tensor on its way into a file.
    public struct Tensor: Sendable {
        private enum Content: Sendable {
            case floats(NDArray<Float>)
            case doubles(NDArray<Double>)
            case int64s([Int64])
            case bytes([UInt8])
            case pieces([(memory: PooledBytes, count: Int)])
        }

        public let name: String
        public let dtype: DType
        public let shape: [Int]
        private let content: Content

        public init(_ name: String, _ array: NDArray<Float>) {
            self.init(name, .f32, array.shape, .floats(array))
        }

        public init(_ name: String, _ array: NDArray<Double>) {
            self.init(name, .f64, array.shape, .doubles(array))
        }

        /// Integers; a vector where no shape is given.
        public init(_ name: String, _ values: [Int64], shape: [Int]? = nil) {
            self.init(name, .i64, shape ?? [values.count], .int64s(values))
        }

        /// Values of any type as their little-endian bytes.
        public init(_ name: String, dtype: DType, shape: [Int], bytes: [UInt8]) {
            self.init(name, dtype, shape, .bytes(bytes))
        }

        /// Values of any type as their little-endian bytes, which lie in several pieces: of each the
        /// first bytes, so many.
        public init(
            _ name: String, dtype: DType, shape: [Int],
            pieces: [(memory: PooledBytes, count: Int)]
        ) {
            precondition(
                pieces.allSatisfy { $0.count <= $0.memory.count },
                "SafetensorsFile.Tensor '\(name)': more bytes than there are")
            self.init(name, dtype, shape, .pieces(pieces))
        }

        private init(_ name: String, _ dtype: DType, _ shape: [Int], _ content: Content) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.content = content
            let held = byteCount
            precondition(
                SafetensorsFile.byteCount(dtype, shape) == held,
                "SafetensorsFile.Tensor '\(name)': \(dtype.rawValue) \(shape) and \(held) bytes")
        }

        var byteCount: Int {
            var count = 0
            withBytes { count += $0.count }
            return count
        }

        /// Runs a body on the bytes, piece by piece.
        func withBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
            switch content {
            case .floats(let array):
                try array.withUnsafePointer {
                    try body(
                        UnsafeRawBufferPointer(UnsafeBufferPointer(start: $0, count: array.count)))
                }
            case .doubles(let array):
                try array.withUnsafePointer {
                    try body(
                        UnsafeRawBufferPointer(UnsafeBufferPointer(start: $0, count: array.count)))
                }
            case .int64s(let values): try values.withUnsafeBytes(body)
            case .bytes(let bytes): try bytes.withUnsafeBytes(body)
            case .pieces(let pieces):
                for piece in pieces {
                    try withExtendedLifetime(piece.memory) {
                        try body(
                            UnsafeRawBufferPointer(start: piece.memory.start, count: piece.count))
                    }
                }
            }
        }
    }

    /// Writes a file under a temporary name and renames it.
    ///
    /// The same tensors and texts give the same bytes: tensors stand in the order given, texts by
    /// ascending key. The data start at a multiple of 64 bytes; put wide types first to keep every
    /// tensor aligned to its element. A file of 64 MB and more goes around the system's page cache.
    public static func write(
        _ tensors: [Tensor], metadata: [String: String] = [:], to path: String
    ) throws(FileError) {
        precondition(
            Set(tensors.map(\.name)).count == tensors.count
                && !tensors.contains { $0.name == SafetensorsHeader.metadataKey },
            "SafetensorsFile.write: names repeat or are reserved: \(tensors.map(\.name))")
        let header = headerBytes(tensors, metadata: metadata)
        let isLarge = tensors.reduce(0) { $0 + $1.byteCount } >= largeFile
        do {
            try AtomicFile.write(to: path, isLarge: isLarge) { sink in
                try sink.append(header)
                for tensor in tensors {
                    try tensor.withBytes { try sink.append($0) }
                }
            }
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(.inputOutput, file: path, "cannot write: \(error)")
        }
    }

    /// The length, the header with the hash of all bytes, and the padding.
    private static func headerBytes(_ tensors: [Tensor], metadata: [String: String]) -> [UInt8] {
        var metadata = metadata
        metadata[checksumKey] = checksumBlank
        var offset = 0
        let lines = tensors.map { tensor in
            let start = offset
            offset += tensor.byteCount
            return SafetensorsHeader.Tensor(
                name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, range: start..<offset)
        }
        func bytes() -> [UInt8] {
            var text = Array(SafetensorsHeader(metadata: metadata, tensors: lines).text.utf8)
            while (lengthBytes + text.count) % alignment != 0 { text.append(UInt8(ascii: " ")) }
            let length = withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init)
            return length + text
        }
        var hash = XXHash64()
        bytes().withUnsafeBytes { hash.update($0) }
        for tensor in tensors { tensor.withBytes { hash.update($0) } }
        metadata[checksumKey] = hash.hexadecimalDigest
        return bytes()
    }
}

extension SafetensorsFile {
    static let damageAdvice = "The file is damaged or not a safetensors file; fetch or make it anew"
    /// The metadata key of the hash, 16 hexadecimal digits.
    static let checksumKey = "xxh64"
    private static let checksumBlank = String(repeating: "0", count: 16)
    private static let lengthBytes = 8
    private static let alignment = 64
    private static let largeFile = 64 << 20
    /// The reference implementation's limit.
    private static let longestHeader = 100_000_000

    private static func headerRange(
        _ bytes: UnsafeRawBufferPointer, path: String
    ) throws(FileError) -> Range<Int> {
        guard bytes.count > lengthBytes else {
            throw FileError(
                .badData, file: path, "too short for a safetensors file",
                expected: "more than \(lengthBytes) bytes", found: "\(bytes.count)",
                advice: damageAdvice)
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= longestHeader, length <= bytes.count - lengthBytes else {
            throw FileError(
                .badData, file: path,
                "the header is longer than the file or than the format allows",
                expected: "at most \(min(longestHeader, bytes.count - lengthBytes)) bytes",
                found: "\(length)", advice: damageAdvice)
        }
        guard length > 0, bytes[lengthBytes] == UInt8(ascii: "{") else {
            throw FileError(
                .badData, file: path, "the header is not JSON",
                expected: "'{' at byte \(lengthBytes)", advice: damageAdvice)
        }
        return lengthBytes..<lengthBytes + Int(length)
    }

    /// The bytes that a tensor takes, or nil where that is more than an `Int` counts.
    private static func byteCount(_ dtype: DType, _ shape: [Int]) -> Int? {
        // A zero first: [huge, huge, 0] is empty, not too large.
        if shape.contains(0) { return 0 }
        var count = dtype.byteCount
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            count = product
        }
        return count
    }

    /// The tensors in the order of their data, with ranges that count from the file's start.
    private static func checkedEntries(
        _ header: SafetensorsHeader, data: Range<Int>, path: String
    ) throws(FileError) -> [Entry] {
        let sorted = header.tensors.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var end = 0
        var entries: [Entry] = []
        entries.reserveCapacity(sorted.count)
        for tensor in sorted {
            func error(_ problem: String, expected: String, found: String) -> FileError {
                FileError(
                    .badData, file: path, "tensor \(FileError.quoted(tensor.name)): \(problem)",
                    expected: expected, found: found, advice: damageAdvice)
            }
            let range = tensor.range
            guard let size = byteCount(tensor.dtype, tensor.shape), size == range.count else {
                throw error(
                    "its bytes do not match its shape",
                    expected: byteCount(tensor.dtype, tensor.shape).map(String.init)
                        ?? "a shape of less than 2^63 bytes",
                    found: "\(range.count) for \(describe(tensor.dtype, tensor.shape))")
            }
            guard range.lowerBound == end else {
                throw error(
                    range.lowerBound < end
                        ? "it overlaps the one before" : "there is a gap before it",
                    expected: "a start at data byte \(end)", found: "\(range.lowerBound)")
            }
            guard range.upperBound <= data.count else {
                throw error(
                    "the file ends inside it", expected: "\(range.upperBound) bytes of data",
                    found: "\(data.count)")
            }
            end = range.upperBound
            entries.append(
                Entry(
                    name: tensor.name, dtype: tensor.dtype, shape: tensor.shape,
                    byteRange: data.lowerBound + range.lowerBound..<data.lowerBound + end))
        }
        guard end == data.count else {
            throw FileError(
                .badData, file: path, "bytes behind the last tensor",
                expected: "\(end) bytes of data", found: "\(data.count)", advice: damageAdvice)
        }
        return entries
    }

    private static func verify(
        _ stated: String?, at place: Range<Int>?, in bytes: UnsafeRawBufferPointer, path: String
    ) throws(FileError) {
        guard let stated, let place else {
            throw FileError(
                .badData, file: path, "the file has no checksum",
                expected: "metadata '\(checksumKey)'", advice: damageAdvice)
        }
        var hash = XXHash64()
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<place.lowerBound]))
        Array(checksumBlank.utf8).withUnsafeBytes { hash.update($0) }
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[place.upperBound...]))
        let actual = hash.hexadecimalDigest
        guard actual == stated else {
            throw FileError(
                .badData, file: path, "the checksum does not match the file's bytes",
                expected: FileError.quoted(stated), found: "'\(actual)'", advice: damageAdvice)
        }
    }

    private static func describe(_ dtype: DType, _ shape: [Int]) -> String {
        dtype.rawValue + " [" + shape.map(String.init).joined(separator: ", ") + "]"
    }

    private func require(_ name: String, _ dtype: DType) throws(FileError) -> Entry {
        guard let entry = entry(name) else {
            throw FileError(
                .badData, file: path, "no tensor \(FileError.quoted(name))",
                expected: "\(dtype.rawValue) values of that name",
                found: "\(entries.count) other tensors")
        }
        guard entry.dtype == dtype else {
            throw FileError(
                .badData, file: path, "tensor \(FileError.quoted(name)) is of another type",
                expected: dtype.rawValue, found: entry.dtype.rawValue)
        }
        return entry
    }

    private func values<Value: BitwiseCopyable>(of entry: Entry) -> [Value] {
        let count = entry.byteRange.count / MemoryLayout<Value>.stride
        return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let start = buffer.baseAddress { copy(entry, to: start) }
            initialized = count
        }
    }

    private func copy(_ entry: Entry, to pointer: UnsafeMutableRawPointer) {
        withBytes(of: entry) { bytes in
            if let start = bytes.baseAddress {
                pointer.copyMemory(from: start, byteCount: bytes.count)
            }
        }
    }
}
