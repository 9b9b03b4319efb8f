import Arrays
import Bonds
import Datasets
import Files
import Foundation

/// What a store is made of: the options of its build and the tables of its market, so that nothing
/// else is mixed into it later.
struct BuildRecord: Codable, Equatable {
    /// A table as it was read.
    struct Table: Codable, Equatable {
        /// The name of the file: `trades.csv` or `trades.csv.gz`.
        let file: String
        let bytes: Int
        /// Of its bytes, as 16 hexadecimal digits.
        let xxh64: String

        init(path: String) throws(FileError) {
            let map = try MemoryMap(path: path)
            file = path.split(separator: "/").last.map(String.init) ?? path
            bytes = map.bytes.count
            var hash = XXHash64()
            map.withBytes { hash.update($0) }
            xxh64 = hash.hexadecimalDigest
        }
    }

    static let fileName = StoreOrigin.fileName

    let minimumQuantity: Double
    let isHalf: Bool
    let from: String?
    let tables: [Table]

    /// Reads every table that features are made of.
    init(_ build: FeatureBuild) throws(FileError) {
        minimumQuantity = build.minimumQuantity
        isHalf = build.isHalf
        from = build.from?.description
        var tables: [Table] = []
        for input in FeatureInput.all where input.isRead {
            guard let path = try MarketFolder.path(of: input.table, in: build.market) else {
                continue
            }
            tables.append(try Table(path: path))
        }
        self.tables = tables
    }

    /// The record of a store.
    init(store folder: String) throws(FileError) {
        let path = folder + "/" + Self.fileName
        let text = try FileContents.text(of: path)
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw FileError(
                .badData, file: path, "not what this version of Tenor writes into a store",
                advice: "Remove the store and build it anew")
        }
    }

    func write(store folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(
            Array(try encoder.encode(self)), to: folder + "/" + Self.fileName)
    }

    /// - Throws: `FileError` that names every option and table that is not the store's.
    func requireEqual(_ begun: BuildRecord, store folder: String) throws(FileError) {
        var expected: [String] = []
        var found: [String] = []
        if options != begun.options {
            expected.append(begun.options)
            found.append(options)
        }
        let files = Set((tables + begun.tables).map(\.file)).sorted()
        for file in files {
            let here = tables.first { $0.file == file }
            let before = begun.tables.first { $0.file == file }
            guard here != before else { continue }
            expected.append(before?.description ?? "no \(file)")
            found.append(here?.description ?? "no \(file)")
        }
        guard !expected.isEmpty else { return }
        let other = [
            options != begun.options ? "other options" : nil,
            tables != begun.tables ? "another market" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
        throw FileError(
            .badData, file: folder + "/" + Self.fileName, "the store was begun with \(other)",
            expected: expected.joined(separator: ", "), found: found.joined(separator: ", "),
            advice: "Go on with what it was begun with, or choose another --out")
    }

    private var options: String {
        let first = "--min-quantity \(minimumQuantity)" + (isHalf ? " --half" : "")
        return first + (from.map { " --from \($0)" } ?? "")
    }
}

extension BuildRecord.Table: CustomStringConvertible {
    var description: String { "\(file) of \(bytes) bytes, XXH64 \(xxh64)" }
}
