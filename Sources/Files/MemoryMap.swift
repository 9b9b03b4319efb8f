import Foundation

/// The bytes of a file, mapped into memory read-only and loaded by the system when touched.
///
/// The file must not be cut short while it is mapped; files written by `AtomicFile` never are,
/// because a new version is a new file.
public final class MemoryMap: @unchecked Sendable {
    /// The bytes; valid as long as the map lives, which may end after its last use: whoever keeps
    /// the bytes keeps the map too.
    public let bytes: UnsafeRawBufferPointer

    /// Runs a body on the bytes, with the map alive all along.
    public func withBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    /// Asks the system to read some of the bytes in the background, before they are touched.
    public func willRead(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<bytes.count)
        guard let address = bytes.baseAddress, !range.isEmpty else { return }
        let start = range.lowerBound & ~(Int(getpagesize()) - 1)
        madvise(
            UnsafeMutableRawPointer(mutating: address + start), range.upperBound - start,
            MADV_WILLNEED)
    }

    public init(path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.reading(path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError.reading(path, code: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw FileError.folderNotFile(path)
        default:
            throw FileError(
                .missing, file: path, "not a regular file", expected: "a file on a disk",
                advice: "Save the data to a file first")
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            // Nothing can be mapped, and nothing has to be.
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
            address != MAP_FAILED
        else { throw FileError.reading(path, code: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    deinit {
        if let address = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
        }
    }
}
