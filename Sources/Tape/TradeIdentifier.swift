import Bonds

/// The report day and reference number by which TRACE itself knows a report.
public struct TradeIdentifier: Hashable, Sendable {
    /// `20250307`
    let day: Int
    let reference: Int64
    let isBuyersReport: Bool

    public init(date: CalendarDate, reference: Int64, isBuyersReport: Bool = false) {
        day = date.compact
        self.reference = reference
        self.isBuyersReport = isBuyersReport
    }

    init(_ report: TraceReport) {
        day = CalendarDate(dayNumber: Int(report.reportDay)).compact
        reference = report.reference
        isBuyersReport = report.marks.contains(.buyersReport)
    }

    /// Reads one piece of a trade's identifier; nil where another program wrote it.
    init?(_ text: Substring) {
        let digits = text.last == "B" ? text.dropLast() : text
        guard digits.utf8.count >= 9, let day = Int(digits.prefix(8)),
            let reference = Int64(digits.dropFirst(8))
        else { return nil }
        self.day = day
        self.reference = reference
        isBuyersReport = text.last == "B"
    }

    /// The day and at least seven digits: short enough for a string without memory of its own.
    public var text: String {
        let number = String(reference)
        return String(day) + String(repeating: "0", count: max(0, 7 - number.utf8.count)) + number
            + (isBuyersReport ? "B" : "")
    }
}
