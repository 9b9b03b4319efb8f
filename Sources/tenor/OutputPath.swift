import Files
import Foundation

/// Where results go must not be where they come from.
enum OutputPath {
    /// - Throws: `FileError` where writing to `output` would replace one of the inputs.
    static func check(_ output: String, isNot inputs: [String]) throws(FileError) {
        for input in inputs where resolved(input) == resolved(output) {
            throw FileError(
                .badData, file: output, "the output would replace an input", found: input,
                advice: "Choose another --out")
        }
    }

    private static func resolved(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
