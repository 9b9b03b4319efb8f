import Bonds
import Files
import Foundation
import Tape

/// Writes a simulated market as a market folder.
///
/// The market is made in a folder beside it and takes its place when it is complete; when anything
/// fails before, or the work is interrupted, the folder is what it was.
public struct SimulatedMarketFolder {
    /// The folder.
    public let path: String
    /// The files of the market that the folder holds.
    private let olderFiles: [String]

    /// Checks that a folder may be written to: one that is new, empty, or holds a simulated market,
    /// which the new one replaces.
    ///
    /// - Throws: `FileError` where the folder holds anything else.
    public init(_ path: String) throws(FileError) {
        self.path = path
        let older = try MarketManifest.read(market: path)
        olderFiles = older.map { [MarketManifest.name] + $0.files.map(\.name) } ?? []
        for name in Self.files(in: path) where !olderFiles.contains(name) {
            throw FileError(
                .badData, file: path + "/" + name, "not a file of a simulated market",
                advice: "Choose another --out, or remove what the folder holds")
        }
    }

    /// Lets a market be replaced only by the same one, of more or fewer days and files perhaps.
    ///
    /// - Throws: `FileError` where the folder holds a market of other settings.
    public func requireSame(as settings: MarketSettings) throws(FileError) {
        guard let older = try MarketManifest.read(market: path)?.settings else { return }
        var same = older
        (same.days, same.quotes, same.rawFiles) = (
            settings.days, settings.quotes, settings.rawFiles
        )
        guard same != settings else { return }
        throw FileError(
            .badData, file: path, "the folder holds another simulated market",
            expected: Self.text(settings), found: Self.text(older),
            advice: "Choose another --out, or remove the folder")
    }

    private static func text(_ settings: MarketSettings) -> String {
        "seed \(settings.seed), \(settings.bonds) bonds from \(settings.start)"
            + (settings.linearGaussian
                ? ", linear and Gaussian" : ", equity lag \(settings.equityLag)")
    }

    /// Simulates all days of a market into the folder.
    ///
    /// - Parameters:
    ///   - version: of the program, for the manifest.
    ///   - observe: is given every day before it is written; what it throws ends the work.
    public func write(
        _ market: any SimulatedMarket, version: String,
        observe: (SimulatedDay) throws -> Void = { _ in }
    ) throws -> MarketManifest {
        let place = URL(filePath: path).resolvingSymlinksInPath().path
        let staging = place + ".partial"
        // One that a killed run left behind.
        try? FileManager.default.removeItem(atPath: staging)
        try Folder.make(staging)
        var manifest = MarketManifest(
            version: version, settings: market.settings, bonds: market.bonds.count,
            issuers: Set(market.bonds.map(\.issuer)).count, trades: 0)
        do {
            try DayTableFiles.write(market, to: staging) { tables in
                var tape = try SimulatedTape(market: market, folder: staging)
                while let day = market.nextDay() {
                    try observe(day)
                    try tables.append(day.tables)
                    try tape.append(day)
                    manifest.count(day)
                }
                try BondRow.write(market.bonds, market: staging)
                try CallRow.write(market.calls, market: staging)
                try EntityRow.write(market.entities, market: staging)
                try RatingRow.write(market.ratings, market: staging)
                manifest.tape = try tape.finish()
            }
            for name in Self.files(in: staging) {
                let (digest, bytes) = try SHA256.ofFile(staging + "/" + name)
                manifest.files.append(
                    MarketManifest.File(name: name, bytes: bytes, sha256: digest))
            }
            try manifest.write(market: staging)
            remove(olderFiles)
            rmdir(place)
            guard rename(staging, place) == 0 else {
                throw FileError(
                    .inputOutput, file: path, "cannot be replaced",
                    found: String(cString: strerror(errno)), advice: "Choose another --out")
            }
        } catch {
            try? FileManager.default.removeItem(atPath: staging)
            throw error
        }
        return manifest
    }

    /// Removes files of a simulated market, and the folders in it that are empty then.
    private func remove(_ names: [String]) {
        for name in names { unlink(path + "/" + name) }
        for folder in Set(names.compactMap { $0.split(separator: "/").dropLast().first }) {
            rmdir(path + "/" + folder)
        }
    }

    /// The names of all files in a folder and those below it, in order.
    private static func files(in folder: String) -> [String] {
        let entries = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        return (entries ?? []).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(
                atPath: folder + "/" + name, isDirectory: &isFolder) && !isFolder.boolValue
        }.sorted()
    }
}
