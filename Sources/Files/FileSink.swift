import CZlib
import Foundation

/// A buffered place to append bytes to; gzip where the file's name ends in `.gz`.
///
/// A sink is a handle: copies of it write to the same file. `AtomicFile` makes and closes it.
public struct FileSink {
    let storage: Storage

    /// Appends one byte.
    public mutating func append(_ byte: UInt8) throws(FileError) {
        storage.pending.append(byte)
        try storage.flushIfFull()
    }

    /// Appends the UTF-8 bytes of a text.
    public mutating func append(_ text: String) throws(FileError) {
        storage.pending.append(contentsOf: text.utf8)
        try storage.flushIfFull()
    }

    /// Appends an array of bytes.
    public mutating func append(_ bytes: [UInt8]) throws(FileError) {
        storage.pending.append(contentsOf: bytes)
        try storage.flushIfFull()
    }

    /// Appends raw memory; large pieces are written without a copy.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if bytes.count < Storage.capacity {
            storage.pending.append(contentsOf: bytes)
            try storage.flushIfFull()
        } else {
            try storage.flush()
            try storage.emit(bytes)
        }
    }

    /// The state behind the handles of one open file.
    final class Storage {
        static let capacity = 1 << 18
        /// Bytes appended and not yet written.
        var pending: [UInt8] = []
        private let output: DescriptorOutput
        private let deflater: Deflater?

        /// - Parameters:
        ///   - file: the name that errors tell; the descriptor may be of a temporary file.
        ///   - isLarge: whether the bytes go around the page cache.
        init(descriptor: Int32, file: String, isLarge: Bool) {
            output = DescriptorOutput(descriptor: descriptor, file: file, isLarge: isLarge)
            deflater = file.hasSuffix(".gz") ? Deflater() : nil
            pending.reserveCapacity(Self.capacity + (1 << 12))
        }

        @inline(__always)
        func flushIfFull() throws(FileError) {
            if pending.count >= Self.capacity { try flush() }
        }

        func flush() throws(FileError) {
            try pending.withUnsafeBufferPointer { (bytes) throws(FileError) in
                try emit(UnsafeRawBufferPointer(bytes))
            }
            pending.removeAll(keepingCapacity: true)
        }

        func emit(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
            if let deflater {
                try deflater.pack(bytes, finish: false, to: output.write)
            } else {
                try output.write(bytes)
            }
        }

        /// Writes what is pending and ends the gzip stream.
        func finish() throws(FileError) {
            try flush()
            try deflater?.pack(
                UnsafeRawBufferPointer(start: nil, count: 0), finish: true, to: output.write)
            try output.finish()
        }
    }
}

/// Packs bytes into one gzip member.
private final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Level 4: tables of numbers hardly shrink further at 6, which takes twice the time.
        deflateInit2_(
            stream, 4, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    func pack(
        _ bytes: UnsafeRawBufferPointer, finish: Bool,
        to write: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        var rest = bytes[...]
        repeat {
            let block = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            rest = rest.dropFirst(block.count)
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: block.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(block.count)
            repeat {
                stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(output.count)
                deflate(stream, finish && rest.isEmpty ? Z_FINISH : Z_NO_FLUSH)
                let count = output.count - Int(stream.pointee.avail_out)
                try write(UnsafeRawBufferPointer(rebasing: output[..<count]))
            } while stream.pointee.avail_out == 0
        } while !rest.isEmpty
    }
}
