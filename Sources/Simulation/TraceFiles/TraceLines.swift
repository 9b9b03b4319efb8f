import Bonds
import Files
import Foundation

/// Writes the raw files of a day: FINRA's enhanced file, and the table of what was disseminated.
struct TraceLines {
    /// What both layouts say of each bond, as it stands in a line.
    private let enhancedNames: [[UInt8]]
    private let disseminatedNames: [[UInt8]]
    private let is144A: [Bool]

    private static let recordsAtOnce = 1 << 12

    init(bonds: [BondRow], entities: [EntityRow]) {
        let tickers = Dictionary(
            entities.map { ($0.cusip, $0.ticker) }, uniquingKeysWith: { first, _ in first })
        let symbols = bonds.map { bond in
            // The issuer's letters, then what tells its bonds apart.
            let ticker = tickers[bond.cusip].flatMap { $0.isEmpty ? nil : $0 }
            return (ticker ?? String(bond.cusip.prefix(4))) + bond.cusip.dropFirst(4).prefix(4)
        }
        enhancedNames = zip(bonds, symbols).map { bond, symbol in
            Array("\(symbol)|\(bond.cusip)|\(bond.figi)|CORP".utf8)
        }
        disseminatedNames = zip(bonds, symbols).map { bond, symbol in
            Array("\(bond.cusip),\(symbol),\(bond.figi)".utf8)
        }
        is144A = bonds.map(\.isRule144A)
    }

    /// Writes both files of a day into a folder.
    func write(_ day: TraceDay, to folder: String) throws {
        let count = day.records.count
        let parts = (count + Self.recordsAtOnce - 1) / Self.recordsAtOnce
        let texts = Parallel.map(count: parts) { [self] part in
            let first = part * Self.recordsAtOnce
            let range = first..<min(first + Self.recordsAtOnce, count)
            return (
                EnhancedFile.lines(range, of: day, names: enhancedNames),
                DisseminatedFile.lines(
                    range, of: day, names: disseminatedNames, is144A: is144A)
            )
        }
        try AtomicFile.write(to: folder + "/" + EnhancedFile.name(day.date)) { sink in
            try sink.append(EnhancedFile.header)
            for text in texts { try sink.append(text.0) }
            try sink.append(EnhancedFile.trailer(day.date, records: count))
        }
        try AtomicFile.write(to: folder + "/" + DisseminatedFile.name(day.date)) { sink in
            try sink.append(DisseminatedFile.header)
            for text in texts { try sink.append(text.1) }
        }
    }
}
