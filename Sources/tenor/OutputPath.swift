import Arrays
import Bonds
import Datasets
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

    /// - Throws: `FileError` where a table of results would be, or replace, a table of a market folder,
    ///   a file of a feature store, a checkpoint or the state of a run.
    static func checkIsNoInput(_ output: String) throws(FileError) {
        let place = resolved(output)
        let folder = URL(filePath: place).deletingLastPathComponent().path
        let name = URL(filePath: place).lastPathComponent
        let kind: String
        if marketFiles.contains(name), isMarket(folder) {
            kind = "a table of a market folder"
        } else if FeatureStore.isStore(folder), FileManager.default.fileExists(atPath: place) {
            kind = "a file of a feature store"
        } else if (try? SafetensorsFile(path: place, checksum: .unchecked)) != nil {
            kind = "a checkpoint or another safetensors file"
        } else {
            return
        }
        throw FileError(
            .badData, file: output, "the output would replace an input of tenor", found: kind,
            advice: "Choose another --out")
    }

    /// - Throws: `FileError` where the name of a table of forecasts says that it is something else.
    static func check(table output: String) throws(FileError) {
        guard ["", "csv"].contains(format(of: output)) else {
            throw FileError(
                .badData, file: output, "forecasts are written as a table",
                expected: "a name that ends in .csv or .csv.gz", found: output,
                advice: "Choose another --out")
        }
    }

    /// What a name says about the format, `csv` of `quotes.csv.gz`; empty where it says nothing.
    static func format(of output: String) -> String {
        // Elsewhere standard output, which has the summary here.
        if output == "-" { return output }
        let url = URL(filePath: output)
        let named = url.pathExtension == "gz" ? url.deletingPathExtension() : url
        return named.pathExtension.lowercased()
    }

    /// - Throws: `FileError` where no file of this name can be written: told before long work.
    static func check(file output: String) throws(FileError) {
        guard !output.isEmpty, !MarketFolder.isFolder(output) else {
            throw FileError(
                .inputOutput, file: output,
                output.isEmpty ? "a file without a name" : "is a folder",
                expected: "a file to write", advice: "Choose another --out")
        }
        let folder = URL(filePath: resolved(output)).deletingLastPathComponent().path
        guard MarketFolder.isFolder(folder) else {
            throw FileError(
                .inputOutput, file: output, "the folder is not there", expected: folder,
                advice: "Make it, or choose another --out")
        }
    }

    /// - Throws: `FileError` where results, or states, would lie among the files of a market or a store.
    static func check(folder output: String, option: String) throws(FileError) {
        guard isMarket(output) || FeatureStore.isStore(output) else { return }
        throw FileError(
            .badData, file: output,
            "the folder is \(isMarket(output) ? "a market" : "a feature store")",
            expected: "a folder of its own", advice: "Choose another \(option)")
    }

    private static let marketFiles = Set(
        (FeatureInput.all.map(\.table) + ["truth", "quotes"])
            .flatMap { [$0 + ".csv", $0 + ".csv.gz"] } + ["manifest.json", ImportAudit.fileName])

    private static func isMarket(_ folder: String) -> Bool {
        (try? MarketFolder.path(of: "bonds", in: folder)) != nil
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
