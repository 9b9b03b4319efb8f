import Arrays
import Bonds
import Files
import Foundation

/// Trades that made no row, as of the end of a day: kept with the engine's state, so that a run that
/// was stopped counts each of them once.
struct BuildCounts: Codable, Equatable {
    /// By ``RowRequest/Exclusion``.
    var skipped: [String: Int] = [:]
    /// By CUSIP.
    var unknownBonds: [String: Int] = [:]

    mutating func add(_ exclusion: RowRequest.Exclusion, count: Int = 1) {
        guard count > 0 else { return }
        skipped[exclusion.rawValue, default: 0] += count
    }

    mutating func add(_ other: BuildCounts) {
        skipped.merge(other.skipped, uniquingKeysWith: +)
        unknownBonds.merge(other.unknownBonds, uniquingKeysWith: +)
    }
}

extension BuildCounts {
    private static let key = "counts"

    /// The counts that stand beside a state.
    init(snapshot path: String) throws(FileError) {
        let text = try SafetensorsFile(path: path, checksum: .unchecked).metadata[Self.key]
        guard let text, let counts = try? JSONDecoder().decode(Self.self, from: Data(text.utf8))
        else {
            throw FileError(
                .badData, file: path, "no counts beside the state",
                advice: "Remove it; the build starts from an older one or from the beginning")
        }
        self = counts
    }

    /// Puts the counts beside a state.
    func join(_ snapshot: inout FeatureSnapshot) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        snapshot.metadata[Self.key] = String(
            decoding: try encoder.encode(self), as: UTF8.self)
    }
}
