import Bonds

/// The text of a TRACE file while it is put together.
package struct TraceText {
    package private(set) var bytes: [UInt8] = []
    let separator: UInt8

    package init(separator: Character, capacity: Int) {
        self.separator = separator.asciiValue ?? 0x2C
        bytes.reserveCapacity(capacity)
    }

    mutating func text(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(separator)
    }

    mutating func text(_ text: [UInt8]) {
        bytes.append(contentsOf: text)
        bytes.append(separator)
    }

    mutating func letter(_ letter: Character) {
        bytes.append(letter.asciiValue ?? 0x20)
        bytes.append(separator)
    }

    mutating func letter(_ letter: Character, if isThere: Bool) {
        if isThere { bytes.append(letter.asciiValue ?? 0x20) }
        bytes.append(separator)
    }

    mutating func empty(_ count: Int = 1) {
        for _ in 0..<count { bytes.append(separator) }
    }

    /// A whole number, filled with zeros to at least so many digits.
    package mutating func number(_ value: Int, digits: Int = 1) {
        append(UInt64(value.magnitude), digits: digits)
        bytes.append(separator)
    }

    /// A number with so many decimals; nothing for NaN.
    package mutating func number(_ value: Double, decimals: Int) {
        if !value.isNaN {
            if value < 0 { bytes.append(UInt8(ascii: "-")) }
            var unit: UInt64 = 1
            for _ in 0..<decimals { unit *= 10 }
            let scaled = UInt64((value.magnitude * Double(unit)).rounded())
            append(scaled / unit, digits: 1)
            bytes.append(UInt8(ascii: "."))
            append(scaled % unit, digits: decimals)
        }
        bytes.append(separator)
    }

    /// `20250307`, or with dashes between.
    mutating func date(_ date: CalendarDate, dashed: Bool) {
        let (year, month, day) = date.components
        append(UInt64(year), digits: 4)
        if dashed { bytes.append(UInt8(ascii: "-")) }
        append(UInt64(month), digits: 2)
        if dashed { bytes.append(UInt8(ascii: "-")) }
        append(UInt64(day), digits: 2)
        bytes.append(separator)
    }

    /// `093000`, or with colons between; from nanoseconds since midnight.
    mutating func time(_ timeOfDay: Int64, colons: Bool) {
        let seconds = UInt64(timeOfDay / 1_000_000_000)
        append(seconds / 3_600, digits: 2)
        if colons { bytes.append(UInt8(ascii: ":")) }
        append(seconds / 60 % 60, digits: 2)
        if colons { bytes.append(UInt8(ascii: ":")) }
        append(seconds % 60, digits: 2)
        bytes.append(separator)
    }

    /// Ends a line whose last cell was written.
    package mutating func endLine() {
        bytes[bytes.count - 1] = UInt8(ascii: "\n")
    }

    private mutating func append(_ value: UInt64, digits: Int) {
        let start = bytes.count
        var rest = value
        var count = 0
        while rest > 0 || count < digits {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
            count += 1
        }
        bytes[start...].reverse()
    }
}

/// The clock in New York, remembering the last day: reports of one day come together.
struct EasternDay {
    private var midnight: Int64 = 0
    private(set) var date = CalendarDate(dayNumber: 0)
    private var end: Int64 = 0
    /// When trades of the day settle.
    private(set) var settlement = CalendarDate(dayNumber: 0)

    /// Nanoseconds since midnight of a time in UTC; `date` and `settlement` are then of its day.
    mutating func timeOfDay(_ time: Int64) -> Int64 {
        if time >= midnight, time < end { return time - midnight }
        let (date, timeOfDay) = EasternTime.clock(time)
        self.date = date
        settlement = Settlement.date(tradedOn: date)
        let dayLength: Int64 = 86_400_000_000_000
        midnight = EasternTime.nanoseconds(date, timeOfDay: 0)
        end = EasternTime.nanoseconds(date + 1, timeOfDay: 0)
        // On a day on which the clock is moved nothing is remembered.
        if end - midnight != dayLength { end = midnight }
        return timeOfDay
    }
}
