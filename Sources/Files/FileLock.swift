import Foundation

/// An exclusive lock on a file, for "one writer at a time" (`flock(2)`).
///
/// The kernel drops the lock when the process ends, however it ends, so a lock file that is left
/// behind blocks nobody. Keep the value alive and call `release()` when done; Swift may otherwise
/// end its life after its last use.
public final class FileLock: Sendable {
    private let descriptor: Descriptor
    /// The lock file.
    public let path: String

    /// Takes the lock without waiting; where another process has it, the error names that one.
    public init(path: String) throws(FileError) {
        self.path = path
        var opened: Descriptor
        repeat {
            opened = Descriptor(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666))
            guard opened.number >= 0 else { throw FileError.writing(path, code: errno) }
            guard flock(opened.number, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                guard code == EWOULDBLOCK else { throw FileError.writing(path, code: code) }
                let holder = (try? FileContents.text(of: path))?.trimmingBlanks() ?? ""
                throw FileError(
                    .inputOutput, file: path, "in use by another process",
                    found: holder.isEmpty ? nil : holder,
                    advice: "Wait until it ends, or write to another folder")
            }
            // Whoever had it may have removed it in between: then it locks nothing.
        } while !opened.isLinked
        descriptor = opened
        let holder = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)".utf8)
        ftruncate(descriptor.number, 0)
        guard pwrite(descriptor.number, holder, holder.count, 0) == holder.count else {
            throw FileError.writing(path, code: errno)
        }
    }

    /// Gives the lock back; the file stays.
    public func release() { flock(descriptor.number, LOCK_UN) }

    /// Gives the lock back and removes the file.
    public func remove() {
        unlink(path)
        release()
    }

    /// Gives the lock back and closes a descriptor at the end of its life. Closing alone would leave the
    /// lock with a child that is being spawned right now and has a copy until it becomes its program.
    private final class Descriptor: Sendable {
        let number: Int32
        init(_ number: Int32) { self.number = number }

        /// Whether the file still has a name.
        var isLinked: Bool {
            var status = stat()
            return fstat(number, &status) == 0 && status.st_nlink > 0
        }

        deinit {
            guard number >= 0 else { return }
            flock(number, LOCK_UN)
            close(number)
        }
    }
}
