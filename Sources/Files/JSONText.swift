/// JSON as it is written: bytes, without a tree in between.
public struct JSONText: Sendable {
    public private(set) var bytes: [UInt8] = []
    /// Whether the next value or name stands behind another one.
    private var needsComma = false

    public init() {}

    /// `{…}`; the body writes its members.
    public mutating func object(_ body: (inout JSONText) -> Void) {
        bracket(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    /// `[…]`; the body writes its values.
    public mutating func array(_ body: (inout JSONText) -> Void) {
        bracket(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    private mutating func bracket(
        _ opening: UInt8, _ closing: UInt8, _ body: (inout JSONText) -> Void
    ) {
        separate()
        bytes.append(opening)
        needsComma = false
        body(&self)
        bytes.append(closing)
        needsComma = true
    }

    /// The name of the member whose value comes next.
    public mutating func name(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func value(_ text: String) {
        separate()
        quote(text)
        needsComma = true
    }

    public mutating func value(_ number: Int) { raw(String(number)) }
    public mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

    /// The shortest text that reads back as the same number; `null` where it is not finite.
    public mutating func value(_ number: Double) {
        guard number.isFinite else { return raw("null") }
        let text = number.description
        raw(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    public mutating func value(_ number: Float) {
        guard number.isFinite else { return raw("null") }
        raw(number.description)
    }

    /// A number rounded to some decimals, without zeros at the end; `null` where it is not finite.
    public mutating func value(_ number: Double, decimals: Int) {
        guard number.isFinite else { return raw("null") }
        separate()
        FixedDecimals.append(number, decimals: decimals, to: &bytes)
        needsComma = true
    }

    public mutating func null() { raw("null") }

    public mutating func member(_ name: String, _ text: String) {
        self.name(name)
        value(text)
    }

    public mutating func member(_ name: String, _ number: Int) {
        self.name(name)
        value(number)
    }

    public mutating func member(_ name: String, _ number: Double) {
        self.name(name)
        value(number)
    }

    public mutating func member(_ name: String, _ flag: Bool) {
        self.name(name)
        value(flag)
    }

    public mutating func member(_ name: String, _ texts: some Sequence<String>) {
        self.name(name)
        array { for text in texts { $0.value(text) } }
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// One object as a text of its own.
    public static func object(_ body: (inout JSONText) -> Void) -> [UInt8] {
        var text = JSONText()
        text.object(body)
        return text.bytes
    }
}
