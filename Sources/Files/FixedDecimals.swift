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
        let scaled = abs(value * Double(powers[decimals]))
        // Beyond that a half is no number any more.
        guard scaled < 4e15 else {
            bytes.append(contentsOf: value.description.utf8)
            return
        }
        let digits = UInt64(scaled + 0.5)
        var (whole, fraction) = digits.quotientAndRemainder(dividingBy: powers[decimals])
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
            var start = 24
            func put(_ digit: UInt64) {
                start -= 1
                text[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            }
            // Two digits a division; below 100 the tens are 103/1024 of a number.
            func putPair(_ pair: UInt64) {
                let tens = (pair * 103) >> 10
                put(pair - 10 * tens)
                put(tens)
            }
            if fraction > 0 {
                var left = decimals
                while fraction % 10 == 0 {
                    fraction /= 10
                    left -= 1
                }
                while left >= 2 {
                    putPair(fraction % 100)
                    fraction /= 100
                    left -= 2
                }
                if left == 1 { put(fraction) }
                start -= 1
                text[start] = UInt8(ascii: ".")
            }
            while whole >= 100 {
                putPair(whole % 100)
                whole /= 100
            }
            if whole >= 10 { putPair(whole) } else { put(whole) }
            if value < 0, digits > 0 {
                start -= 1
                text[start] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeMutableBufferPointer(rebasing: text[start...]))
        }
    }

    private static let powers: [UInt64] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]
}
