/// Numbers of 16 bits (IEEE 754 binary16), converted in loops that the compiler makes into vector
/// instructions on any machine.
///
/// Source: Fabian Giesen, "Float->half variants", 2012.
public enum HalfPrecision {
    /// Rounds to the nearest half, ties to even; what is too large becomes the largest.
    public static func encode(
        _ values: UnsafePointer<Float>, count: Int, into halves: UnsafeMutablePointer<UInt16>
    ) {
        for index in 0..<count {
            let bits = values[index].bitPattern
            let sign = (bits >> 16) & 0x8000
            let magnitude = min(bits & 0x7FFF_FFFF, 0x477F_E000)
            // Adding a half of the last place and the parity of what stays rounds to even.
            let normal =
                (magnitude &+ 0xC800_0FFF &+ ((magnitude >> 13) & 1)) >> 13
            // Below 2^-14 the addition of a constant lines the bits up and rounds them.
            let small = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
            let half = magnitude < 0x3880_0000 ? small : normal
            halves[index] = UInt16(truncatingIfNeeded: sign | half)
        }
    }

    /// The numbers that halves stand for, exactly. They are finite.
    public static func decode(
        _ halves: UnsafePointer<UInt16>, count: Int, into values: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<count {
            let half = UInt32(halves[index])
            let magnitude = Float(bitPattern: (half & 0x7FFF) << 13) * 0x1p112
            values[index] = Float(bitPattern: magnitude.bitPattern | (half & 0x8000) << 16)
        }
    }
}
