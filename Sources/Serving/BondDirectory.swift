import Bonds
import Files

/// The bonds of a market as the protocol asks for them.
public struct BondDirectory: Sendable {
    package let finder: BondFinder
    package var bonds: BondTable { finder.bonds }
    private let issuers: Set<String>

    public init(_ bonds: BondTable) {
        finder = BondFinder(bonds)
        issuers = Set(bonds.rows.map(\.issuer))
    }

    package func hasIssuer(_ name: String) -> Bool { issuers.contains(name) }

    package func index(figi: String) -> Int? { finder.index(figi: figi) }

    /// The row of a bond that has this CUSIP, ISIN or FIGI.
    package func index(anyIdentifier text: String) -> Int? { finder.index(anyIdentifier: text) }

    /// Bonds whose identifier begins with a text, or whose issuer has it anywhere, in the order of
    /// the list.
    package func search(_ text: String, most: Int) -> [Int] {
        let wanted = text.lowercased()
        guard !wanted.isEmpty else { return Array(bonds.rows.indices.prefix(most)) }
        var found: [Int] = []
        for (index, row) in bonds.rows.enumerated() {
            let matches =
                [row.figi, row.cusip, row.isin].contains { $0.lowercased().hasPrefix(wanted) }
                || row.issuer.lowercased().contains(wanted)
            if matches { found.append(index) }
            if found.count == most { break }
        }
        return found
    }

    /// Answers jobs in the form of OpenFIGI's `/v3/mapping`: one entry a job, in their order.
    package func mapping(_ jobs: [JSONValue]) -> [UInt8] {
        var text = JSONText()
        text.array { text in
            for job in jobs {
                text.object { text in
                    guard let index = index(job), !bonds.rows[index].figi.isEmpty else {
                        return text.member("warning", "No identifier found.")
                    }
                    text.name("data")
                    text.array { $0.object { Self.write(bonds.rows[index], to: &$0) } }
                }
            }
        }
        return text.bytes
    }

    private func index(_ job: JSONValue) -> Int? {
        guard let value = job["idValue"]?.string else { return nil }
        return switch job["idType"]?.string {
        case "ID_CUSIP", "ID_CINS": bonds.index(cusip: value)
        case "ID_ISIN": finder.index(isin: value)
        case "ID_BB_GLOBAL": finder.index(figi: value)
        default: nil
        }
    }

    private static func write(_ bond: BondRow, to text: inout JSONText) {
        let description =
            "\(bond.issuer) \(bond.terms.coupon) \(bond.terms.maturity)"
        text.member("figi", bond.figi)
        text.member("name", bond.issuer)
        text.member("ticker", description)
        text.member("exchCode", "TRACE")
        text.name("compositeFIGI")
        text.null()
        text.member("securityType", "Corporate Bond")
        text.member("marketSector", "Corp")
        text.name("shareClassFIGI")
        text.null()
        text.member("securityType2", "Corp")
        text.member("securityDescription", description)
    }
}
