import Bonds
import Files

/// The bonds that somebody wants priced: each line of a file, with the bond that it names or why it
/// names none.
public struct Universe: Sendable {
    /// One line that asks for a bond.
    public struct Line: Sendable {
        /// 1-based, in the file.
        public let number: Int
        /// As it stands there.
        public let identifier: String
        /// The row of the bond, or why there is none.
        public let bond: Result<Int, UnknownBond>
    }

    public let lines: [Line]

    /// Reads identifiers, FIGI, CUSIP or ISIN, one a line; or a CSV file with columns of
    /// these names, of which the first that is not empty counts. A bond that is asked for twice is priced once.
    public init(path: String, finder: BondFinder) throws(FileError) {
        let cells = try Self.cells(of: path)
        guard !cells.isEmpty else {
            throw FileError(
                .badData, file: path, "the universe is empty",
                expected: "a FIGI, CUSIP or ISIN a line")
        }
        var firstLines: [Int: Int] = [:]
        lines = cells.map { number, text, isRagged in
            func without(_ reason: UnknownBond) -> Line {
                Line(number: number, identifier: text, bond: .failure(reason))
            }
            if isRagged { return without(.ragged) }
            if text.isEmpty { return without(.unnamed) }
            guard let bond = finder.index(written: text) else { return without(.notInMarket) }
            if let first = firstLines[bond] { return without(.repeats(first)) }
            firstLines[bond] = number
            return Line(number: number, identifier: text, bond: .success(bond))
        }
    }

    private typealias Cell = (line: Int, text: String, isRagged: Bool)
    private static let columns = ["figi", "cusip", "isin"]

    private static func cells(of path: String) throws(FileError) -> [Cell] {
        let text = try FileContents.text(of: path)
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let first = lines.first { !$0.allSatisfy(\.isWhitespace) } ?? ""
        let isTable =
            first.contains(",")
            || columns.contains(
                Substring(first.filter { $0 != "\"" }).trimmed.lowercased())
        guard isTable else {
            return lines.enumerated().compactMap { index, line in
                let text = line.trimmed
                return text.isEmpty ? nil : (index + 1, String(text), false)
            }
        }
        let reader = try CSVReader(path: path, skipsRagged: true)
        let header = reader.header.map { $0.lowercased() }
        let named = columns.compactMap { header.firstIndex(of: $0) }
        guard !named.isEmpty else {
            throw FileError(
                .badData, file: path, line: 1, "no column names the bonds",
                expected: "figi, cusip or isin", found: reader.header.joined(separator: ", "))
        }
        var cells: [Cell] = []
        while let chunk = try reader.nextChunk(rows: 4_096) {
            for row in 0..<chunk.rowCount {
                let texts = named.lazy.map { chunk.text(row: row, column: $0) }
                let name = texts.first { !$0.allSatisfy(\.isWhitespace) }
                cells.append((chunk.line(row: row), name ?? "", false))
            }
        }
        cells += reader.raggedLines.map { ($0, String(lines[$0 - 1]), true) }
        return cells.sorted { $0.line < $1.line }
    }
}

/// Why a line asks for no bond.
public enum UnknownBond: Error, Sendable, Hashable, CustomStringConvertible {
    case notInMarket
    /// The same bond as that line.
    case repeats(Int)
    /// A row of another number of cells than the header: which of them is the name is not known.
    case ragged
    case unnamed

    public var description: String {
        switch self {
        case .notInMarket: "no bond of the market has this identifier"
        case .repeats(let line): "the same bond as line \(line)"
        case .unnamed: "the row names no bond"
        case .ragged: "the row has not as many cells as the header"
        }
    }
}

extension Substring {
    /// Without blanks around it.
    fileprivate var trimmed: Substring {
        let tail = drop { $0.isWhitespace }
        guard let end = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return tail[...end]
    }
}
