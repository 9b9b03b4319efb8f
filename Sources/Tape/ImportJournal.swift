import Files
import Foundation

/// `audit.json` of a market folder: a list with the audit of each import into it, the last one last.
struct ImportJournal {
    private let path: String
    /// As they were written, also by another version of the program.
    private var audits: [Any] = []

    /// - Parameter isContinued: whether the folder's audits are kept; else they are begun anew.
    init(folder: String, isContinued: Bool) throws(FileError) {
        path = folder + "/" + ImportAudit.fileName
        guard isContinued, FileManager.default.fileExists(atPath: path) else { return }
        let data = Data(try FileContents.bytes(of: path))
        switch try? JSONSerialization.jsonObject(with: data) {
        case let list as [Any]: audits = list
        case let one as [String: Any]: audits = [one]
        default:
            throw FileError(
                .badData, file: path, "not a list of audits", expected: "what 'tenor import' wrote",
                advice: "Move the file away; the tape itself does not need it")
        }
    }

    /// Adds an audit and writes the file.
    mutating func append(_ audit: ImportAudit) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        audits.append(try JSONSerialization.jsonObject(with: encoder.encode(audit)))
        let text = try JSONSerialization.data(
            withJSONObject: audits, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try AtomicFile.write(Array(text), to: path)
    }
}
