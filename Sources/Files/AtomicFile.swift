import Foundation

/// Writes files so that a reader sees the old one or the new one, never a half.
///
/// The bytes go to a temporary name in the same folder, are synced, and take the final name in one
/// step; on any error the temporary file is removed and the old file stays. A path that ends in
/// `.gz` is packed. A device or pipe (`/dev/stdout`) is written to directly.
public enum AtomicFile {
    /// Writes all bytes of a file at once.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let output = try PartialFile(path: path)
        do {
            try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
                var sink = output.sink
                try sink.append(UnsafeRawBufferPointer(bytes))
            }
            try output.commit()
        } catch {
            output.discard()
            throw error
        }
    }

    /// Writes a file piece by piece; when the body throws, nothing is kept.
    /// - Parameter isLarge: whether the bytes should go around the system's page cache, as those of a
    ///   file that is not read at once and too large to be kept there.
    public static func write(
        to path: String, isLarge: Bool = false, _ body: (inout FileSink) throws -> Void
    ) throws {
        let output = try PartialFile(path: path, isLarge: isLarge)
        do {
            var sink = output.sink
            try body(&sink)
            try output.commit()
        } catch {
            output.discard()
            throw error
        }
    }
}

/// A file on its way, for one that is written over a long time: open under a temporary name until it
/// is committed; discarded where it never is.
public final class PartialFile {
    /// Where the bytes are appended.
    public let sink: FileSink
    /// The name that the user gave, for errors.
    private let path: String
    /// Where the bytes end up: the path with its symbolic links followed.
    private let target: String
    /// Nil where the target is a device and is written directly.
    private let temporary: String?
    private var descriptor: Int32
    private var isCommitted = false

    /// Opens a file under a temporary name, beside the one that it will have.
    /// - Parameter isLarge: whether the bytes should go around the system's page cache.
    public init(path: String, isLarge: Bool = false) throws(FileError) {
        self.path = path
        var status = stat()
        let exists = stat(path, &status) == 0
        let type = status.st_mode & S_IFMT
        if exists, type == S_IFDIR { throw FileError.writing(path, code: EISDIR) }
        if exists, type != S_IFREG {
            target = path
            temporary = nil
            descriptor = open(path, O_WRONLY | O_CLOEXEC)
        } else {
            target = exists ? Self.resolved(path) : path
            let (folder, name) = Self.split(target)
            let stem = ".\(name.prefix(200))."
            Self.removeAbandoned(in: folder, prefix: stem)
            (temporary, descriptor) = Self.openTemporary(folder + "/" + stem)
            if exists, descriptor >= 0 { fchmod(descriptor, status.st_mode & 0o7777) }
        }
        guard descriptor >= 0 else { throw FileError.writing(path, code: errno) }
        sink = FileSink(
            storage: FileSink.Storage(
                descriptor: descriptor, file: path, isLarge: isLarge && temporary != nil))
    }

    deinit { discard() }

    /// Removes what processes that were killed left under temporary names; what somebody writes
    /// right now stays.
    /// - Parameter prefix: what the names begin with.
    public static func removeAbandoned(in folder: String, prefix: String = ".") {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            let file = open(folder + "/" + name, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            if flock(file, LOCK_EX | LOCK_NB) == 0 { unlink(folder + "/" + name) }
        }
    }

    /// Makes a file whose lock tells that somebody writes it, for as long as somebody does.
    private static func openTemporary(_ stem: String) -> (path: String, descriptor: Int32) {
        while true {
            let tag = String(UInt32.random(in: 0 ... .max), radix: 36)
            let path = "\(stem)\(getpid())-\(tag)" + suffix
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { return (path, descriptor) }
            var status = stat()
            // Taken for abandoned and removed in the moment before it was locked, it is made anew.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
                status.st_nlink == 0
            {
                close(descriptor)
                continue
            }
            return (path, descriptor)
        }
    }

    private static let suffix = ".partial"

    /// Completes the file and gives it its name.
    public func commit() throws(FileError) {
        try sink.storage.finish()
        guard let temporary else {
            try closeChecked()
            isCommitted = true
            return
        }
        guard fsync(descriptor) == 0 else { throw FileError.writing(path, code: errno) }
        try closeChecked()
        guard rename(temporary, target) == 0 else { throw FileError.writing(path, code: errno) }
        isCommitted = true
        // The rename itself lives in the folder, so the folder is synced too. Some file systems
        // refuse that; the file is complete either way.
        let folder = open(Self.split(target).folder, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    /// Removes the file, unless it was committed.
    public func discard() {
        guard !isCommitted else { return }
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if let temporary { unlink(temporary) }
    }

    private func closeChecked() throws(FileError) {
        let result = close(descriptor)
        descriptor = -1
        guard result == 0 else { throw FileError.writing(path, code: errno) }
    }

    private static func resolved(_ path: String) -> String {
        guard let pointer = realpath(path, nil) else { return path }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    private static func split(_ path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), path[path.index(after: slash)...])
    }
}
