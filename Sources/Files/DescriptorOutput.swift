import Foundation

/// Writes bytes to an open file: as they come, or, of a large file, in whole blocks that go around
/// the page cache.
///
/// What is written once and read later, if at all, would push out of the cache what others need, and
/// each page of it costs a page of new memory: on a virtual machine far more than the copy.
final class DescriptorOutput {
    private let descriptor: Int32
    /// The name that errors tell.
    private let file: String
    /// Where a block is filled; nil where bytes are written as they come.
    private let block: UnsafeMutableRawBufferPointer?
    private var filled = 0

    private static let blockSize = 4 << 20
    /// The strictest disks' sectors, and a page of memory.
    private static let alignment = 4096

    init(descriptor: Int32, file: String, isLarge: Bool) {
        self.descriptor = descriptor
        self.file = file
        block =
            isLarge && Self.setDirect(descriptor, true)
            ? .allocate(byteCount: Self.blockSize, alignment: Self.alignment) : nil
    }

    deinit { block?.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        guard let block else { return try writeNow(bytes) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(block.count - filled)
            UnsafeMutableRawBufferPointer(rebasing: block[filled...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece))
            filled += piece.count
            rest = rest.dropFirst(piece.count)
            guard filled == block.count else { return }
            try writeNow(UnsafeRawBufferPointer(block))
            filled = 0
        }
    }

    /// Writes the rest, which is no whole block.
    func finish() throws(FileError) {
        guard let block else { return }
        Self.setDirect(descriptor, false)
        try writeNow(UnsafeRawBufferPointer(rebasing: block[..<filled]))
        filled = 0
    }

    private func writeNow(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = Foundation.write(descriptor, piece.baseAddress, piece.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EINVAL, Self.isDirect(descriptor) {
                // This file system asks for another alignment, or a part of a block was written.
                Self.setDirect(descriptor, false)
            } else if errno != EINTR {
                throw FileError.writing(file, code: errno)
            }
        }
    }

    #if os(Linux)
        // A macro that Swift does not see.
        #if arch(arm64) || arch(arm)
            private static let directFlag: Int32 = 0o200000
        #else
            private static let directFlag: Int32 = 0o40000
        #endif

        private static func isDirect(_ descriptor: Int32) -> Bool {
            let flags = fcntl(descriptor, F_GETFL)
            return flags >= 0 && flags & directFlag != 0
        }

        /// - Returns: whether the file system does it.
        @discardableResult
        private static func setDirect(_ descriptor: Int32, _ isDirect: Bool) -> Bool {
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0 else { return false }
            let wanted = isDirect ? flags | directFlag : flags & ~directFlag
            return fcntl(descriptor, F_SETFL, wanted) == 0
        }
    #else
        private static func isDirect(_ descriptor: Int32) -> Bool { false }

        @discardableResult
        private static func setDirect(_ descriptor: Int32, _ isDirect: Bool) -> Bool {
            fcntl(descriptor, F_NOCACHE, isDirect ? 1 : 0) == 0
        }
    #endif
}
