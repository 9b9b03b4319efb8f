import Bonds
import Files
import Foundation
import Simulation
import Testing

/// Protects the files of a simulated market: complete or not there, and nobody else's overwritten.
@Suite struct SimulatedMarketFolderTests {
    struct Stop: Error {}

    private let scratch: RegressionFilesTests.Folder
    private var folder: String { scratch.path }

    init() throws { scratch = try RegressionFilesTests.Folder() }

    private func write(
        _ settings: MarketSettings, to folder: String,
        observe: (SimulatedDay) throws -> Void = { _ in }
    ) throws -> MarketManifest {
        try SimulatedMarketFolder(folder).write(
            settings.makeMarket(), version: "1.2.3", observe: observe)
    }

    private func names(_ folder: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    @Test func allTablesCanBeReadBack() throws {
        let settings = MarketSimulatorTests.settings(bonds: 60, days: 3) { $0.quotes = true }
        let manifest = try write(settings, to: folder)
        let summary = try MarketSummary(market: folder)
        #expect(summary.absent.isEmpty)
        #expect(summary.doubts.isEmpty)
        let days = try MarketSimulatorTests.days(settings)
        #expect(try TreasuryRow.read(market: folder) == days.flatMap(\.tables.treasuries))
        #expect(try HoldingRow.read(market: folder) == days.flatMap(\.tables.holdings))
        #expect(try SwapRow.read(market: folder) == days.flatMap(\.tables.swaps))
        #expect(try names(folder).contains("quotes.csv"))

        #expect(try MarketManifest.read(market: folder) == manifest)
        #expect(manifest.simulated && manifest.version == "1.2.3")
        #expect(manifest.settings == settings)
        #expect(manifest.days.map(\.trades) == days.map(\.trades.count))
        for file in manifest.files {
            let (digest, bytes) = try SHA256.ofFile(folder + "/" + file.name)
            #expect(digest == file.sha256 && bytes == file.bytes)
        }
        #expect(Set(manifest.files.map(\.name)).union(["manifest.json"]) == (try names(folder)))
    }

    @Test func anotherMarketReplacesIt() throws {
        let first = MarketSimulatorTests.settings(bonds: 40, days: 1) { $0.quotes = true }
        _ = try write(first, to: folder)
        let second = try write(
            MarketSimulatorTests.settings(bonds: 40, days: 1, seed: 2), to: folder)
        #expect(try !names(folder).contains("quotes.csv"))
        #expect(try MarketManifest.read(market: folder) == second)
    }

    @Test func aFolderOfSomethingElseIsRefused() throws {
        let mine = folder + "/thesis.txt"
        try AtomicFile.write(Array("mine".utf8), to: mine)
        #expect(throws: FileError.self) { try SimulatedMarketFolder(folder) }
        #expect(try FileContents.text(of: mine) == "mine")
        // Also beside a market.
        try FileManager.default.removeItem(atPath: mine)
        _ = try write(MarketSimulatorTests.settings(bonds: 20, days: 1), to: folder)
        try AtomicFile.write(Array("mine".utf8), to: mine)
        #expect(throws: FileError.self) { try SimulatedMarketFolder(folder) }
    }

    @Test func whatIsStoppedLeavesNothing() throws {
        let inner = folder + "/market"
        for path in [inner, folder] {
            #expect(throws: Stop.self) {
                try write(MarketSimulatorTests.settings(bonds: 40, days: 3), to: path) { day in
                    if day.index == 1 { throw Stop() }
                }
            }
        }
        #expect(try names(folder).isEmpty)
    }

    /// Fixes the bytes: a change makes every figure that was published of a market incomparable.
    @Test func bytesStayWhatTheyWere() throws {
        let manifest = try write(MarketSimulatorTests.settings(bonds: 60, days: 2), to: folder)
        let digests = Dictionary(
            uniqueKeysWithValues: manifest.files.map { ($0.name, String($0.sha256.prefix(8))) })
        let expected = [
            "bonds.csv": "d86a8f8d", "calls.csv": "25db8857", "cds.csv": "091a3a95",
            "entities.csv": "eb9ae9ab", "equities.csv": "8e2a4e9d", "funds.csv": "377750fc",
            "holdings.csv": "bbd7f891", "markets.csv": "b9b287fa", "ratings.csv": "0a1758a7",
            "treasuries.csv": "38446452",
        ]
        for (name, digest) in expected { #expect(digests[name] == digest, "\(name)") }
    }
}
