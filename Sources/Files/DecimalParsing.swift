/// Reads a decimal number exactly: the nearest `Double`, as `strtod` gives it.
///
/// Blanks around the number are allowed; words (`inf`, `nan`), hexadecimal and thousands
/// separators are not numbers. Nil too where the number is too large for a `Double`.
///
/// Up to 19 digits with a power of ten within 27 need no big arithmetic: either both parts are
/// exact doubles (Clinger, "How to read floating point numbers accurately", 1990), or one
/// 128-bit product or quotient by a power of five, with a sticky bit, is rounded once.
func parseDecimal(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
    var index = 0
    var end = bytes.count
    while index < end, isBlank(bytes[index]) { index += 1 }
    while end > index, isBlank(bytes[end - 1]) { end -= 1 }
    let first = index
    guard index < end else { return nil }
    let negative = bytes[index] == UInt8(ascii: "-")
    if negative || bytes[index] == UInt8(ascii: "+") { index += 1 }

    var mantissa: UInt64 = 0
    // Digits from the first that is not zero; beyond 19 the mantissa would overflow.
    var digits = 0
    var anyDigit = false
    while index < end {
        let digit = bytes[index] &- 48
        if digit > 9 { break }
        anyDigit = true
        if digits < 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
        if mantissa != 0 { digits += 1 }
        index += 1
    }
    var exponent = 0
    if index < end, bytes[index] == UInt8(ascii: ".") {
        index += 1
        let point = index
        while index < end {
            let digit = bytes[index] &- 48
            if digit > 9 { break }
            if digits < 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
            if mantissa != 0 { digits += 1 }
            index += 1
        }
        anyDigit = anyDigit || index > point
        exponent = point - index
    }
    guard anyDigit else { return nil }
    if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
        index += 1
        guard index < end else { return nil }
        let down = bytes[index] == UInt8(ascii: "-")
        if down || bytes[index] == UInt8(ascii: "+") { index += 1 }
        guard index < end else { return nil }
        var power = 0
        while index < end {
            let digit = bytes[index] &- 48
            if digit > 9 { return nil }
            // Far beyond any Double, and far from overflow.
            if power < 1_000_000 { power = power * 10 + Int(digit) }
            index += 1
        }
        exponent += down ? -power : power
    }
    guard index == end else { return nil }

    let magnitude: Double
    if mantissa == 0 {
        magnitude = 0
    } else if digits <= 19, let exact = scaled(mantissa, byTenTo: exponent) {
        magnitude = exact
    } else {
        // Rare: very many digits or a very large or small power. The grammar is already checked.
        let text = String(
            decoding: UnsafeBufferPointer(rebasing: bytes[first..<end]), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }
    return negative ? -magnitude : magnitude
}

@inline(__always)
private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// `mantissa * 10^power`, rounded once; nil where the power is out of the table's reach.
@inline(__always)
private func scaled(_ mantissa: UInt64, byTenTo power: Int) -> Double? {
    if mantissa < 1 << 53, power >= -22, power <= 22 {
        let exact = Double(mantissa)
        return power < 0 ? exact / powersOfTen[-power] : exact * powersOfTen[power]
    }
    guard power >= -27, power <= 27 else { return nil }
    let shift = mantissa.leadingZeroBitCount
    let normal = mantissa << UInt64(shift)
    // Both branches leave 63 or 64 significant bits, the lowest of them sticky, so that the
    // conversion to 53 bits is the only rounding.
    if power < 0 {
        let five = powersOfFive[-power]
        let fiveShift = five.leadingZeroBitCount
        let (quotient, remainder) = (five << UInt64(fiveShift)).dividingFullWidth(
            (high: normal >> 1, low: normal << 63))
        let sticky = quotient | (remainder == 0 ? 0 : 1)
        return Double(
            sign: .plus, exponent: power - shift + fiveShift - 63, significand: Double(sticky))
    }
    let product = normal.multipliedFullWidth(by: powersOfFive[power])
    let gap = product.high.leadingZeroBitCount
    if product.high == 0 {
        return Double(
            sign: .plus, exponent: power - shift, significand: Double(product.low))
    }
    let high = gap == 0 ? product.high : product.high << gap | product.low >> (64 - gap)
    let sticky = high | (product.low << gap == 0 ? 0 : 1)
    return Double(
        sign: .plus, exponent: power - shift + 64 - gap, significand: Double(sticky))
}

private let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]

/// 5^0 to 5^27, the largest below 2^63.
private let powersOfFive: [UInt64] = (0...27).reduce(into: [1]) { powers, step in
    if step > 0 { powers.append(powers[step - 1] * 5) }
}

/// Reads a whole number with an optional sign; nil where it is not one or does not fit.
func parseInteger(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    var index = 0
    var end = bytes.count
    while index < end, isBlank(bytes[index]) { index += 1 }
    while end > index, isBlank(bytes[end - 1]) { end -= 1 }
    guard index < end else { return nil }
    let negative = bytes[index] == UInt8(ascii: "-")
    if negative || bytes[index] == UInt8(ascii: "+") { index += 1 }
    guard index < end else { return nil }
    // Counted downwards, because the least Int64 has no positive twin.
    var value: Int64 = 0
    while index < end {
        let digit = bytes[index] &- 48
        guard digit <= 9 else { return nil }
        let (tens, overTens) = value.multipliedReportingOverflow(by: 10)
        let (next, over) = tens.subtractingReportingOverflow(Int64(digit))
        guard !overTens, !over else { return nil }
        value = next
        index += 1
    }
    if negative { return value }
    return value == .min ? nil : -value
}

extension Double {
    /// The decimal number that a text says, nil where it says none; `parseDecimal` has the rules.
    public init?(decimal bytes: UnsafeBufferPointer<UInt8>) {
        guard let value = parseDecimal(bytes) else { return nil }
        self = value
    }
}

extension Int64 {
    /// The whole number that a text says, nil where it says none or one that does not fit.
    public init?(decimal bytes: UnsafeBufferPointer<UInt8>) {
        guard let value = parseInteger(bytes) else { return nil }
        self = value
    }
}
