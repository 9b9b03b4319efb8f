/// Check digits of bond identifiers. They tell; nobody is refused because of one.
public enum Identifiers {
    /// Whether a CUSIP has nine characters and the right check digit (ANSI X9.6, "modulus 10
    /// double add double").
    public static func isValidCUSIP(_ text: String) -> Bool {
        let characters = Array(text.utf8)
        guard characters.count == 9, let digit = cusipCheckDigit(characters[..<8]) else {
            return false
        }
        return characters[8] == 48 + UInt8(digit)
    }

    /// The check digit of the first eight characters of a CUSIP; nil where they cannot begin one.
    public static func cusipCheckDigit(_ text: String) -> Int? {
        text.utf8.count == 8 ? cusipCheckDigit(Array(text.utf8)[...]) : nil
    }

    /// Whether an ISIN has twelve characters, a country and the right check digit (ISO 6166).
    public static func isValidISIN(_ text: String) -> Bool {
        let characters = Array(text.utf8)
        guard characters.count == 12, let digit = isinCheckDigit(characters[..<11]) else {
            return false
        }
        return characters[11] == 48 + UInt8(digit)
    }

    /// The ISIN of a US or Canadian CUSIP; nil where it is none.
    public static func isin(cusip: String, country: String = "US") -> String? {
        let text = country + cusip
        guard isValidCUSIP(cusip), let digit = isinCheckDigit(Array(text.utf8)[...]) else {
            return nil
        }
        return text + String(digit)
    }

    /// Whether a FIGI has twelve characters, `G` in the third place, no vowel, and the right check
    /// digit (ANSI X9.145).
    public static func isValidFIGI(_ text: String) -> Bool {
        let characters = Array(text.utf8)
        guard characters.count == 12, let digit = figiCheckDigit(characters[..<11]) else {
            return false
        }
        return characters[11] == 48 + UInt8(digit)
    }

    /// The check digit of the first eleven characters of a FIGI; nil where they cannot begin one.
    public static func figiCheckDigit(_ text: String) -> Int? {
        text.utf8.count == 11 ? figiCheckDigit(Array(text.utf8)[...]) : nil
    }

    private static func cusipCheckDigit(_ characters: ArraySlice<UInt8>) -> Int? {
        var sum = 0
        for (offset, character) in characters.enumerated() {
            guard let value = value(of: character, symbols: true) else { return nil }
            let doubled = offset % 2 == 1 ? 2 * value : value
            sum += doubled / 10 + doubled % 10
        }
        return (10 - sum % 10) % 10
    }

    private static func figiCheckDigit(_ characters: ArraySlice<UInt8>) -> Int? {
        let reserved: Set<String> = ["BS", "BM", "GG", "GB", "GH", "KY", "VG"]
        guard characters.dropFirst(2).first == UInt8(ascii: "G"),
            !reserved.contains(String(decoding: characters.prefix(2), as: UTF8.self)),
            characters.prefix(2).allSatisfy({ $0 >= UInt8(ascii: "A") }),
            !characters.contains(where: { Array("AEIOU".utf8).contains($0) })
        else { return nil }
        return cusipCheckDigit(characters)
    }

    /// Luhn's sum over the digits of all values, doubling every second one from the right.
    private static func isinCheckDigit(_ characters: ArraySlice<UInt8>) -> Int? {
        guard characters.count == 11,
            characters.prefix(2).allSatisfy({ (65...90).contains($0) })
        else { return nil }
        var digits: [Int] = []
        for character in characters {
            guard let value = value(of: character, symbols: false) else { return nil }
            if value >= 10 { digits.append(value / 10) }
            digits.append(value % 10)
        }
        let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
            let value = digit.offset % 2 == 0 ? 2 * digit.element : digit.element
            return sum + value / 10 + value % 10
        }
        return (10 - sum % 10) % 10
    }

    /// 0 to 9 for digits, 10 to 35 for capitals, and the three symbols of a CUSIP.
    private static func value(of character: UInt8, symbols: Bool) -> Int? {
        switch character {
        case 48...57: Int(character) - 48
        case 65...90: Int(character) - 55
        case UInt8(ascii: "*") where symbols: 36
        case UInt8(ascii: "@") where symbols: 37
        case UInt8(ascii: "#") where symbols: 38
        default: nil
        }
    }
}
