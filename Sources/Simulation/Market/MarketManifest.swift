import Bonds
import Files
import Foundation

/// `manifest.json` of a simulated market: what it was made from, and what it is made of.
public struct MarketManifest: Codable, Sendable, Equatable {
    /// A file of the folder.
    public struct File: Codable, Sendable, Equatable {
        /// Relative to the folder.
        public var name: String
        public var bytes: Int
        /// The hash of its bytes, in hexadecimal digits.
        public var sha256: String
    }

    /// What one day added.
    public struct Day: Codable, Sendable, Equatable {
        public var date: CalendarDate
        public var trades: Int
        /// Trades of at least 150,000 dollars of par.
        public var largeTrades: Int
    }

    /// Always true: no evidence about real markets.
    public var simulated = true
    /// The version of Tenor that made it.
    public var version: String
    public var settings: MarketSettings
    public var bonds: Int
    public var issuers: Int
    public var trades: Int
    /// What came of them on the tape.
    public var tape: SimulatedTape.Summary?
    public var files: [File] = []
    public var days: [Day] = []

    public static let name = "manifest.json"

    /// Counts a day in.
    mutating func count(_ day: SimulatedDay) {
        trades += day.trades.count
        days.append(
            Day(
                date: day.date, trades: day.trades.count,
                largeTrades: day.trades.count { $0.quantity >= 150_000 }))
    }

    /// The manifest of a folder; nil where there is none.
    public static func read(market folder: String) throws(FileError) -> MarketManifest? {
        let path = folder + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let bytes = try FileContents.bytes(of: path)
        do {
            return try decoder.decode(MarketManifest.self, from: Data(bytes))
        } catch {
            throw FileError(
                .badData, file: path, "not the manifest of a simulated market",
                found: "\(error)", advice: "Simulate into another folder")
        }
    }

    /// Writes the manifest of a folder.
    public func write(market folder: String) throws(FileError) {
        let bytes: [UInt8]
        do {
            bytes = Array(try Self.encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            throw FileError(
                .inputOutput, file: folder + "/" + Self.name, "cannot be written: \(error)")
        }
        try AtomicFile.write(bytes, to: folder + "/" + Self.name)
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
