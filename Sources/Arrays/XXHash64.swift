/// The 64-bit hash XXH64: fast, not cryptographic; it finds damage, not forgery.
///
/// Source: Collet, "xxHash fast digest algorithm", specification 0.1.1, with seed 0.
public struct XXHash64: Sendable {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
    private static let stripe = 32

    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
        prime1 &+ prime2, prime2, 0, 0 &- prime1
    )
    /// The bytes since the last whole stripe of 32.
    private var rest: [UInt8] = []
    private var total: UInt64 = 0

    public init() {}

    /// Takes more bytes in; how they are divided into calls does not matter.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        total &+= UInt64(bytes.count)
        var bytes = bytes
        if !rest.isEmpty {
            let missing = min(Self.stripe - rest.count, bytes.count)
            rest.append(contentsOf: bytes.prefix(missing))
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(missing))
            guard rest.count == Self.stripe else { return }
            rest.withUnsafeBytes { absorb($0, count: Self.stripe) }
            rest.removeAll(keepingCapacity: true)
        }
        let whole = bytes.count - bytes.count % Self.stripe
        absorb(bytes, count: whole)
        rest.append(contentsOf: bytes.dropFirst(whole))
    }

    /// The hash of all bytes so far, as 16 hexadecimal digits.
    public var hexadecimalDigest: String {
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The hash of all bytes so far.
    public var digest: UInt64 {
        var hash: UInt64
        if total >= UInt64(Self.stripe) {
            hash =
                rotate(lanes.0, 1) &+ rotate(lanes.1, 7) &+ rotate(lanes.2, 12)
                &+ rotate(lanes.3, 18)
            for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
                hash = (hash ^ round(0, lane)) &* Self.prime1 &+ Self.prime4
            }
        } else {
            hash = Self.prime5
        }
        hash &+= total
        rest.withUnsafeBytes { bytes in
            var offset = 0
            while offset + 8 <= bytes.count {
                hash ^= round(0, load(bytes, offset))
                hash = rotate(hash, 27) &* Self.prime1 &+ Self.prime4
                offset += 8
            }
            if offset + 4 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                hash ^= UInt64(UInt32(littleEndian: word)) &* Self.prime1
                hash = rotate(hash, 23) &* Self.prime2 &+ Self.prime3
                offset += 4
            }
            for byte in bytes[offset...] {
                hash ^= UInt64(byte) &* Self.prime5
                hash = rotate(hash, 11) &* Self.prime1
            }
        }
        hash = (hash ^ (hash >> 33)) &* Self.prime2
        hash = (hash ^ (hash >> 29)) &* Self.prime3
        return hash ^ (hash >> 32)
    }

    private mutating func absorb(_ bytes: UnsafeRawBufferPointer, count: Int) {
        var (first, second, third, fourth) = lanes
        var offset = 0
        while offset < count {
            first = round(first, load(bytes, offset))
            second = round(second, load(bytes, offset + 8))
            third = round(third, load(bytes, offset + 16))
            fourth = round(fourth, load(bytes, offset + 24))
            offset += Self.stripe
        }
        lanes = (first, second, third, fourth)
    }

    @inline(__always)
    private func load(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* Self.prime2, 31) &* Self.prime1
    }

    @inline(__always)
    private func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
