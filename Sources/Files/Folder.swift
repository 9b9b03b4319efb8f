import Foundation

/// Makes folders, and keeps what is in them.
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

    /// Lets results be written only where nothing else is.
    /// - Parameters:
    ///   - known: files by which a folder of the same kind is known.
    /// - Throws: `FileError` where the folder is there, holds files and none of those.
    public static func requireOutput(
        _ path: String, for kind: String, known: [String]
    ) throws(FileError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let shown = names.filter { !$0.hasPrefix(".") }.sorted()
        guard let first = shown.first, !shown.contains(where: known.contains) else { return }
        throw FileError(
            .badData, file: path, "the folder holds something else",
            expected: "a new or an empty folder, or \(kind)",
            found: first + (shown.count > 1 ? " and \(shown.count - 1) more" : ""),
            advice: "Choose another --out")
    }
}
