import Foundation

/// Adds lines or records to the end of a file, for records that grow while a program runs.
public enum JournalFile {
    /// Adds a line and its newline; where that fails the file is as long as it was.
    public static func append(line: [UInt8], to path: String) throws(FileError) {
        try append(line + [UInt8(ascii: "\n")], to: path)
    }

    /// Adds bytes; where that fails the file is as long as it was.
    public static func append(_ bytes: [UInt8], to path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError.writing(path, code: errno) }
        defer { close(descriptor) }
        let before = lseek(descriptor, 0, SEEK_END)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                let code = errno
                ftruncate(descriptor, before)
                throw FileError.writing(path, code: code)
            }
        }
    }
}
