import Bonds
import Foundation

/// A number as people read it: about `digits` significant digits, no exponent where it can be
/// avoided, a dash where there is none.
func text(_ value: Double?, digits: Int = 4) -> String {
    guard let value, value.isFinite else { return "–" }
    guard value != 0 else { return "0" }
    let magnitude = abs(value)
    guard magnitude >= 1e-5, magnitude < 1e9 else {
        return String(format: "%.\(digits - 1)e", value)
    }
    let whole = Int(log10(magnitude).rounded(.down)) + 1
    return minus(String(format: "%.\(max(0, digits - whole))f", value))
}

/// A share in percent.
func percent(_ share: Double?, decimals: Int = 1) -> String {
    guard let share, share.isFinite else { return "–" }
    return minus(String(format: "%.\(decimals)f %%", 100 * share))
}

/// A count with commas between the thousands.
func grouped(_ count: Int) -> String {
    var digits = ""
    for (place, digit) in String(count.magnitude).reversed().enumerated() {
        if place > 0, place % 3 == 0 { digits.append(",") }
        digits.append(digit)
    }
    return (count < 0 ? "−" : "") + String(digits.reversed())
}

/// A count with its noun: `1 row`, `2,000 rows`.
func counted(_ count: Int, _ noun: String) -> String {
    grouped(count) + " " + noun + (count == 1 ? "" : "s")
}

/// The first and the last day of a period.
func text(_ period: ClosedRange<CalendarDate>) -> String {
    "\(period.lowerBound.description) to \(period.upperBound.description)"
}

/// The typographic minus, and no minus before a zero.
private func minus(_ text: String) -> String {
    guard text.hasPrefix("-") else { return text }
    let digits = text.dropFirst()
    return digits.contains { ("1"..."9").contains($0) } ? "−" + digits : String(digits)
}

/// A number without a point where it is whole.
func shortNumber(_ value: Double) -> String {
    let text = String(describing: value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// Names as a sentence lists them: `a, b and c`.
func sentenceList(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
}
