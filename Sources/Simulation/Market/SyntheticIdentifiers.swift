import Bonds

/// Identifiers with right check digits that no real security has.
///
/// CUSIP keeps the issuer numbers from `99A000` to `99ZZZZ` for its users' own issuers; `ZZG` is
/// none of the prefixes that FIGI's providers have.
enum SyntheticIdentifiers {
    /// Capitals without I and O, which CUSIP leaves out.
    private static let capitals = Array("ABCDEFGHJKLMNPQRSTUVWXYZ".utf8)
    private static let alphanumerics = Array("0123456789".utf8) + capitals
    private static let consonants = Array("0123456789BCDFGHJKLMNPQRSTVWXYZ".utf8)

    /// The CUSIP of an issuer's issue; its first 6 characters are the issuer's.
    static func cusip(issuer: Int, issue: Int) -> String {
        let head =
            "99" + text(issuer / (34 * 34 * 34), in: capitals, length: 1)
            + text(issuer, in: alphanumerics, length: 3)
            + text(issue, in: capitals, length: 2)
        return head + String(Identifiers.cusipCheckDigit(head) ?? 0)
    }

    /// The CUSIP of a Treasury; its issuer number has a T in the place where issuers count up.
    static func treasury(_ number: Int) -> String {
        let head = "99ZT" + text(number, in: alphanumerics, length: 4)
        return head + String(Identifiers.cusipCheckDigit(head) ?? 0)
    }

    static func figi(_ number: Int) -> String {
        let head = "ZZG" + text(number, in: consonants, length: 8)
        return head + String(Identifiers.figiCheckDigit(head) ?? 0)
    }

    /// A ticker of five letters.
    static func ticker(_ issuer: Int) -> String {
        "Q" + text(issuer, in: capitals, length: 4)
    }

    /// A number in the digits of an alphabet.
    private static func text(_ number: Int, in alphabet: [UInt8], length: Int) -> String {
        var digits: [UInt8] = []
        var rest = number
        for _ in 0..<length {
            digits.append(alphabet[rest % alphabet.count])
            rest /= alphabet.count
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }
}
