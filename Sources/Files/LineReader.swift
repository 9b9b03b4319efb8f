/// Whole lines of a text file, block by block, in memory that does not depend on its size.
///
/// Plain or gzip (by content), or a member of a zip archive. What a line means is the caller's
/// business: nothing is decoded.
public final class LineReader {
    /// A run of whole lines.
    public struct Block: Sendable {
        /// The bytes; every line but the last of a file ends in a newline.
        public let bytes: [UInt8]
        /// The number of the first line, counted from 1.
        public let firstLine: Int

        public init(bytes: [UInt8], firstLine: Int) {
            self.bytes = bytes
            self.firstLine = firstLine
        }
    }

    /// The name of the file, as errors tell it.
    public var file: String { source.file }
    private let source: any ByteStream
    private var pending: [UInt8] = []
    private var nextLine = 1
    private var atEnd = false

    /// The longest line taken for one.
    static let longestLine = 1 << 26

    public init(path: String) throws(FileError) {
        source = try ByteSource(path: path)
    }

    public init(_ member: ZipArchive.Member, of archive: ZipArchive) throws(FileError) {
        source = try archive.stream(of: member)
    }

    /// The next lines, about `size` bytes of them; nil at the end of the file.
    public func nextBlock(size: Int) throws(FileError) -> Block? {
        precondition(size > 0, "nextBlock: size must be positive, not \(size)")
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        var lineEnd: Int?
        while !atEnd {
            if bytes.count >= size {
                lineEnd = bytes.lastIndex(of: UInt8(ascii: "\n"))
                if lineEnd != nil { break }
                guard bytes.count <= Self.longestLine else {
                    throw FileError(
                        .badData, file: file, line: nextLine,
                        "a line of more than \(Self.longestLine >> 20) MB",
                        advice: "This is not a text file")
                }
            }
            let more = max(size + (1 << 12) - bytes.count, bytes.count / 2)
            if try source.append(upTo: more, to: &bytes) == 0 { atEnd = true }
        }
        if let lineEnd {
            pending = Array(bytes[(lineEnd + 1)...])
            bytes.removeLast(bytes.count - lineEnd - 1)
        }
        guard !bytes.isEmpty else { return nil }
        let block = Block(bytes: bytes, firstLine: nextLine)
        nextLine += bytes.withUnsafeBufferPointer { bytes in
            bytes.reduce(0) { $0 &+ ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        }
        return block
    }
}
