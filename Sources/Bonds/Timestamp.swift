/// Moments as people and protocols write them: ISO 8601 in UTC, `2023-11-01T15:10:07.661Z`.
public enum Timestamp {
    /// UTC epoch nanoseconds of `YYYY-MM-DDTHH:MM:SS`, up to nine decimals, and `Z` or `+00:00`, from
    /// 1970 to 2200; nil for any other text.
    public static func parse(_ text: String) -> Int64? {
        nearest(text).flatMap { (0..<end).contains($0) ? $0 : nil }
    }

    /// With this nanosecond the year 2201 begins.
    private static let end: Int64 = 7_289_654_400_000_000_000

    /// The same from the year 1 to 9999; where nanoseconds do not reach it, the first or the last that
    /// there is.
    public static func nearest(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 35, bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes[4] == UInt8(ascii: "-"), let date = CalendarDate(bytes[..<10]),
            let hour = number(bytes[11..<13]), hour < 24,
            let minute = number(bytes[14..<16]), minute < 60,
            let second = number(bytes[17..<19]), second < 60
        else { return nil }
        var rest = bytes[19...]
        var nanoseconds = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 &- 48 < 10 }
            guard (1...9).contains(digits.count), let value = number(digits) else { return nil }
            nanoseconds = (digits.count..<9).reduce(value) { value, _ in value * 10 }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard rest.elementsEqual("Z".utf8) || rest.elementsEqual("+00:00".utf8) else { return nil }
        let seconds = Int64(date.dayNumber) * 86_400 + Int64((hour * 60 + minute) * 60 + second)
        let (whole, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !isBeyond else { return seconds < 0 ? .min : .max }
        let (time, overflow) = whole.addingReportingOverflow(Int64(nanoseconds))
        return overflow ? .max : time
    }

    /// With milliseconds, or with as many decimals more as it takes.
    public static func text(_ nanoseconds: Int64) -> String {
        var seconds = nanoseconds / 1_000_000_000
        var fraction = nanoseconds % 1_000_000_000
        if fraction < 0 {
            seconds -= 1
            fraction += 1_000_000_000
        }
        var day = seconds / 86_400
        var time = seconds % 86_400
        if time < 0 {
            day -= 1
            time += 86_400
        }
        let (year, month, date) = CalendarDate(dayNumber: Int(day)).components
        var bytes: [UInt8] = []
        func append(_ value: Int, _ count: Int, _ separator: Unicode.Scalar?) {
            let digits = String(value).utf8
            bytes.append(
                contentsOf: repeatElement(48, count: max(0, count - digits.count)))
            bytes.append(contentsOf: digits)
            if let separator { bytes.append(UInt8(ascii: separator)) }
        }
        append(year, 4, "-")
        append(month, 2, "-")
        append(date, 2, "T")
        append(Int(time) / 3600, 2, ":")
        append(Int(time) / 60 % 60, 2, ":")
        append(Int(time) % 60, 2, ".")
        if fraction % 1_000_000 == 0 {
            append(Int(fraction) / 1_000_000, 3, "Z")
        } else {
            append(Int(fraction), 9, "Z")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard digit &- 48 < 10 else { return nil }
            value = value * 10 + Int(digit) - 48
        }
        return value
    }
}
