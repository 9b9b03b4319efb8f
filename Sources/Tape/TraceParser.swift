import Bonds
import Files

/// Why a row cannot be made a report.
public enum RowProblem: UInt8, CaseIterable, Sendable {
    case cells, text, status, cusip, reference, date, time, price, quantity, side, contra

    /// In words.
    public var title: String {
        switch self {
        case .cells: "another number of cells than the header has"
        case .text: "bytes that are not UTF-8"
        case .status: "an unknown trade status"
        case .cusip: "no CUSIP of nine characters"
        case .reference: "no reference number"
        case .date: "no date of the form 20250307 or 2025-03-07"
        case .time: "no time of the form 093000 or 09:30:00"
        case .price: "no price"
        case .quantity: "no quantity"
        case .side: "neither buy nor sell"
        case .contra: "an unknown contra party"
        }
    }
}

/// Turns the lines of a block into reports; one block belongs to one thread.
struct TraceParser {
    /// What came of a block.
    struct Output {
        var reports: [TraceReport] = []
        /// The lines that cannot be read: the line's number, why, and how it begins.
        var problems: [(line: Int, problem: RowProblem, text: String)] = []
        var problemCount = 0
        /// Names behind hashed dealers, and FIGIs of bonds, as far as they occur.
        var dealers: [UInt64: String] = [:]
        var figis: [PackedCUSIP: String] = [:]
        /// The last line if it is no record: a trailer, with the count it tells.
        var trailer: (line: Int, count: Int)?
        var rows = 0
    }

    let header: TraceHeader
    let file: UInt16
    /// Examples of unreadable lines that are kept of one block.
    static let examples = 5

    /// The first day of the present system; reports before it follow the older rules.
    static let migration = CalendarDate(compact: 2012_02_06).map { Int($0.dayNumber) } ?? 0

    func parse(_ block: LineReader.Block) -> Output {
        var output = Output()
        output.reports.reserveCapacity(block.bytes.count / 120)
        let cells = UnsafeMutableBufferPointer<(start: Int, end: Int)>.allocate(
            capacity: header.columnCount + 1)
        defer { cells.deallocate() }
        block.bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            var line = block.firstLine
            while position < bytes.count {
                let start = position
                let count = split(bytes, from: &position, into: cells)
                var end = position
                if end > start, bytes[end - 1] == UInt8(ascii: "\n") { end -= 1 }
                if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
                if end > start {
                    take(
                        UnsafeBufferPointer(rebasing: bytes[start..<end]), cells, count: count,
                        in: bytes, line: line, output: &output)
                }
                line += 1
            }
        }
        return output
    }

    /// Finds the cells of the line that begins at `position` and moves it behind the line.
    ///
    /// - Returns: How many cells there are; those beyond the header's are not kept.
    @inline(__always)
    private func split(
        _ bytes: UnsafeBufferPointer<UInt8>, from position: inout Int,
        into cells: UnsafeMutableBufferPointer<(start: Int, end: Int)>
    ) -> Int {
        let separator = header.separator
        let mayQuote = separator != UInt8(ascii: "|")
        var count = 0
        var start = position
        var index = position
        var isQuoted = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == separator, !isQuoted {
                if count < header.columnCount { cells[count] = (start, index) }
                count += 1
                start = index + 1
            } else if byte == UInt8(ascii: "\n") {
                break
            } else if mayQuote, byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            }
            index += 1
        }
        var end = index
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        if count < header.columnCount { cells[count] = (start, end) }
        position = min(index + 1, bytes.count)
        return count + 1
    }

    private func take(
        _ text: UnsafeBufferPointer<UInt8>,
        _ cells: UnsafeMutableBufferPointer<(start: Int, end: Int)>, count: Int,
        in bytes: UnsafeBufferPointer<UInt8>, line: Int, output: inout Output
    ) {
        if count < 5, header.layout.hasTrailer, let records = Self.trailer(text) {
            output.trailer = (line, records)
            return
        }
        output.rows += 1
        var problem = RowProblem.cells
        let row = Row(bytes: bytes, cells: cells, header: header)
        // A separator at the end of each line is no cell.
        if count == header.columnCount
            || count == header.columnCount + 1 && text.last == header.separator
        {
            if let found = Self.report(row, file: file, line: line, output: &output) {
                problem = found
            } else {
                return
            }
        }
        if String(validating: text, as: UTF8.self) == nil { problem = .text }
        output.problemCount += 1
        guard output.problems.count < Self.examples else { return }
        let shown = String(decoding: text.prefix(100), as: UTF8.self)
        output.problems.append((line, problem, shown))
    }

    /// The record count of a trailer: date and time, then up to ten digits, right-justified and
    /// filled with zeros; nil where the line is none.
    static func trailer(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard text.count <= 60 else { return nil }
        let isPlain = text.allSatisfy { byte in
            // Digits and the marks - . / : and blank and |
            byte >= 0x2D && byte <= 0x3A || byte == 0x20 || byte == 0x7C
        }
        let isDigit = { (byte: UInt8) in byte >= 0x30 && byte <= 0x39 }
        guard isPlain, text.lazy.filter(isDigit).count >= 12 else { return nil }
        let end = text.lastIndex(where: isDigit) ?? 0
        return text[...end].suffix(10).reversed().prefix(while: isDigit).reversed()
            .reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

/// The cells of one line by their roles.
private struct Row {
    let bytes: UnsafeBufferPointer<UInt8>
    let cells: UnsafeMutableBufferPointer<(start: Int, end: Int)>
    let header: TraceHeader

    /// A cell without blanks and quotes around it; empty where the file has no such column.
    @inline(__always)
    subscript(_ role: TraceLayout.Role) -> UnsafeBufferPointer<UInt8> {
        let column = header.column(role)
        guard column >= 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
        var (start, end) = cells[column]
        while start < end, Self.isPadding(bytes[start]) { start += 1 }
        while end > start, Self.isPadding(bytes[end - 1]) { end -= 1 }
        return UnsafeBufferPointer(rebasing: bytes[start..<end])
    }

    @inline(__always)
    private static func isPadding(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x22 || byte == 0x09
    }

    /// The first letter of a cell as a capital, 0 where it is empty.
    @inline(__always)
    func letter(_ role: TraceLayout.Role) -> UInt8 {
        guard let first = self[role].first else { return 0 }
        return first >= 0x61 && first <= 0x7A ? first & 0xDF : first
    }

    /// A whole number, also one that a spreadsheet wrote as `12.0`; nil where there is none.
    @inline(__always)
    func whole(_ role: TraceLayout.Role) -> Int64? {
        let text = self[role]
        var value: Int64 = 0
        var index = 0
        while index < text.count {
            let digit = text[index] &- 48
            guard digit <= 9 else { break }
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        guard index > 0, index <= 18 else { return nil }
        let rest = text[index...]
        guard rest.isEmpty || rest.first == 0x2E && rest.dropFirst().allSatisfy({ $0 == 0x30 })
        else { return nil }
        return value
    }

    /// Days since 1970-01-01 of `20250307` or `2025-03-07`; nil where it is neither.
    @inline(__always)
    func day(_ role: TraceLayout.Role) -> Int? {
        let text = self[role]
        var value = 0
        var digits = 0
        for index in 0..<min(text.count, 10) {
            let digit = text[index] &- 48
            if digit <= 9 {
                value = value * 10 + Int(digit)
                digits += 1
            } else if text[index] != 0x2D || index != 4 && index != 7 {
                return nil
            }
        }
        guard digits == 8, text.count == 8 || text.count == 10 else { return nil }
        return CalendarDate(compact: value).map { Int($0.dayNumber) }
    }

    /// Nanoseconds since midnight of `93000`, `093000` or `09:30:00`, with decimals of a second.
    @inline(__always)
    func time(_ role: TraceLayout.Role) -> Int64? {
        let text = self[role]
        var value = 0
        var digits = 0
        var index = 0
        while index < text.count, text[index] != 0x2E {
            let digit = text[index] &- 48
            if digit <= 9 {
                value = value * 10 + Int(digit)
                digits += 1
            } else if text[index] != 0x3A || digits == 0 {
                return nil
            }
            guard digits <= 6 else { return nil }
            index += 1
        }
        guard digits >= 1 else { return nil }
        let (hour, minute, second) = (value / 10_000, value / 100 % 100, value % 100)
        guard hour < 24, minute < 60, second < 60 else { return nil }
        var nanoseconds = Int64(hour * 3_600 + minute * 60 + second) * 1_000_000_000
        var unit: Int64 = 100_000_000
        while index + 1 < text.count {
            let digit = text[index + 1] &- 48
            guard digit <= 9 else { return nil }
            nanoseconds += Int64(digit) * unit
            unit /= 10
            index += 1
        }
        return nanoseconds
    }

    /// A number; nil where the cell is empty or something else.
    @inline(__always)
    func number(_ role: TraceLayout.Role) -> Double? { Double(decimal: self[role]) }

    /// A size in dollars, and whether it was capped: `350000.00`, `1MM+`, `5MM+`.
    @inline(__always)
    func size(_ role: TraceLayout.Role) -> (quantity: Double, isCapped: Bool)? {
        if let number = number(role) { return (number, false) }
        var text = self[role]
        var isCapped = false
        var factor = 1.0
        if text.last == UInt8(ascii: "+") {
            isCapped = true
            text = UnsafeBufferPointer(rebasing: text.dropLast())
        }
        if text.suffix(2).elementsEqual("MM".utf8) {
            factor = 1_000_000
            text = UnsafeBufferPointer(rebasing: text.dropLast(2))
        }
        return Double(decimal: text).map { ($0 * factor, isCapped) }
    }
}

extension TraceParser {
    /// Appends the report of a row; what is wrong with it where it is none.
    @inline(__always)
    private static func report(
        _ row: Row, file: UInt16, line: Int, output: inout Output
    ) -> RowProblem? {
        guard let cusip = PackedCUSIP(row[.cusip]) else { return .cusip }
        guard let executionDay = row.day(.executionDate) else { return .date }
        guard let executionTime = row.time(.executionTime) else { return .time }
        // The feed has no report times: there a trade is known when it was made.
        let hasReportDate = row.header.column(.reportDate) >= 0
        guard let reportDay = hasReportDate ? row.day(.reportDate) : executionDay else {
            return .date
        }
        let hasReportTime = hasReportDate && row.header.column(.reportTime) >= 0
        guard let reportTime = hasReportTime ? row.time(.reportTime) : executionTime else {
            return .time
        }
        let isHistoric =
            row.header.isFeed || row.header.layout == .pre2012
            || row.header.layout == .wrds && reportDay < migration
        let asOf = row.letter(.asOf)
        guard let status = status(row.letter(.status), asOf: asOf, isHistoric: isHistoric) else {
            return .status
        }
        let priorReference = row.whole(.priorReference) ?? -1
        guard let reference = row.whole(.reference) ?? (status.isTrade ? nil : -1) else {
            return .reference
        }
        guard let price = row.number(.price) else { return .price }
        guard let (quantity, isCapped) = row.size(.quantity) else { return .quantity }
        let side: TraceReport.Side
        switch row.letter(.side) {
        case UInt8(ascii: "B"): side = .buy
        case UInt8(ascii: "S"): side = .sell
        // The feed tells trades between dealers as D.
        case UInt8(ascii: "D") where row.header.isFeed: side = .sell
        default: return .side
        }
        guard let contra = contra(row) else { return .contra }

        var report = TraceReport(
            cusip: cusip,
            execution: EasternTime.nanoseconds(
                CalendarDate(dayNumber: executionDay), timeOfDay: executionTime),
            report: EasternTime.nanoseconds(
                CalendarDate(dayNumber: reportDay), timeOfDay: reportTime),
            reference: reference, priorReference: priorReference, quantity: quantity,
            price: price, yield: yield(row), dealer: 0,
            executionDay: Int32(executionDay), reportDay: Int32(reportDay),
            priorDay: row.day(.priorDate).map { Int32($0) } ?? .min,
            settlementDay: settlement(row, executionDay: executionDay),
            line: UInt32(clamping: line), file: file, marks: marks(row, side: side, asOf: asOf),
            status: status, side: side, contra: contra)
        if isCapped { report.marks.insert(.capped) }
        let dealer = row[.reportingParty]
        if !dealer.isEmpty {
            report.dealer = hash(dealer)
            if output.dealers[report.dealer] == nil {
                output.dealers[report.dealer] = String(decoding: dealer, as: UTF8.self)
            }
        }
        let figi = row[.figi]
        if !figi.isEmpty, output.figis[cusip] == nil {
            output.figis[cusip] = String(decoding: figi, as: UTF8.self)
        }
        output.reports.append(report)
        return nil
    }

    @inline(__always)
    private static func status(
        _ letter: UInt8, asOf: UInt8, isHistoric: Bool
    ) -> TraceReport.Status? {
        guard isHistoric else {
            switch letter {
            case UInt8(ascii: "T"): return .trade
            case UInt8(ascii: "X"), UInt8(ascii: "C"): return .cancel
            case UInt8(ascii: "R"): return .correction
            case UInt8(ascii: "Y"): return .reversal
            default: return nil
            }
        }
        switch letter {
        case UInt8(ascii: "T"), UInt8(ascii: "G"), UInt8(ascii: "M"):
            let isReversal = asOf == UInt8(ascii: "R") || asOf == UInt8(ascii: "X")
            return isReversal ? .historicReversal : .trade
        case UInt8(ascii: "C"), UInt8(ascii: "H"), UInt8(ascii: "N"), UInt8(ascii: "X"):
            return .historicCancel
        case UInt8(ascii: "W"), UInt8(ascii: "I"), UInt8(ascii: "O"): return .historicCorrection
        default: return nil
        }
    }

    /// A negative yield may have its sign in a column of its own.
    @inline(__always)
    private static func yield(_ row: Row) -> Double {
        let yield = row.number(.yield) ?? .nan
        return row.letter(.yieldDirection) == UInt8(ascii: "-") ? -abs(yield) : yield
    }

    /// `C`, `D` and `A` (affiliate), `T` (an ATS); academic files have a masked name for a dealer.
    @inline(__always)
    private static func contra(_ row: Row) -> TraceReport.Contra? {
        let cell = row[.contraParty]
        if row.header.isFeed, row.letter(.side) == UInt8(ascii: "D") { return .dealer }
        if cell.count > 1 { return row.header.layout == .academic ? .dealer : nil }
        switch row.letter(.contraParty) {
        case UInt8(ascii: "C"): return .customer
        case UInt8(ascii: "D"), UInt8(ascii: "T"): return .dealer
        case UInt8(ascii: "A"): return .affiliate
        default: return nil
        }
    }

    @inline(__always)
    private static func settlement(_ row: Row, executionDay: Int) -> Int32 {
        // Before 2012 only the number of days was told; WRDS has both, and the later one counts.
        let told = row.day(.settlementDate)
        let counted = row.whole(.settlementDays).flatMap {
            $0 < 10_000 ? executionDay + Int($0) : nil
        }
        guard let later = told.map({ max($0, counted ?? $0) }) ?? counted else { return .min }
        return Int32(later)
    }

    @inline(__always)
    private static func marks(
        _ row: Row, side: TraceReport.Side, asOf: UInt8
    ) -> TraceReport.Marks {
        let yes = UInt8(ascii: "Y")
        var marks: TraceReport.Marks = []
        if row.letter(.ats) == yes { marks.insert(.ats) }
        // Where the file does not tell, as in the feed, all was disseminated.
        let disseminated = row.letter(.disseminated)
        if disseminated == yes || disseminated == 0 { marks.insert(.disseminated) }
        if row.letter(.whenIssued) == yes { marks.insert(.whenIssued) }
        let lockedIn = row.letter(.lockedIn)
        if lockedIn != 0, lockedIn != UInt8(ascii: "N") { marks.insert(.lockedIn) }
        if row.letter(.specialPrice) == yes { marks.insert(.specialPrice) }
        if isSpecial(row.letter(.condition)) || isSpecial(row.letter(.secondCondition)) {
            marks.insert(.specialCondition)
        }
        let market = row[.market]
        if market.first == UInt8(ascii: "P") || market.elementsEqual("S2".utf8) {
            marks.insert(.primaryMarket)
        }
        if asOf == UInt8(ascii: "A") || asOf == UInt8(ascii: "D") { marks.insert(.asOf) }
        let capacity = row.letter(side == .buy ? .buyerCapacity : .sellerCapacity)
        if capacity == UInt8(ascii: "A"),
            (row.number(side == .buy ? .buyerCommission : .sellerCommission) ?? 0) == 0
        {
            marks.insert(.freeAgency)
        }
        return marks
    }

    /// Codes other than regular way (`@`) and those that only tell that a report came late or out
    /// of hours (`T`, `U`, `Z`).
    @inline(__always)
    private static func isSpecial(_ code: UInt8) -> Bool {
        switch code {
        case 0, UInt8(ascii: "@"), UInt8(ascii: "T"), UInt8(ascii: "U"), UInt8(ascii: "Z"):
            false
        default: true
        }
    }

    /// FNV-1a, 64 bits.
    @inline(__always)
    private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash == 0 ? 1 : hash
    }
}
