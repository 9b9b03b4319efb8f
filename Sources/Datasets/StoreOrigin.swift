import Files
import Foundation

/// What the rows of feature stores were made of, as far as whoever asks a network that was trained
/// on them has to know.
///
/// A store has it in `build.json`, a checkpoint in its provenance.
public struct StoreOrigin: Sendable, Equatable {
    /// Smaller trades made no row; dollars of par.
    public let minimumQuantity: Double
    /// The tables of the market folder that were there, such as `bonds`, by name.
    public let tables: [String]

    /// Where a store says what it was made of.
    public static let fileName = "build.json"
    private static let quantityKey = "rows.minimum_quantity"
    private static let tablesKey = "rows.tables"

    init(minimumQuantity: Double, tables: some Sequence<String>) {
        self.minimumQuantity = minimumQuantity
        self.tables = Set(tables).sorted()
    }

    /// That of several stores together; nil where one of them does not say.
    public init?(_ stores: [FeatureStore]) throws(FileError) {
        var origins: [StoreOrigin] = []
        for store in stores {
            guard let origin = try StoreOrigin(store: store.path) else { return nil }
            origins.append(origin)
        }
        guard let least = origins.map(\.minimumQuantity).min() else { return nil }
        self.init(minimumQuantity: least, tables: origins.flatMap(\.tables))
    }

    private init?(store folder: String) throws(FileError) {
        struct Build: Decodable {
            struct Table: Decodable {
                let file: String
            }
            let minimumQuantity: Double
            let tables: [Table]
        }
        let path = folder + "/" + Self.fileName
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data = Data(try FileContents.bytes(of: path))
        guard let build = try? JSONDecoder().decode(Build.self, from: data) else {
            throw FileError(
                .badData, file: path, "not what this version of Tenor writes into a store",
                advice: "Remove the store and build it anew")
        }
        self.init(
            minimumQuantity: build.minimumQuantity,
            tables: build.tables.map { String($0.file.prefix { $0 != "." }) })
    }

    /// That which a checkpoint remembers; nil where it does not.
    public init?(provenance: [String: String]) {
        guard let quantity = provenance[Self.quantityKey].flatMap(Double.init),
            let tables = provenance[Self.tablesKey]
        else { return nil }
        self.init(
            minimumQuantity: quantity, tables: tables.split(separator: " ").map(String.init))
    }

    /// What a checkpoint remembers.
    public var provenance: [String: String] {
        [
            Self.quantityKey: Int(exactly: minimumQuantity).map(String.init)
                ?? "\(minimumQuantity)",
            Self.tablesKey: tables.joined(separator: " "),
        ]
    }
}
