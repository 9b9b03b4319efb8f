/// A strict and total reader of JSON (RFC 8259): whatever bytes come, it ends with a value or an
/// error, in time and memory proportional to their number.
///
/// A second member of the same name is an error, and so is nesting beyond `deepest`.
package struct JSONParser {
    /// Levels of arrays and objects; more than any message of ours has.
    package static let deepest = 16
    /// Values in one text; bounds the memory, since an empty array takes more than its two bytes.
    package static let mostValues = 2 << 20

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0
    private var values = 0

    package static func parse(_ bytes: [UInt8]) throws(RequestError) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(RequestError) in
                var parser = JSONParser(bytes: bytes)
                return try parser.document()
            }
        }
        return try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func document() throws(RequestError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw error("text behind the value") }
        return value
    }

    private func error(_ problem: String) -> RequestError {
        RequestError("not JSON: \(problem) at byte \(position)")
    }

    private mutating func value() throws(RequestError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw error("the text ends early") }
        values += 1
        guard values <= Self.mostValues else { throw error("too many values") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object() throws(RequestError) -> JSONValue {
        try enter()
        var members: [JSONValue.Member] = []
        if !take("}") {
            repeat {
                skipSpace()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                    throw error("a member without a name")
                }
                let name = try string()
                guard !members.contains(where: { $0.name == name }) else {
                    throw error("a second '\(name.prefix(40))'")
                }
                // A long list of names would take quadratic time to compare.
                guard members.count < 64 else { throw error("an object of too many members") }
                guard take(":") else { throw error("no ':' behind a name") }
                members.append(JSONValue.Member(name: name, value: try value()))
            } while take(",")
            guard take("}") else { throw error("an object without its end") }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func array() throws(RequestError) -> JSONValue {
        try enter()
        var values: [JSONValue] = []
        if !take("]") {
            repeat { values.append(try value()) } while take(",")
            guard take("]") else { throw error("an array without its end") }
        }
        depth -= 1
        return .array(values)
    }

    /// Steps over an opening bracket.
    private mutating func enter() throws(RequestError) {
        depth += 1
        guard depth <= Self.deepest else { throw error("nesting of more than \(Self.deepest)") }
        position += 1
    }

    private mutating func word(
        _ text: StaticString, _ value: JSONValue
    ) throws(RequestError) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
        else { throw error("an unknown word") }
        position += count
        return value
    }

    private mutating func number() throws(RequestError) -> JSONValue {
        let start = position
        if peek("-") { position += 1 }
        let firstDigit = position
        guard digits() > 0 else { throw error("not a value") }
        guard bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1 else {
            throw error("a number that begins with 0")
        }
        var isInteger = true
        if peek(".") {
            position += 1
            isInteger = false
            guard digits() > 0 else { throw error("no digit behind the point") }
        }
        if peek("e") || peek("E") {
            position += 1
            isInteger = false
            if peek("+") || peek("-") { position += 1 }
            guard digits() > 0 else { throw error("no digit in the exponent") }
        }
        guard position - start <= 400 else { throw error("a number of too many digits") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw error("a number too large") }
        return .number(value)
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- 48 < 10 { position += 1 }
        return position - start
    }

    private func peek(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek(character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }
}

extension JSONParser {
    /// A string; the position is at its opening quote.
    private mutating func string() throws(RequestError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = try text(bytes[start..<position])
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw error("a control character in a string") }
            position += 1
        }
        throw error("a string without its end")
    }

    /// The rest of a string that has an escape, and all of it as text.
    private mutating func escapedString(from start: Int) throws(RequestError) -> String {
        var units = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(units)
            case UInt8(ascii: "\\"): units.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw error("a control character in a string")
            default: units.append(byte)
            }
        }
        throw error("a string without its end")
    }

    private func text(_ units: some Collection<UInt8>) throws(RequestError) -> String {
        guard let text = String(validating: units, as: UTF8.self) else {
            throw error("a string that is not UTF-8")
        }
        return text
    }

    private mutating func escape() throws(RequestError) -> Unicode.Scalar {
        guard position < bytes.count else { throw error("a string without its end") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw error("an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(RequestError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // The high half of a pair of surrogates; its low half follows.
        guard first < 0xDC00, peek("\\") else { throw error("half a surrogate pair") }
        position += 1
        guard peek("u") else { throw error("half a surrogate pair") }
        position += 1
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("half a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(RequestError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw error("an escape without its end") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("an escape without four digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
