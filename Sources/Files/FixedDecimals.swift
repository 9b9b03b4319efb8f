/// Numbers as text with at most so many decimals: for tables of many numbers that come from
/// computations, several times as fast as the fewest digits that read back the same.
public enum FixedDecimals {
    /// The most decimals there can be.
    public static let most = 9

    /// Appends a finite number rounded to some decimals, without zeros at the end. Larger numbers
    /// are never shorter: what ascends still ascends.
    public static func append(_ value: Double, decimals: Int, to bytes: inout [UInt8]) {
        precondition(
            (0...most).contains(decimals), "FixedDecimals: \(decimals) decimals, at most \(most)")
        let scaled = (value * powers[decimals]).rounded()
        guard abs(scaled) < 9e15 else {
            bytes.append(contentsOf: value.description.utf8)
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
            var rest = UInt64(abs(scaled))
            var decimalsLeft = decimals
            while decimalsLeft > 0, rest % 10 == 0 {
                rest /= 10
                decimalsLeft -= 1
            }
            var start = 24
            func put(_ byte: UInt8) {
                start -= 1
                digits[start] = byte
            }
            for _ in 0..<decimalsLeft {
                put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            }
            if decimalsLeft > 0 { put(UInt8(ascii: ".")) }
            repeat {
                put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            } while rest > 0
            if scaled < 0 { put(UInt8(ascii: "-")) }
            bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start...]))
        }
    }

    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
}
