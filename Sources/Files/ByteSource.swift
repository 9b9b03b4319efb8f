import CZlib
import Foundation

/// Bytes in order, from wherever they come.
protocol ByteStream: AnyObject {
    /// The name that errors tell.
    var file: String { get }
    /// Fills the front of `buffer`; returns how many bytes, 0 only at the end.
    func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FileError) -> Int
}

extension ByteStream {
    /// Appends up to `limit` bytes to an array; returns how many, 0 only at the end.
    func append(upTo limit: Int, to bytes: inout [UInt8]) throws(FileError) -> Int {
        let filled = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: limit))
        let count = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
            try read(into: UnsafeMutableBufferPointer(rebasing: buffer[filled...]))
        }
        bytes.removeLast(limit - count)
        return count
    }
}

/// The bytes of a file in order, unpacked on the way where the file is gzip.
///
/// Gzip is recognised by its content, not by the name; several members in one file are one stream.
final class ByteSource: ByteStream {
    let file: String
    private let descriptor: Int32
    private var inflater: Inflater?
    /// Bytes that were read to recognise the format and not handed out yet.
    private var head: ArraySlice<UInt8> = []

    init(path: String) throws(FileError) {
        file = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.reading(path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError.reading(path, code: errno)
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError.folderNotFile(path) }
        var first = [UInt8](repeating: 0, count: 2)
        var count = 0
        while count < 2 {
            let got = try first.withUnsafeMutableBufferPointer { (bytes) throws(FileError) in
                try readRaw(into: UnsafeMutableBufferPointer(rebasing: bytes[count...]))
            }
            if got == 0 { break }
            count += got
        }
        head = first[..<count]
        if first == [0x1f, 0x8b] { inflater = Inflater() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FileError) -> Int {
        guard let inflater else { return try readStored(into: buffer) }
        return try inflater.read(into: buffer, from: self)
    }

    /// The file's own bytes, not unpacked.
    fileprivate func readStored(
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) throws(FileError) -> Int {
        if !head.isEmpty {
            let count = min(head.count, buffer.count)
            _ = buffer.update(fromContentsOf: head.prefix(count))
            head = head.dropFirst(count)
            return count
        }
        return try readRaw(into: buffer)
    }

    private func readRaw(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FileError) -> Int {
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw FileError.reading(file, code: errno) }
        }
    }
}

/// Unpacks a gzip stream of one or more members.
private final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 17)
    private var memberOpen = true
    private var done = false

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, plus 16: a gzip header and its checksum.
        inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    func read(
        into buffer: UnsafeMutableBufferPointer<UInt8>, from source: ByteSource
    ) throws(FileError) -> Int {
        guard !done, !buffer.isEmpty else { return 0 }
        let capacity = min(buffer.count, 1 << 30)
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(capacity)
        while stream.pointee.avail_out == UInt32(capacity) {
            if stream.pointee.avail_in == 0 {
                let count = try source.readStored(into: input)
                if count == 0 {
                    done = true
                    guard !memberOpen else { throw truncated(source.file) }
                    return 0
                }
                stream.pointee.next_in = input.baseAddress
                stream.pointee.avail_in = UInt32(count)
            }
            if !memberOpen {
                // Zeros may pad the end of a gzip file; anything else begins another member.
                if stream.pointee.next_in.pointee == 0 {
                    stream.pointee.next_in += 1
                    stream.pointee.avail_in -= 1
                    continue
                }
                inflateReset(stream)
                memberOpen = true
            }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: memberOpen = false
            default: throw damaged(source.file)
            }
        }
        return capacity - Int(stream.pointee.avail_out)
    }

    private func truncated(_ file: String) -> FileError {
        FileError(
            .badData, file: file, "the gzip data ends too early",
            advice: "The file is truncated; copy or download it again")
    }

    private func damaged(_ file: String) -> FileError {
        let detail = stream.pointee.msg.map { String(cString: $0) } ?? "unreadable"
        return FileError(
            .badData, file: file, "the gzip data is damaged (\(detail))",
            advice: "Copy or download the file again")
    }
}
