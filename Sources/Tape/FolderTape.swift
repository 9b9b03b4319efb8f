/// The tape that a folder has, and what new reports change in it: cancels, corrections and
/// reversals that reach back, and trades that were told before.
///
/// Reversals and corrections of the system before 2012 are matched within one import only.
struct FolderTape: Sendable {
    private(set) var table = TradeTable()
    /// Rows of the folder that a step withdrew, and rows that it added by splitting a trade.
    private(set) var withdrawn: [CleaningStep: Int] = [:]
    private(set) var added: [CleaningStep: Int] = [:]

    init(_ table: TradeTable = TradeTable()) { self.table = table }

    /// The rows of trades by the reference numbers of their pieces.
    private typealias Pieces = [Int64: [Int]]

    /// Applies to the folder what new reports say of its trades, and takes out of the new tape what
    /// the folder already has.
    mutating func reconcile(with tape: inout Tape) {
        var pieces = pieces(for: tape)
        removeKnown(from: &tape, pieces)
        removeDoubles(from: &tape)
        for row in tape.reports.indices {
            let report = tape.reports[row]
            switch (report.fate, report.status) {
            case (.unmatched, .cancel):
                let numbers = [report.reference, report.priorReference]
                if withdraw(report, numbers: numbers, in: .cancel, &pieces) {
                    tape.match(row, in: .cancel)
                }
            case (.unmatched, .reversal):
                if withdraw(report, numbers: [report.priorReference], in: .reversal, &pieces) {
                    tape.match(row, in: .reversal)
                }
            case (.kept, .correction) where report.replaces < 0 && report.priorReference >= 0:
                tape.replacedInFolder[row] = correct(report, pieces)
            default: break
            }
        }
    }

    /// The rows of the folder by the reference numbers that the new reports are or refer to.
    private func pieces(for tape: Tape) -> Pieces {
        var needed: Set<Int64> = []
        for report in tape.reports {
            needed.insert(report.reference)
            if report.priorReference >= 0 { needed.insert(report.priorReference) }
        }
        var pieces: Pieces = [:]
        for (row, text) in table.tradeIDs.enumerated() {
            for piece in text.split(separator: "+") {
                guard let identifier = TradeIdentifier(piece),
                    needed.contains(identifier.reference)
                else { continue }
                pieces[identifier.reference, default: []].append(row)
            }
        }
        return pieces
    }

    /// A file that is imported again adds nothing.
    private func removeKnown(from tape: inout Tape, _ pieces: Pieces) {
        for row in tape.reports.indices where tape.reports[row].fate == .kept {
            let report = tape.reports[row]
            let identifier = TradeIdentifier(report)
            let isKnown = (pieces[report.reference] ?? []).contains { known in
                isSameBond(known, report) && table.executionTimes[known] == report.execution
                    && table.tradeIDs[known].split(separator: "+").contains {
                        TradeIdentifier($0)?.day == identifier.day
                            && TradeIdentifier($0)?.reference == identifier.reference
                    }
            }
            if isKnown { tape.remove(row, in: .duplicate) }
        }
    }

    /// One dealer's report came on an earlier day than the other's.
    private func removeDoubles(from tape: inout Tape) {
        let dealers = tape.reports.indices.filter {
            tape.reports[$0].fate == .kept && tape.reports[$0].contra == .dealer
        }
        let times = dealers.map { tape.reports[$0].execution }
        guard let first = times.min() else { return }
        var known: [DealerTrade: Bool] = [:]
        for row in 0..<table.count
        where table.sides[row] == .dealer && table.executionTimes[row] >= first {
            known[DealerTrade(table, row)] = table.tradeIDs[row].hasSuffix("B")
        }
        for row in dealers {
            let report = tape.reports[row]
            guard let isBuyersReport = known[DealerTrade(report)] else { continue }
            if isBuyersReport != report.marks.contains(.buyersReport) {
                tape.remove(row, in: .dealerDouble)
            }
        }
    }

    /// What the two reports of a trade between dealers share.
    private struct DealerTrade: Hashable {
        let cusip: String
        let execution: Int64
        let quantity: Double
        let price: Double

        init(_ report: TraceReport) {
            (cusip, execution) = (report.cusip.text, report.execution)
            (quantity, price) = (report.quantity, report.price)
        }

        init(_ table: TradeTable, _ row: Int) {
            (cusip, execution) = (table.cusips[Int(table.bonds[row])], table.executionTimes[row])
            (quantity, price) = (table.quantities[row], table.prices[row])
        }
    }

    private func isSameBond(_ row: Int, _ report: TraceReport) -> Bool {
        table.cusips[Int(table.bonds[row])] == report.cusip.text
    }

    /// Whether a report and a trade of the folder have the same bond, time and side.
    private func isSameTrade(_ row: Int, _ report: TraceReport) -> Bool {
        let side: Trade.Side =
            report.contra == .dealer ? .dealer : report.side == .buy ? .bid : .offer
        return isSameBond(row, report) && table.executionTimes[row] == report.execution
            && table.sides[row] == side && table.withdrawnTimes[row] == .max
    }

    /// Withdraws the trade, or the piece of one, that a report takes back.
    ///
    /// - Returns: false where the folder has no such trade.
    private mutating func withdraw(
        _ report: TraceReport, numbers: [Int64], in step: CleaningStep, _ pieces: inout Pieces
    ) -> Bool {
        for number in numbers where number >= 0 {
            for row in pieces[number] ?? [] where isSameTrade(row, report) {
                let isWhole = !table.tradeIDs[row].contains("+")
                if isWhole {
                    // What is left of a split trade may differ in the last digits.
                    guard abs(table.quantities[row] - report.quantity) < 1e-4,
                        abs(table.prices[row] - report.price) < 1e-6
                    else { continue }
                    table.withdrawnTimes[row] = max(report.report, table.reportTimes[row])
                } else {
                    guard report.quantity < table.quantities[row] else { continue }
                    pieces[number, default: []].append(split(row, number: number, report))
                    added[step, default: 0] += 1
                }
                withdrawn[step, default: 0] += 1
                return true
            }
        }
        return false
    }

    /// Takes a withdrawn piece out of a trade and gives it a row of its own, whose number is
    /// returned.
    private mutating func split(_ row: Int, number: Int64, _ report: TraceReport) -> Int {
        let texts = table.tradeIDs[row].split(separator: "+")
        let index = texts.firstIndex { TradeIdentifier($0)?.reference == number } ?? 0
        var piece = table.trade(row)
        piece.tradeID = String(texts[index])
        piece.quantity = report.quantity
        piece.price = report.price
        piece.withdrawnTime = max(report.report, piece.reportTime)
        let rest = table.quantities[row] - report.quantity
        let value = table.quantities[row] * table.prices[row] - report.quantity * report.price
        table.tradeIDs[row] =
            (texts[..<index] + texts[(index + 1)...]).joined(separator: "+")
        table.quantities[row] = rest
        table.prices[row] = (value / rest * 1e9).rounded() / 1e9
        table.append(piece)
        return table.count - 1
    }

    /// A correction withdraws its original also where no cancel does.
    ///
    /// - Returns: the identifier of the original, nil where the folder has none of its own.
    private mutating func correct(_ report: TraceReport, _ pieces: Pieces) -> String? {
        let target = (pieces[report.priorReference] ?? []).last { row in
            isSameBond(row, report) && table.executionTimes[row] == report.execution
                && TradeIdentifier(table.tradeIDs[row][...])?.reference == report.priorReference
        }
        guard let target else { return nil }
        if table.withdrawnTimes[target] == .max {
            table.withdrawnTimes[target] = max(report.report, table.reportTimes[target])
            withdrawn[.correction, default: 0] += 1
        }
        return table.tradeIDs[target]
    }

    /// All rows in report order: those of the new tape by their number, those of the folder by
    /// -1 minus theirs.
    func merged(with tape: Tape) -> [Int32] {
        let new = tape.order()
        guard table.count > 0 else { return new }
        let all = (0..<Int32(table.count)).map { -1 - $0 } + new
        func time(_ row: Int32) -> Int64 {
            row >= 0 ? tape.reports[Int(row)].report : table.reportTimes[-1 - Int(row)]
        }
        // Equal times keep the order: the folder's rows first. The standard sort is stable.
        return all.sorted { time($0) < time($1) }
    }
}
