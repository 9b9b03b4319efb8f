import Files

/// The JSON header of a safetensors file, as text and as values.
///
/// `{"__metadata__": {"key": "value"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets":
/// [0, 24]}}`, padded with spaces behind. Only this grammar is read: anything else that JSON would
/// allow (a second key of the same name, a fraction, an unknown field) is an error.
struct SafetensorsHeader {
    /// A tensor's line in the header; the range counts from the start of the data.
    struct Tensor {
        var name: String
        var dtype: SafetensorsFile.DType
        var shape: [Int]
        var range: Range<Int>
    }

    static let metadataKey = "__metadata__"

    var metadata: [String: String] = [:]
    /// In the order of the header.
    var tensors: [Tensor] = []
    /// Where the text of each metadata value stands, quotes not included.
    private(set) var valueRanges: [String: Range<Int>] = [:]

    init(metadata: [String: String], tensors: [Tensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// The header's text: metadata by ascending key, tensors in order, no padding.
    var text: String {
        var parts: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }
                .map { Self.quoted($0.key) + ":" + Self.quoted($0.value) }
            parts.append("\"\(Self.metadataKey)\":{" + pairs.joined(separator: ",") + "}")
        }
        for tensor in tensors {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            parts.append(
                Self.quoted(tensor.name) + ":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":"
                    + "[\(shape)],\"data_offsets\":"
                    + "[\(tensor.range.lowerBound),\(tensor.range.upperBound)]}")
        }
        return "{" + parts.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension SafetensorsHeader {
    /// Reads a header; errors name the byte of the file, which starts with eight bytes of length.
    init(parsing bytes: UnsafeRawBufferPointer, file: String) throws(FileError) {
        var scanner = HeaderScanner(bytes: bytes, file: file)
        var names: Set<String> = []
        try scanner.object { (scanner, name) throws(FileError) in
            guard names.insert(name).inserted else {
                throw scanner.error("two entries of the same name", found: FileError.quoted(name))
            }
            if name == Self.metadataKey {
                try readMetadata(&scanner)
            } else {
                tensors.append(try Self.tensor(name, &scanner))
            }
        }
        try scanner.end()
    }

    private mutating func readMetadata(_ scanner: inout HeaderScanner) throws(FileError) {
        try scanner.object { (scanner, key) throws(FileError) in
            let (value, range) = try scanner.string()
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw scanner.error(
                    "two metadata values of the same name", found: FileError.quoted(key))
            }
            valueRanges[key] = range
        }
    }

    private static func tensor(
        _ name: String, _ scanner: inout HeaderScanner
    ) throws(FileError) -> Tensor {
        var dtype: SafetensorsFile.DType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { (scanner, key) throws(FileError) in
            switch key {
            case "dtype" where dtype == nil:
                let text = try scanner.string().text
                guard let known = SafetensorsFile.DType(rawValue: text) else {
                    throw scanner.error(
                        "unknown dtype", entry: name, expected: SafetensorsFile.DType.list,
                        found: FileError.quoted(text))
                }
                dtype = known
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
            default:
                throw scanner.error(
                    "a field that does not belong here", entry: name,
                    expected: "dtype, shape and data_offsets, once each",
                    found: FileError.quoted(key))
            }
        }
        guard let dtype, let shape, let offsets else {
            throw scanner.error(
                "a field is missing", entry: name, expected: "dtype, shape and data_offsets")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw scanner.error(
                "wrong data_offsets", entry: name, expected: "[start, end] with start <= end",
                found: "\(offsets)")
        }
        return Tensor(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
    }
}

/// A strict reader of the little JSON that a header is made of.
private struct HeaderScanner {
    let bytes: UnsafeRawBufferPointer
    let file: String
    private var position = 0

    init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    func error(
        _ problem: String, entry: String? = nil, expected: String? = nil, found: String? = nil
    ) -> FileError {
        let place = entry.map { "tensor " + FileError.quoted($0) } ?? "byte \(8 + position)"
        return FileError(
            .badData, file: file, "safetensors header, \(place): \(problem)", expected: expected,
            found: found, advice: SafetensorsFile.damageAdvice)
    }

    /// `{"key": value, …}`; the body reads the value.
    mutating func object(
        _ body: (inout HeaderScanner, String) throws(FileError) -> Void
    ) throws(FileError) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string().text
            try expect(":")
            try body(&self, key)
        } while take(",")
        try expect("}")
    }

    /// `[1, 2, …]` of integers that are not negative.
    mutating func integers() throws(FileError) -> [Int] {
        try expect("[")
        if take("]") { return [] }
        var values: [Int] = []
        repeat { values.append(try integer()) } while take(",")
        try expect("]")
        return values
    }

    /// A string, and where its text stands between the quotes.
    mutating func string() throws(FileError) -> (text: String, range: Range<Int>) {
        try expect("\"")
        let start = position
        var units: [UInt8] = []
        while true {
            guard position < bytes.count else {
                throw error("the header ends inside a string")
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else {
                throw error("a control character inside a string", found: "byte \(byte)")
            }
            position += 1
            if byte == UInt8(ascii: "\\") {
                units.append(contentsOf: String(try escape()).utf8)
            } else {
                units.append(byte)
            }
        }
        let range = start..<position
        position += 1
        guard let text = String(validating: units, as: UTF8.self) else {
            throw error("a string that is not UTF-8")
        }
        return (text, range)
    }

    /// Only spaces may follow the header's closing brace.
    mutating func end() throws(FileError) {
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        guard position == bytes.count else {
            throw error(
                "text behind the closing brace", expected: "spaces", found: describeNext())
        }
    }

    /// What a backslash, already read, stands for.
    private mutating func escape() throws(FileError) -> Unicode.Scalar {
        guard position < bytes.count else { throw error("the header ends inside a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var value = try hexadecimal()
            if 0xD800..<0xDC00 ~= value {
                // The first half of a pair of surrogates.
                guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw error("half of a surrogate pair") }
                position += 2
                let low = try hexadecimal()
                guard 0xDC00..<0xE000 ~= low else { throw error("half of a surrogate pair") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else {
                throw error("half of a surrogate pair")
            }
            return scalar
        default:
            throw error("an unknown escape in a string", found: "byte \(byte)")
        }
    }

    private mutating func hexadecimal() throws(FileError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw error("an escape without four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func integer() throws(FileError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"),
            digit < 10
        {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { throw error("a number too large to be a size") }
            value = sum
            position += 1
        }
        let count = position - start
        guard count == 1 || (count > 1 && bytes[start] != UInt8(ascii: "0")) else {
            throw error("not a size", expected: "a whole number", found: describeNext())
        }
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileError) {
        guard take(character) else {
            throw error("not valid JSON", expected: "'\(character)'", found: describeNext())
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
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

    private func describeNext() -> String {
        guard position < bytes.count else { return "the end of the header" }
        let byte = bytes[position]
        return 0x21..<0x7F ~= byte ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
    }
}
