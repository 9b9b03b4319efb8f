import Datasets
import Files
import Foundation
import Testing

@Suite struct StoreOriginTests {
    /// A store without rows that was made of some tables; nil for one that does not say.
    private func store(_ scratch: Scratch, _ build: String?) throws -> FeatureStore {
        let folder = scratch.path + "/" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let schema = FeatureSchema(
            state: [], condition: [], sequences: [], channels: 0, sectors: [], options: [])
        try AtomicFile.write(schema.json(), to: folder + "/" + FeatureSchema.fileName)
        if let build { try AtomicFile.write(Array(build.utf8), to: folder + "/build.json") }
        return try FeatureStore(path: folder)
    }

    private func build(_ quantity: String, _ files: String...) -> String {
        let tables = files.map { #"{"bytes": 1, "file": "\#($0)", "xxh64": "0"}"# }
        return #"{"isHalf": false, "minimumQuantity": \#(quantity), "tables": ["#
            + tables.joined(separator: ", ") + "]}"
    }

    @Test("What a store was made of goes through a checkpoint's provenance and back")
    func provenance() throws {
        let scratch = try Scratch()
        let made = try StoreOrigin([
            store(scratch, build("150000", "trades.csv.gz", "bonds.csv"))
        ])
        let origin = try #require(made)
        #expect(origin.minimumQuantity == 150_000)
        #expect(origin.tables == ["bonds", "trades"])
        let provenance = origin.provenance
        #expect(provenance["rows.minimum_quantity"] == "150000")
        #expect(provenance["rows.tables"] == "bonds trades")
        #expect(StoreOrigin(provenance: provenance) == origin)
        // A checkpoint of an earlier version.
        #expect(StoreOrigin(provenance: ["schema": "a"]) == nil)
    }

    @Test("Of several stores the least size and all tables count, and nothing where one is silent")
    func several() throws {
        let scratch = try Scratch()
        let large = try store(scratch, build("150000", "bonds.csv", "ratings.csv"))
        let small = try store(scratch, build("0.5", "bonds.csv", "calls.csv"))
        let both = try #require(try StoreOrigin([large, small]))
        #expect(both.minimumQuantity == 0.5)
        #expect(both.tables == ["bonds", "calls", "ratings"])
        #expect(StoreOrigin(provenance: both.provenance) == both)
        let silent = try store(scratch, nil)
        #expect(try StoreOrigin([large, silent]) == nil)
        let error = fileError { _ = try StoreOrigin([large, store(scratch, "{}")]) }
        #expect(error?.kind == .badData && error?.file.hasSuffix("/build.json") == true)
    }
}
