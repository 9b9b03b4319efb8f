import Features
import Files
import Foundation
import Tape

/// Where results go must not be where they come from, and no file comes in twice.
enum OutputPath {
    /// - Throws: `FileError` where writing to `output` would replace one of the inputs.
    static func check(_ output: String, isNot inputs: [String]) throws(FileError) {
        for input in inputs where resolved(input) == resolved(output) {
            throw FileError(
                .badData, file: output, "the output would replace an input", found: input,
                advice: "Choose another --out")
        }
    }

    /// - Throws: `FileError` where writing to `output` would replace a file of a folder that is read,
    ///   a market or a feature store.
    static func check(_ output: String, isNotIn folder: String) throws(FileError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        try check(output, isNot: names.map { folder + "/" + $0 })
    }

    /// - Throws: `FileError` where a market would be written among other things.
    static func check(marketFolder output: String) throws(FileError) {
        let tables = FeatureInput.all.flatMap { [$0.table + ".csv", $0.table + ".csv.gz"] }
        try Folder.requireOutput(
            output, for: "a market folder", known: tables + [ImportAudit.fileName])
    }

    /// - Throws: `FileError` where a report would be written among other things.
    static func check(reportFolder output: String) throws(FileError) {
        try Folder.requireOutput(output, for: "a report", known: ["metrics.json"])
    }

    /// - Throws: `FileError` where a file is among others already.
    static func check(
        _ file: String, isNotTwiceIn others: some Sequence<String>
    ) throws(FileError) {
        for other in others where resolved(other) == resolved(file) {
            throw FileError(
                .badData, file: file, "the file is given twice", advice: "Give each file once")
        }
    }

    private static func resolved(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
