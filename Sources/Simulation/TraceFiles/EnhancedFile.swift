import Bonds
import Tape

/// FINRA's enhanced historic file of a day: 37 columns, a header and a trailer.
///
/// Source: FINRA, "Historic Data File Layout (Post-2/6/12 Files)".
enum EnhancedFile {
    static let header =
        "Record Count Num|Reference Number|Trade Status|TRACE Symbol|CUSIP|Bloomberg Identifier|"
        + "Sub Product|When Issued Indicator|Remuneration|Quantity|Price|Yield Direction|Yield|"
        + "As Of Indicator|Execution Date|Execution Time|Trade Report Date|Trade Report Time|"
        + "Settlement Date|Trade Modifier 3|Trade Modifier 4|Buy/Sell Indicator|Buyer Commission|"
        + "Buyer Capacity|Seller Commission|Seller Capacity|Reporting Party Type|"
        + "Contra Party Indicator|Locked In Indicator|ATS Indicator|Special Price Indicator|"
        + "Trading Market Indicator|Dissemination Flag|Prior Trade Report Date|"
        + "Prior Reference Number|First Trade Control Date|First Trade Control Number\n"

    static func name(_ date: CalendarDate) -> String {
        "enhanced-time-and-sales-cusip-\(date).txt"
    }

    /// The end of a file: when it was made, and how many records it has.
    static func trailer(_ date: CalendarDate, records: Int) -> String {
        let count = String(records)
        return date.description.filter { $0 != "-" } + " 19:00:00 "
            + String(repeating: "0", count: max(0, 10 - count.count)) + count + "\n"
    }

    /// The lines of a part of a day's records.
    ///
    /// - Parameter names: a bond's symbol, CUSIP, FIGI and product, as they stand in a line.
    static func lines(
        _ range: Range<Int>, of day: TraceDay, names: [[UInt8]]
    ) -> [UInt8] {
        var text = TraceText(separator: "|", capacity: range.count * 330)
        var (executionDay, reportDay) = (EasternDay(), EasternDay())
        for index in range {
            let record = day.records[index]
            let report = record.report
            let executed = executionDay.timeOfDay(report.executionTime)
            let reported = reportDay.timeOfDay(report.reportTime)
            let isDealer = report.side == .dealer
            let isPurchase = report.side == .bid || report.isBuyersReport

            text.number(index + 1)
            text.number(record.own.number, digits: 7)
            text.letter(report.status.letter)
            text.text(names[Int(report.bond)])
            text.letter(report.isWhenIssued ? "Y" : "N")
            // Dealers' prices to customers include a mark-up.
            text.letter(isDealer ? "N" : "M")
            text.number(report.quantity, decimals: 2)
            text.number(report.price, decimals: 6)
            text.letter("-", if: report.yield < 0)
            text.number(report.yield, decimals: 6)
            text.letter("A", if: executionDay.date != reportDay.date)
            text.date(executionDay.date, dashed: false)
            text.time(executed, colons: false)
            text.date(reportDay.date, dashed: false)
            text.time(reported, colons: false)
            text.date(executionDay.settlement, dashed: false)
            text.letter("Z", if: report.isLate)
            text.empty()
            text.letter(isPurchase ? "B" : "S")
            text.text("0.00")
            text.letter("P", if: isPurchase)
            text.text("0.00")
            text.letter("P", if: !isPurchase)
            text.letter("D")
            text.letter(isDealer ? "D" : "C")
            text.letter("Y", if: report.isLockedIn)
            text.letter("Y", if: report.isATS)
            text.letter("Y", if: report.isSpecialPrice)
            text.text(report.isPrimaryMarket ? "P1" : "S1")
            text.letter(report.isBuyersReport ? "N" : "Y")
            if let prior = record.prior {
                text.date(prior.date, dashed: false)
                text.number(prior.number, digits: 7)
            } else {
                text.empty(2)
            }
            text.date(record.first.date, dashed: false)
            text.number(record.first.number, digits: 7)
            text.endLine()
        }
        return text.bytes
    }
}

extension SimulatedReport {
    /// Whether the report came more than 15 minutes after the trade.
    var isLate: Bool { reportTime - executionTime > 900 * 1_000_000_000 }
}

extension SimulatedReport.Status {
    fileprivate var letter: Character {
        switch self {
        case .trade: "T"
        case .cancel: "X"
        case .correctedCancel: "C"
        case .correction: "R"
        case .reversal: "Y"
        }
    }
}
