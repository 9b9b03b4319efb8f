import Foundation

/// What the tests need of `swift package dump-package`.
struct Manifest: Decodable {
    var products: [Product]
    var targets: [Target]

    struct Product: Decodable {
        var name: String
    }

    struct Target: Decodable {
        var name: String
        var type: String
        var path: String?
        var dependencies: [Dependency] = []
        var settings: [Setting] = []

        /// Neither a test nor a system library: code of ours that ships.
        var ships: Bool { type == "regular" || type == "executable" }
    }

    /// A target or a product of another package; Swift code imports either by this name.
    struct Dependency: Decodable {
        var name: String

        init(name: String) {
            self.name = name
        }

        init(from decoder: any Decoder) throws {
            // {"byName": ["Files", null]} or {"product": ["Yams", "Yams", null, null]}
            let kinds = try decoder.singleValueContainer().decode([String: [OneOf]].self)
            guard case .text(let name)? = kinds.values.first?.first else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "no name"))
            }
            self.name = name
        }

        private enum OneOf: Decodable {
            case text(String), other

            init(from decoder: any Decoder) throws {
                let text = try? decoder.singleValueContainer().decode(String.self)
                self = text.map(OneOf.text) ?? .other
            }
        }
    }

    struct Setting: Decodable {
        var kind: String

        init(kind: String) {
            self.kind = kind
        }

        init(from decoder: any Decoder) throws {
            // {"kind": {"enableUpcomingFeature": {…}}, "tool": "swift"}
            let container = try decoder.container(keyedBy: Key.self)
            let kinds = try container.nestedContainer(keyedBy: Key.self, forKey: Key("kind"))
            kind = kinds.allKeys.map(\.stringValue).joined(separator: ",")
        }

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(_ text: String) { stringValue = text }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}

extension Manifest {
    /// The folder of Package.swift.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// This package's manifest, as SwiftPM reads it.
    static func ofThisPackage() throws -> Manifest {
        // Inside `swift test` the package's own build folder is locked: without a scratch folder
        // of its own this would wait for ever.
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "tenor-manifest-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: scratch) }

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path,
            "--disable-sandbox", "dump-package",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let json = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DumpFailed(exit: process.terminationStatus)
        }
        return try JSONDecoder().decode(Manifest.self, from: json)
    }

    struct DumpFailed: Error {
        var exit: Int32
    }
}
