import Bonds
import Files
import Foundation

/// What evaluation needs of a market folder: bonds and ratings, Treasuries where it has them.
public struct MarketReference: Sendable {
    public let folder: String
    let bonds: BondTable
    let ratings: RatingTable
    /// Who rates the bonds.
    let ratingAgencies: Set<String>
    let treasuries: TreasuryTable?
    /// Whether the folder's manifest says that the market is simulated.
    public let isSimulated: Bool
    private let byFIGI: [String: Int]

    /// The folder, and whether it is simulated, for readers.
    var title: String { folder + (isSimulated ? " (simulated market)" : "") }

    /// Reads `bonds.csv`, and `ratings.csv`, `treasuries.csv` and `manifest.json` where they are
    /// there.
    public init(folder: String) throws(FileError) {
        self.folder = folder
        bonds = try BondTable(market: folder)
        let ratings = try RatingRow.readIfPresent(market: folder)
        self.ratings = RatingTable(ratings)
        ratingAgencies = Set(ratings.map(\.agency))
        let ticks = try TreasuryRow.readIfPresent(market: folder)
        treasuries = ticks.isEmpty ? nil : TreasuryTable(ticks)
        byFIGI = Dictionary(
            bonds.rows.enumerated().map { ($1.figi, $0) }, uniquingKeysWith: { first, _ in first })
        isSimulated = try Self.saysSimulated(folder + "/manifest.json")
    }

    /// Whether the simulated market's own ratings stand for those of an agency that it has not.
    func simulates(agency: String) -> Bool {
        isSimulated && !ratingAgencies.isEmpty && !ratingAgencies.contains(agency)
    }

    /// Where a bond stands in `bonds.rows`, by CUSIP or FIGI.
    func index(_ identifier: String) -> Int? {
        bonds.index(cusip: identifier) ?? (identifier.isEmpty ? nil : byFIGI[identifier])
    }

    private static func saysSimulated(_ manifest: String) throws(FileError) -> Bool {
        guard FileManager.default.fileExists(atPath: manifest) else { return false }
        let bytes = try FileContents.bytes(of: manifest)
        guard let value = try? JSONSerialization.jsonObject(with: Data(bytes)),
            let object = value as? [String: Any]
        else {
            throw FileError(
                .badData, file: manifest, "not a JSON object",
                advice: "Make the market folder again")
        }
        if let simulated = object["simulated"] as? Bool { return simulated }
        return object.values.contains {
            ($0 as? String)?.lowercased().hasPrefix("simulated") ?? false
        }
    }
}
