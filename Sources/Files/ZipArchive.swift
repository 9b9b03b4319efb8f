import CZlib

/// A zip archive that is read member by member (PKWARE APPNOTE 6.3.10): stored or deflated, with
/// zip64 sizes, and with each member's checksum verified.
///
/// Encrypted members and archives in several volumes are refused.
public struct ZipArchive: Sendable {
    /// A file in the archive.
    public struct Member: Sendable {
        /// The path in the archive.
        public let name: String
        /// The size when unpacked, in bytes.
        public let size: Int
        fileprivate let packedSize: Int
        fileprivate let method: Int
        fileprivate let checksum: UInt32
        fileprivate let header: Int
        fileprivate let isEncrypted: Bool
    }

    /// The name of the archive, as errors tell it.
    public let file: String
    /// The files in the archive, in the order of its directory; folders are left out.
    public let members: [Member]
    private let storage: Storage

    /// Opens an archive on a disk.
    public init(path: String) throws(FileError) {
        try self.init(file: path, storage: .map(try MemoryMap(path: path)))
    }

    /// Opens an archive in memory, such as one inside another archive.
    public init(bytes: [UInt8], file: String) throws(FileError) {
        try self.init(file: file, storage: .memory(bytes))
    }

    private init(file: String, storage: Storage) throws(FileError) {
        self.file = file
        self.storage = storage
        let directory = storage.withBytes { Directory(bytes: $0).members() }
        guard let directory else {
            throw FileError(
                .badData, file: file, "not a readable zip archive",
                expected: "a zip file with its directory at the end",
                advice: "The file may be truncated; copy or download it again")
        }
        members = directory
    }

    /// Whether a file begins as a zip archive does.
    public static func isZip(path: String) throws(FileError) -> Bool {
        try MemoryMap(path: path).withBytes { $0.starts(with: [0x50, 0x4B, 0x03, 0x04]) }
    }

    /// The bytes of a member, unpacked.
    public func bytes(of member: Member) throws(FileError) -> [UInt8] {
        let stream = try stream(of: member)
        var bytes: [UInt8] = []
        while try stream.append(upTo: max(1 << 16, bytes.count), to: &bytes) > 0 {}
        return bytes
    }

    /// The bytes of a member in order, unpacked on the way.
    func stream(of member: Member) throws(FileError) -> ZipStream {
        let name = file + "/" + member.name
        guard !member.isEncrypted else {
            throw FileError(
                .badData, file: name, "the member is encrypted", advice: "Unpack it first")
        }
        guard member.method == 0 || member.method == 8 else {
            throw FileError(
                .badData, file: name, "packed by method \(member.method)",
                expected: "stored or deflated (0 or 8)", advice: "Pack it again with plain zip")
        }
        let start = storage.withBytes { Directory(bytes: $0).start(of: member) }
        guard let start else {
            throw FileError(
                .badData, file: name, "the member lies outside the archive",
                advice: "The file is damaged; copy or download it again")
        }
        return ZipStream(file: name, storage: storage, start: start, member: member)
    }

    fileprivate enum Storage: Sendable {
        case map(MemoryMap)
        case memory([UInt8])

        func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
        {
            switch self {
            case .map(let map): try map.withBytes(body)
            case .memory(let bytes): try bytes.withUnsafeBytes(body)
            }
        }
    }
}

/// The unpacked bytes of one zip member; the checksum is compared at the end.
final class ZipStream: ByteStream {
    let file: String
    private let storage: ZipArchive.Storage
    private let member: ZipArchive.Member
    /// The next packed byte, and the end of the packed bytes.
    private var position: Int
    private let end: Int
    private var unpacked = 0
    private var checksum: UInt
    private var isDone = false
    private let inflater: UnsafeMutablePointer<z_stream>

    fileprivate init(
        file: String, storage: ZipArchive.Storage, start: Int, member: ZipArchive.Member
    ) {
        self.file = file
        self.storage = storage
        self.member = member
        position = start
        end = start + member.packedSize
        checksum = crc32(0, nil, 0)
        inflater = .allocate(capacity: 1)
        inflater.initialize(to: z_stream())
        // Negative: raw deflate, without a header of its own.
        inflateInit2_(inflater, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(inflater)
        inflater.deallocate()
    }

    func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FileError) -> Int {
        guard !isDone, !buffer.isEmpty else { return 0 }
        let target = UnsafeMutableBufferPointer(rebasing: buffer.prefix(1 << 30))
        let count = storage.withBytes { bytes in
            member.method == 0 ? copy(bytes, into: target) : inflate(bytes, into: target)
        }
        guard let count else { throw damaged("it cannot be unpacked") }
        checksum = crc32(checksum, target.baseAddress, UInt32(count))
        unpacked += count
        guard unpacked <= member.size else { throw damaged("it is longer than its directory says") }
        if count == 0 {
            isDone = true
            guard unpacked == member.size else { throw damaged("it ends too early") }
            guard UInt32(truncatingIfNeeded: checksum) == member.checksum else {
                throw damaged("its checksum is wrong")
            }
        }
        return count
    }

    private func copy(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        let count = min(target.count, end - position)
        _ = target.update(fromContentsOf: bytes[position..<(position + count)])
        position += count
        return count
    }

    /// Nil where the packed bytes make no sense.
    private func inflate(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        let source = UnsafeRawBufferPointer(
            rebasing: bytes[position..<min(end, position + 1 << 30)])
        inflater.pointee.next_in = UnsafeMutablePointer(
            mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
        inflater.pointee.avail_in = UInt32(source.count)
        inflater.pointee.next_out = target.baseAddress
        inflater.pointee.avail_out = UInt32(target.count)
        let outcome = CZlib.inflate(inflater, Z_NO_FLUSH)
        position += source.count - Int(inflater.pointee.avail_in)
        let count = target.count - Int(inflater.pointee.avail_out)
        switch outcome {
        case Z_OK, Z_STREAM_END, Z_BUF_ERROR: return count
        default: return nil
        }
    }

    private func damaged(_ what: String) -> FileError {
        FileError(
            .badData, file: file, "the zip member is damaged: \(what)",
            advice: "Copy or download the archive again")
    }
}

/// The directory at the end of an archive's bytes.
private struct Directory {
    let bytes: UnsafeRawBufferPointer

    private func number(_ offset: Int, bytes count: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return Int(exactly: value)
    }

    /// Where the packed bytes of a member begin, nil where they do not fit into the archive.
    func start(of member: ZipArchive.Member) -> Int? {
        guard number(member.header, bytes: 4) == 0x0403_4B50,
            let name = number(member.header + 26, bytes: 2),
            let extra = number(member.header + 28, bytes: 2)
        else { return nil }
        let start = member.header + 30 + name + extra
        guard start <= bytes.count, member.packedSize <= bytes.count - start else { return nil }
        return start
    }

    /// All members; nil where this is no archive.
    func members() -> [ZipArchive.Member]? {
        guard var (position, count) = directory() else { return nil }
        var members: [ZipArchive.Member] = []
        while count > 0 {
            guard number(position, bytes: 4) == 0x0201_4B50,
                let flags = number(position + 8, bytes: 2),
                let method = number(position + 10, bytes: 2),
                let checksum = number(position + 16, bytes: 4),
                let packedSize = number(position + 20, bytes: 4),
                let size = number(position + 24, bytes: 4),
                let nameLength = number(position + 28, bytes: 2),
                let extraLength = number(position + 30, bytes: 2),
                let commentLength = number(position + 32, bytes: 2),
                let header = number(position + 42, bytes: 4),
                position + 46 + nameLength + extraLength <= bytes.count
            else { return nil }
            let nameEnd = position + 46 + nameLength
            guard
                let large = wide(
                    [size, packedSize, header], extra: nameEnd..<(nameEnd + extraLength))
            else { return nil }
            let name = String(decoding: bytes[(position + 46)..<nameEnd], as: UTF8.self)
            if !name.hasSuffix("/") {
                members.append(
                    ZipArchive.Member(
                        name: name, size: large[0], packedSize: large[1], method: method,
                        checksum: UInt32(checksum), header: large[2], isEncrypted: flags & 1 == 1))
            }
            position = nameEnd + extraLength + commentLength
            count -= 1
        }
        return members
    }

    /// Where the directory begins and how many entries it has.
    private func directory() -> (position: Int, count: Int)? {
        // The record at the very end may be followed by a comment of up to 64 kB.
        var end = bytes.count - 22
        let last = max(0, bytes.count - 22 - 0xFFFF)
        while end >= last, number(end, bytes: 4) != 0x0605_4B50 { end -= 1 }
        guard end >= last, let count = number(end + 10, bytes: 2),
            let position = number(end + 16, bytes: 4)
        else { return nil }
        guard count == 0xFFFF || position == 0xFFFF_FFFF else { return (position, count) }
        guard number(end - 20, bytes: 4) == 0x0706_4B50,
            let record = number(end - 12, bytes: 8), number(record, bytes: 4) == 0x0606_4B50,
            let manyCount = number(record + 32, bytes: 8),
            let farPosition = number(record + 48, bytes: 8)
        else { return (position, count) }
        return (farPosition, manyCount)
    }

    /// Replaces each value that did not fit into 32 bits by the next one of the zip64 field.
    private func wide(_ values: [Int], extra: Range<Int>) -> [Int]? {
        guard values.contains(0xFFFF_FFFF) else { return values }
        var field = extra.lowerBound
        while field + 4 <= extra.upperBound, let tag = number(field, bytes: 2),
            let length = number(field + 2, bytes: 2)
        {
            if tag == 1 {
                var offset = field + 4
                var result: [Int] = []
                for value in values {
                    guard value == 0xFFFF_FFFF else {
                        result.append(value)
                        continue
                    }
                    guard offset + 8 <= field + 4 + length, let large = number(offset, bytes: 8)
                    else { return nil }
                    result.append(large)
                    offset += 8
                }
                return result
            }
            field += 4 + length
        }
        return nil
    }
}
