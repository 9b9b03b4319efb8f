import Foundation

/// Makes folders.
public enum Folder {
    /// Makes a folder and those above it, where they are not there yet.
    public static func make(_ path: String) throws(FileError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw FileError(
                    .inputOutput, file: path, "a file has this name", expected: "a folder",
                    advice: "Choose another name")
            }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]))
        }
        // Another process may have made it in between.
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw FileError.writing(path, code: errno)
        }
    }
}
