import Files
import Foundation
import Testing

/// Numbers with at most so many decimals.
@Suite struct FixedDecimalsTests {
    private static func text(_ value: Double, _ decimals: Int) -> String {
        var bytes: [UInt8] = []
        FixedDecimals.append(value, decimals: decimals, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "Rounded, without zeros at the end",
        arguments: [
            (0, 6, "0"), (-0.0, 3, "0"), (-0.0004, 3, "0"), (1, 6, "1"), (-1.5, 2, "-1.5"),
            (99.999_999_6, 6, "100"), (0.05, 2, "0.05"), (0.000_001, 6, "0.000001"),
            (123.456_789, 4, "123.4568"), (1e6, 2, "1000000"), (2.5, 0, "3"), (-12.25, 9, "-12.25"),
            (10, 2, "10"), (100.25, 1, "100.3"), (1_234_567.875, 3, "1234567.875"),
            (9_876_543_210.5, 1, "9876543210.5"), (0.100_000_001, 9, "0.100000001"),
            (-1e-7, 6, "0"), (3.999e15, 0, "3999000000000000"), (1e300, 2, "1e+300"),
        ])
    func text(value: Double, decimals: Int, expected: String) {
        #expect(Self.text(value, decimals) == expected)
    }

    @Test("What is read back is within half of the last decimal, and keeps its order")
    func readBack() throws {
        var state: UInt64 = 7
        var values: [Double] = []
        for _ in 0..<5_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            values.append((Double(state >> 11) / Double(1 << 53) - 0.5) * 400)
        }
        values.sort()
        let read = try values.map { try #require(Double(Self.text($0, 6))) }
        for (value, read) in zip(values, read) { #expect(abs(value - read) <= 0.500_001e-6) }
        #expect(read == read.sorted())
    }
}
