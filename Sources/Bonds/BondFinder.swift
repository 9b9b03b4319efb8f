/// Finds the bonds of a list by any of their names.
public struct BondFinder: Sendable {
    public let bonds: BondTable
    private let byFIGI: [String: Int]
    private let byISIN: [String: Int]

    /// Of bonds that share a name the first is found.
    public init(_ bonds: BondTable) {
        self.bonds = bonds
        byFIGI = Self.index(bonds.rows.map(\.figi))
        byISIN = Self.index(bonds.rows.map(\.isin))
    }

    private static func index(_ names: [String]) -> [String: Int] {
        Dictionary(
            names.enumerated().filter { !$1.isEmpty }.map { ($1, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The row of the bond with a FIGI.
    public func index(figi: String) -> Int? { byFIGI[figi] }

    /// The row of the bond with an ISIN.
    public func index(isin: String) -> Int? { byISIN[isin] }

    /// The row of the bond that has this CUSIP, ISIN or FIGI.
    public func index(anyIdentifier text: String) -> Int? {
        bonds.index(cusip: text) ?? byISIN[text] ?? byFIGI[text]
    }

    /// The row of the bond that has this CUSIP, ISIN or FIGI, as people write them: blanks and
    /// quotes around it do not count, nor do capitals.
    public func index(written text: some StringProtocol) -> Int? {
        let isAround = { (character: Character) in
            character.isWhitespace || character == "\"" || character == "'"
        }
        let name = text.drop(while: isAround).reversed().drop(while: isAround).reversed()
        return index(anyIdentifier: String(name)) ?? index(anyIdentifier: String(name).uppercased())
    }
}
