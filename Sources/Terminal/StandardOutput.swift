import Foundation

/// Where results go: text through `print`, and with `--json` one object.
package enum StandardOutput {
    /// Prints one JSON object, keys in snake case and sorted.
    package static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
