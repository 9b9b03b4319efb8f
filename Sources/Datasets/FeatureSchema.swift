import Arrays
import Files
import Foundation

/// What one feature is.
public struct FeatureDefinition: Codable, Hashable, Sendable {
    /// Unique in its schema.
    public let name: String
    public let family: String
    /// What a value of 1 is.
    public let unit: String
    /// The span of time or the prints that it looks at.
    public let window: String
    /// What stands there where nothing is known.
    public let missing: String
    /// Of the formula: a feature that is computed otherwise gets another.
    public let version: Int

    public init(
        name: String, family: String, unit: String, window: String, missing: String,
        version: Int = 1
    ) {
        self.name = name
        self.family = family
        self.unit = unit
        self.window = window
        self.missing = missing
        self.version = version
    }
}

/// Which features the columns of a feature store hold.
///
/// The state of a bond and the condition of a trade stand apart, so that one state serves many
/// conditions. The first features of the state are sequences, row by row: read in place, they are a
/// matrix of steps by channels.
public struct FeatureSchema: Codable, Hashable, Sendable {
    /// Steps of the sequence part that belong together, the newest first.
    public struct Sequence: Codable, Hashable, Sendable {
        public let name: String
        /// The first step of the sequence part.
        public let start: Int
        public let steps: Int

        public init(name: String, start: Int, steps: Int) {
            self.name = name
            self.start = start
            self.steps = steps
        }
    }

    public let state: [FeatureDefinition]
    public let condition: [FeatureDefinition]
    public let sequences: [Sequence]
    /// Numbers in a step of the sequence part.
    public let channels: Int
    /// The sectors that have a feature of their own, in its order.
    public let sectors: [String]
    /// Optional families that are in the state.
    public let options: [String]
    /// Numbers that the formulas use, by name.
    public let constants: [String: Double]
    /// XXH64 of all the rest, as 16 hexadecimal digits.
    public let hash: String

    public init(
        state: [FeatureDefinition], condition: [FeatureDefinition], sequences: [Sequence],
        channels: Int, sectors: [String], options: [String], constants: [String: Double] = [:]
    ) {
        self.state = state
        self.condition = condition
        self.sequences = sequences
        self.channels = channels
        self.sectors = sectors
        self.options = options
        self.constants = constants
        var text = "channels \(channels)\n"
        for sequence in sequences {
            text += "sequence \(sequence.name) \(sequence.start) \(sequence.steps)\n"
        }
        text += "sectors " + sectors.joined(separator: "|") + "\n"
        text += "options " + options.joined(separator: "|") + "\n"
        for (name, value) in constants.sorted(by: { $0.key < $1.key }) {
            text += "constant \(name) \(value)\n"
        }
        for (part, features) in [("state", state), ("condition", condition)] {
            for feature in features {
                text +=
                    [
                        part, feature.name, feature.family, feature.unit, feature.window,
                        feature.missing, String(feature.version),
                    ].joined(separator: "|") + "\n"
            }
        }
        var hash = XXHash64()
        Array(text.utf8).withUnsafeBytes { hash.update($0) }
        self.hash = hash.hexadecimalDigest
    }

    /// The constants as one line of JSON, sorted by name.
    public var constantsText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(constants)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The constants that ``constantsText`` gave; nil where a text is none of it.
    public static func constants(text: String) -> [String: Double]? {
        try? JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    }

    /// All features, those of the state first.
    public var features: [FeatureDefinition] { state + condition }

    /// The file of a schema in the folder of a store.
    public static let fileName = "schema.json"

    /// Reads the schema of a feature store.
    public init(store folder: String) throws(FileError) {
        let path = folder + "/" + Self.fileName
        let text = try FileContents.text(of: path)
        let read: Self
        do {
            read = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw FileError(
                .badData, file: path, "not the schema of a feature store",
                expected: "the JSON that tenor features writes", found: Self.reason(error),
                advice: "Build the store anew with tenor features")
        }
        self.init(
            state: read.state, condition: read.condition, sequences: read.sequences,
            channels: read.channels, sectors: read.sectors, options: read.options,
            constants: read.constants)
        guard hash == read.hash else {
            throw FileError(
                .badData, file: path, "the schema was changed after it was written",
                expected: "hash \(hash)", found: read.hash,
                advice: "Build the store anew with tenor features")
        }
    }

    /// What is wrong with a JSON text, in a few words.
    private static func reason(_ error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? "" : " at \(path)"
        }
        return switch error {
        case DecodingError.keyNotFound(let key, let context):
            "no key '\(key.stringValue)'" + place(context)
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            "another type" + place(context)
        default: "a text that is no JSON"
        }
    }

    /// The schema as JSON: the same schema gives the same bytes.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
