import Bonds
import Tape

/// The reports of one day in the order of its TRACE file, with their reference numbers.
struct TraceDay: Sendable {
    /// A report's place in TRACE: its day and number.
    struct Reference: Sendable {
        let date: CalendarDate
        let number: Int
    }

    /// A report with the references of itself, the one it refers to and the first of its chain.
    struct Record: Sendable {
        let report: SimulatedReport
        let own: Reference
        let prior: Reference?
        let first: Reference
    }

    let date: CalendarDate
    let records: [Record]
}

/// Gives reports their reference numbers, day after day.
struct ReferenceNumbers {
    /// The references of reports that a later one refers to, by token.
    private var referred: [Int: TraceDay.Reference] = [:]

    /// Numbers a day's reports and completes the rows of the clean tape that they make.
    ///
    /// - Parameters:
    ///   - reporter: loses the reports of the day, and the rows that became complete.
    /// - Returns: The day's file, and the complete rows in report order.
    mutating func close(
        _ date: CalendarDate, _ reporter: inout TradeReporter
    ) -> (day: TraceDay, rows: [TapeRow]) {
        let end = EasternTime.nanoseconds(date + 1, timeOfDay: 0)
        let order = reporter.reports.indices.filter { reporter.reports[$0].reportTime < end }
            .map { index in
                let report = reporter.reports[index]
                return (time: report.reportTime, sequence: report.sequence, index: index)
            }
            .sorted { ($0.time, $0.sequence) < ($1.time, $1.sequence) }
        var records: [TraceDay.Record] = []
        records.reserveCapacity(order.count)
        var complete: [TapeRow] = []
        complete.reserveCapacity(order.count)
        var number = 0
        for place in order {
            let report = reporter.reports[place.index]
            let prior = referred[report.prior]
            var own = TraceDay.Reference(date: date, number: number + 1)
            if report.status.isNumberedAsOriginal, let original = referred[report.token] {
                own = original
            } else {
                number += 1
                if report.isReferredTo { referred[report.token] = own }
            }
            records.append(
                TraceDay.Record(
                    report: report, own: own, prior: prior,
                    first: referred[report.first] ?? own))
            guard report.row >= 0 else { continue }
            let row = Int(report.row)
            if let prior { reporter.rows[row].trade.replaces = prior.identifier() }
            if reporter.rows[row].addPrint(own.identifier(report)) {
                complete.append(reporter.rows[row])
            }
        }
        reporter.forgetReported(before: end)
        // Only what is still to come can refer to anything.
        let needed = Set(reporter.reports.lazy.flatMap { [$0.token, $0.prior, $0.first] })
        referred = referred.filter { needed.contains($0.key) }
        return (TraceDay(date: date, records: records), complete)
    }

    /// How many reports wait for one that refers to them.
    var waiting: Int { referred.count }
}

extension TraceDay.Reference {
    /// The identifier that an import gives to the report.
    func identifier(_ report: SimulatedReport? = nil) -> String {
        TradeIdentifier(
            date: date, reference: Int64(number), isBuyersReport: report?.isBuyersReport ?? false
        ).text
    }
}

extension TapeRow {
    /// Adds the identifier of a print.
    ///
    /// - Returns: Whether it was the last one.
    fileprivate mutating func addPrint(_ identifier: String) -> Bool {
        if !trade.tradeID.isEmpty { trade.tradeID += "+" }
        trade.tradeID += identifier
        unreportedPrints -= 1
        truth.tradeID = trade.tradeID
        return unreportedPrints == 0
    }
}

extension TradeReporter {
    /// Lets go of the reports that came before a time and of the rows that are complete.
    fileprivate mutating func forgetReported(before end: Int64) {
        var places = [Int32](repeating: -1, count: rows.count)
        var waiting: [TapeRow] = []
        for (place, row) in rows.enumerated() where row.unreportedPrints > 0 {
            places[place] = Int32(waiting.count)
            waiting.append(row)
        }
        rows = waiting
        reports.removeAll { $0.reportTime < end }
        for index in reports.indices where reports[index].row >= 0 {
            reports[index].row = places[Int(reports[index].row)]
        }
    }
}
