import Arrays
import Bonds
import Datasets
import FairValue
import Files
import Foundation
import Tape

/// The state of an engine at a moment, so that another need not replay the past.
///
/// Of the rings only the prints that are there are kept. The curve and the credit indices are
/// replayed from their tables, which are small, and so are the daily tables.
public struct FeatureSnapshot: Sendable {
    fileprivate let tensors: [SafetensorsFile.Tensor]
    /// Texts beside the state; whoever makes the snapshot may add to them.
    public var metadata: [String: String]

    /// Writes the state; the file appears when it is complete.
    public func write(to path: String) throws(FileError) {
        try SafetensorsFile.write(tensors, metadata: metadata, to: path)
    }
}

extension FeatureEngine {
    /// What is small and has no fixed size.
    private struct Notes: Codable {
        var now: Int64
        /// The latest of the ticks that the curve and the credit indices have seen; the least number
        /// where there was none.
        var lastTick: Int64
        var cohorts: CohortPrior
        var ratings: RatingBook
        var tally: FeatureTally
        var parameters: FairValueParameters
    }

    private static let notesKey = "notes"
    private static let fairPricesKey = "fair_prices"
    private static let bondsKey = "bonds"
    private static let schemaKey = "schema"

    /// Memory of fixed size, by name.
    private var blocks: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
        [
            ("filters", filters.bytes), ("states", states.bytes),
            ("base_filters", baseFilters.bytes), ("base_states", baseStates.bytes),
            ("sequences", sequences.bytes), ("notches", notches.bytes),
            ("credit_offsets", creditOffsets.bytes), ("sums", sums.sums.bytes),
            ("sum_days", sums.days.bytes),
        ] + grid.blocks + days.blocks + dealers.blocks
    }

    private var printRings: [(name: String, rings: PrintRings)] {
        [("prints", rings), ("issuer_prints", issuerRings), ("class_prints", classRings)]
    }

    /// A copy of the state, to be written while the engine goes on.
    public func snapshot() throws -> FeatureSnapshot {
        var tensors = blocks.map { name, bytes in Self.tensor(name, Array(bytes)) }
        for (name, rings) in printRings {
            tensors.append(Self.tensor(name + ".counts", Array(rings.counts.bytes)))
            tensors.append(Self.tensor(name, Self.packed(rings.prints, by: rings)))
        }
        tensors.append(Self.tensor("observed", Self.packed(observed, by: rings)))
        tensors.append(Self.tensor("keys", Self.packed(keys, by: rings)))
        var archive = FilterArchive()
        _ = fairPrices.archive(&archive)
        tensors.append(
            Self.tensor(Self.fairPricesKey, archive.words.withUnsafeBytes { Array($0) }))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let notes = try encoder.encode(
            Notes(
                now: now, lastTick: history.lastTime ?? .min, cohorts: cohorts, ratings: ratings,
                tally: tally, parameters: parameters))
        return FeatureSnapshot(
            tensors: tensors,
            metadata: [
                Self.notesKey: String(decoding: notes, as: UTF8.self),
                Self.bondsKey: fingerprint, Self.schemaKey: layout.schema.hash,
            ])
    }

    /// An engine in the state that was saved.
    ///
    /// The market folder must be the one that the state was made from, or one with more days of it.
    public convenience init(
        snapshot path: String, market folder: String, bonds: BondTable, layout: FeatureLayout
    ) throws(FileError) {
        let file = try SafetensorsFile(path: path, checksum: .required)
        func damaged(_ problem: String) -> FileError {
            FileError(
                .badData, file: path, problem,
                advice: "Remove it; the engine starts from an older one or from the beginning")
        }
        let notes: Notes
        do {
            notes = try JSONDecoder().decode(
                Notes.self, from: Data((file.metadata[Self.notesKey] ?? "").utf8))
        } catch {
            throw damaged("not the state of a feature engine: \(error)")
        }
        try self.init(
            market: folder, bonds: bonds, layout: layout, parameters: notes.parameters)
        guard file.metadata[Self.bondsKey] == fingerprint,
            file.metadata[Self.schemaKey] == layout.schema.hash
        else { throw damaged("the state belongs to other bonds or features") }
        for (name, target) in blocks { try Self.copy(name, of: file, to: target) }
        for (name, rings) in printRings {
            try Self.copy(name + ".counts", of: file, to: rings.counts.bytes)
            for group in 0..<rings.counts.count where rings.counts[group] > PrintRings.capacity {
                throw damaged("a ring of \(rings.counts[group]) prints")
            }
            try Self.unpack(name, of: file, to: rings.prints, by: rings)
        }
        try Self.unpack("observed", of: file, to: observed, by: rings)
        try Self.unpack("keys", of: file, to: keys, by: rings)
        let words = try Self.words(Self.fairPricesKey, of: file)
        var archive = FilterArchive(reading: words)
        guard fairPrices.archive(&archive), archive.isComplete else {
            throw damaged("the fair prices are of other bonds")
        }
        cohorts = notes.cohorts
        ratings = notes.ratings
        tally = notes.tally
        try replayTicks(market: folder, through: notes.lastTick)
        turnTime(to: notes.now)
    }

    /// The curve and the credit indices as they were.
    private func replayTicks(market folder: String, through time: Int64) throws(FileError) {
        let treasuries = try TreasuryRow.read(market: folder).filter { $0.time <= time }
            .enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        let path = try MarketRow.path(market: folder)
        let markets = try (path.map(MarketRow.read(path:)) ?? []).filter { $0.time <= time }
            .enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
        var next = 0
        for tick in treasuries {
            while next < markets.count, markets[next].element.time < tick.element.time {
                history.append(markets[next].element)
                next += 1
            }
            history.append(tick.element)
        }
        for tick in markets[next...] { history.append(tick.element) }
    }

    /// A hash of the bonds in their order.
    private var fingerprint: String {
        var hash = XXHash64()
        for row in bonds.rows {
            Array((row.cusip + "\n").utf8).withUnsafeBytes { hash.update($0) }
        }
        return hash.hexadecimalDigest
    }

    private static func tensor(_ name: String, _ bytes: [UInt8]) -> SafetensorsFile.Tensor {
        SafetensorsFile.Tensor(name, dtype: .u8, shape: [bytes.count], bytes: bytes)
    }

    /// The entries of rings, the oldest first.
    private static func packed<Element>(
        _ memory: Memory<Element>, by rings: PrintRings
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        let size = MemoryLayout<Element>.stride
        bytes.reserveCapacity(
            size * (0..<rings.counts.count).reduce(0) { $0 + Int(rings.counts[$1]) })
        for group in 0..<rings.counts.count {
            for index in 0..<Int(rings.counts[group]) {
                bytes.append(
                    contentsOf: UnsafeRawBufferPointer(
                        start: memory.base + rings.place(group, index), count: size))
            }
        }
        return bytes
    }

    private static func unpack<Element>(
        _ name: String, of file: SafetensorsFile, to memory: Memory<Element>, by rings: PrintRings
    ) throws(FileError) {
        let size = MemoryLayout<Element>.stride
        let entry = try entry(
            name, of: file,
            bytes: size * (0..<rings.counts.count).reduce(0) { $0 + Int(rings.counts[$1]) })
        file.withBytes(of: entry) { bytes in
            guard var source = bytes.baseAddress else { return }
            for group in 0..<rings.counts.count {
                let count = Int(rings.counts[group])
                UnsafeMutableRawPointer(memory.base + group * PrintRings.capacity)
                    .copyMemory(from: source, byteCount: count * size)
                source += count * size
            }
        }
    }

    private static func copy(
        _ name: String, of file: SafetensorsFile, to target: UnsafeMutableRawBufferPointer
    ) throws(FileError) {
        let entry = try entry(name, of: file, bytes: target.count)
        file.withBytes(of: entry) { target.copyMemory(from: $0) }
    }

    private static func words(
        _ name: String, of file: SafetensorsFile
    ) throws(FileError) -> [UInt64] {
        let count = file.entry(name)?.byteRange.count ?? 0
        let entry = try entry(name, of: file, bytes: count / 8 * 8)
        return file.withBytes(of: entry) { bytes in
            (0..<count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
        }
    }

    private static func entry(
        _ name: String, of file: SafetensorsFile, bytes count: Int
    ) throws(FileError) -> SafetensorsFile.Entry {
        guard let entry = file.entry(name), entry.byteRange.count == count else {
            throw FileError(
                .badData, file: file.path, "the state of another engine: tensor \(name)",
                expected: "\(count) bytes",
                found: file.entry(name).map { "\($0.byteRange.count)" } ?? "none",
                advice: "Remove it; the engine starts from an older one or from the beginning")
        }
        return entry
    }
}
