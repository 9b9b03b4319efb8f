import Bonds
import Files

/// The cleaned reports of one import and the trades that they make.
struct Tape: Sendable {
    /// Every readable report, in the order of the files; those that left the tape say in which step.
    private(set) var reports: [TraceReport]
    private(set) var tally = CleaningTally()
    /// The trades of the folder that corrections replace.
    var replacedInFolder: [Int: String] = [:]
    /// The bonds in the order of their first report.
    let cusips: [PackedCUSIP]
    private let figis: [PackedCUSIP: String]
    private let dealers: [UInt64: String]

    /// Cleans reports, bond by bond on several threads.
    init(
        cleaning reports: [TraceReport], options: CleaningOptions,
        badPrints: BadPrintClassifier?, bonds: [PackedCUSIP: BondFacts],
        figis: [PackedCUSIP: String], dealers: [UInt64: String]
    ) {
        self.reports = reports
        self.dealers = dealers
        self.figis = figis.merging(bonds.compactMapValues(\.figi)) { $1.isEmpty ? $0 : $1 }
        let groups = Self.groups(reports)
        cusips = groups.cusips
        let bondCount = cusips.count
        // Many more parts than threads, because bonds differ a thousandfold in their trades.
        let parts = min(bondCount, 64)
        let tallies = self.reports.withUnsafeMutableBufferPointer { buffer in
            // Each part touches the rows of its own bonds only.
            nonisolated(unsafe) let rows = buffer
            return Parallel.map(count: parts) { part in
                var tally = CleaningTally()
                for bond in bondCount * part / parts..<bondCount * (part + 1) / parts {
                    let numbers = Array(groups.order[groups.starts[bond]..<groups.starts[bond + 1]])
                    var cleaner = BondCleaner(
                        options: options, badPrints: badPrints,
                        bond: bonds[rows[Int(numbers[0])].cusip],
                        rows: numbers.map { rows[Int($0)] }, numbers: numbers, tally: tally)
                    cleaner.clean()
                    for (position, number) in numbers.enumerated() {
                        var row = cleaner.rows[position]
                        // Links between reports count from here on through all of them.
                        if row.replaces >= 0 { row.replaces = numbers[Int(row.replaces)] }
                        if row.nextPiece >= 0 { row.nextPiece = numbers[Int(row.nextPiece)] }
                        if row.firstPiece >= 0 { row.firstPiece = numbers[Int(row.firstPiece)] }
                        rows[Int(number)] = row
                    }
                    tally = cleaner.tally
                }
                return tally
            }
        }
        for tally in tallies { self.tally.add(tally) }
    }

    /// Row numbers grouped by bond, each group in the order of the files.
    private static func groups(
        _ reports: [TraceReport]
    ) -> (cusips: [PackedCUSIP], order: [Int32], starts: [Int]) {
        var cusips: [PackedCUSIP] = []
        var bondNumbers: [PackedCUSIP: Int32] = [:]
        var bonds: [Int32] = []
        bonds.reserveCapacity(reports.count)
        var starts: [Int] = [0]
        for report in reports {
            var bond = bondNumbers[report.cusip]
            if bond == nil {
                bond = Int32(cusips.count)
                bondNumbers[report.cusip] = bond
                cusips.append(report.cusip)
                starts.append(0)
            }
            if let bond {
                bonds.append(bond)
                starts[Int(bond) + 1] += 1
            }
        }
        for bond in 1..<max(starts.count, 1) { starts[bond] += starts[bond - 1] }
        var next = starts
        var order = [Int32](repeating: 0, count: reports.count)
        for (row, bond) in bonds.enumerated() {
            order[next[Int(bond)]] = Int32(row)
            next[Int(bond)] += 1
        }
        return (cusips, order, starts)
    }

    /// The bonds that were traded on a day on which nobody stood behind them.
    func unmappedBonds(_ entities: EntityTable) -> [String] {
        struct BondDay: Hashable {
            let cusip: PackedCUSIP
            let day: Int32
        }
        var days: Set<BondDay> = []
        for report in reports where report.fate == .kept {
            days.insert(BondDay(cusip: report.cusip, day: report.executionDay))
        }
        let unmapped = days.filter {
            let date = CalendarDate(dayNumber: Int($0.day))
            return entities.entity(cusip: $0.cusip.text, asOf: date) == nil
        }
        return Set(unmapped.map(\.cusip.text)).sorted()
    }

    /// The rows that are trades of the tape, in report order.
    func order() -> [Int32] {
        let kept = (0..<Int32(reports.count)).filter { reports[Int($0)].fate == .kept }
        return reports.withUnsafeBufferPointer { reports in
            kept.sorted { first, second in
                let (one, other) = (reports[Int(first)].report, reports[Int(second)].report)
                return one == other ? first < second : one < other
            }
        }
    }

    /// The trade that a kept row tells.
    func trade(_ row: Int) -> Trade {
        let report = reports[row]
        var trade = Trade()
        trade.tradeID = identifier(row)
        trade.cusip = report.cusip.text
        trade.figi = figis[report.cusip] ?? ""
        trade.executionTime = report.execution
        trade.reportTime = report.report
        trade.withdrawnTime = report.withdrawn
        if report.replaces >= 0 {
            let first = reports[Int(report.replaces)].firstPiece
            trade.replaces = identifier(Int(first >= 0 ? first : report.replaces))
        } else if !replacedInFolder.isEmpty {
            trade.replaces = replacedInFolder[row] ?? ""
        }
        trade.isATS = report.marks.contains(.ats)
        trade.side = report.contra == .dealer ? .dealer : report.side == .buy ? .bid : .offer
        trade.quantity = report.quantity
        trade.price = report.price
        trade.yield = report.yield
        trade.isDisseminated = report.marks.contains(.disseminated)
        trade.dealer = dealers[report.dealer] ?? ""
        return trade
    }

    /// The identifiers of a trade's pieces, joined.
    private func identifier(_ row: Int) -> String {
        var text = TradeIdentifier(reports[row]).text
        var next = reports[row].nextPiece
        while next >= 0 {
            text += "+" + TradeIdentifier(reports[Int(next)]).text
            next = reports[Int(next)].nextPiece
        }
        return text
    }

    /// Takes a row out of the tape, or marks what was found for it in the folder.
    mutating func remove(_ row: Int, in step: CleaningStep) {
        reports[row].fate = step
        tally.note(step, .removed, row: Int32(row))
    }

    /// A cancel or reversal that found nothing here found its trade in the folder.
    mutating func match(_ row: Int, in step: CleaningStep) {
        reports[row].fate = step
        tally.move(.unmatched, to: step, row: Int32(row))
    }
}
