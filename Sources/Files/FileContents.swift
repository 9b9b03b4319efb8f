/// Whole small files: recipes, specs, JSON. Tables are streamed by `CSVReader` instead.
public enum FileContents {
    /// The bytes of a file, unpacked where it is gzip.
    public static func bytes(of path: String) throws(FileError) -> [UInt8] {
        let source = try ByteSource(path: path)
        var bytes: [UInt8] = []
        while try source.append(upTo: max(1 << 16, bytes.count), to: &bytes) > 0 {}
        return bytes
    }

    /// The text of a UTF-8 file, without its byte order mark.
    public static func text(of path: String) throws(FileError) -> String {
        var bytes = try bytes(of: path)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if let offset = bytes.withUnsafeBufferPointer(firstInvalidUTF8) {
            let line = bytes[..<offset].reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
            throw FileError(
                .badData, file: path, line: line, "the text is not UTF-8",
                advice: "Save the file as UTF-8")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7).
func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    while index < bytes.count {
        let lead = bytes[index]
        if lead < 0x80 {
            index += 1
            continue
        }
        let length: Int
        let second: ClosedRange<UInt8>
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return index
        }
        guard index + length <= bytes.count, second.contains(bytes[index + 1]) else {
            return index
        }
        for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 {
            return index
        }
        index += length
    }
    return nil
}
