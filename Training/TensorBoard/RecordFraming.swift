/// TensorFlow's framing of records: the length in eight bytes, its checksum, the record, its
/// checksum; numbers are little-endian.
///
/// Source: TensorFlow, `core/lib/io/record_writer.cc` and `core/lib/hash/crc32c.h`.
package enum RecordFraming {
    package static func frame(_ record: [UInt8]) -> [UInt8] {
        let length = bytes(of: UInt64(record.count))
        return length + bytes(of: masked(CRC32C.checksum(length))) + record
            + bytes(of: masked(CRC32C.checksum(record)))
    }

    /// The records of a file, up to the first that is cut short or damaged.
    package static func records(in file: [UInt8]) -> [[UInt8]] {
        var records: [[UInt8]] = []
        var place = 0
        while file.count - place >= 16 {
            let length = file[place..<place + 8]
            let count = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard count <= UInt64(file.count - place - 16),
                bytes(of: masked(CRC32C.checksum(length)))[...] == file[place + 8..<place + 12]
            else { break }
            let end = place + 12 + Int(count)
            let record = file[place + 12..<end]
            guard bytes(of: masked(CRC32C.checksum(record)))[...] == file[end..<end + 4] else {
                break
            }
            records.append(Array(record))
            place = end + 4
        }
        return records
    }

    /// A checksum as it is stored, so that the checksum of bytes with checksums stays good.
    package static func masked(_ checksum: UInt32) -> UInt32 {
        (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private static func bytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}

/// The Castagnoli checksum, CRC-32C.
///
/// Source: RFC 3720, section 12.1, with test vectors in its appendix B.4.
package enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1
        }
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
    }
}
