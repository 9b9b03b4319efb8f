/// Cancels, corrections and reversals: what became known to be wrong, and when.
///
/// Since 2012-02-06 a cancel repeats the record that it cancels, reference number included; a
/// reversal and a correction refer to it by the prior reference number. Before, all refer to the
/// original's message sequence number, and a reversal to nothing: it repeats the terms of the trade.
extension BondCleaner {
    /// The terms that a cancel and its original share.
    private func isSameTrade(_ one: TraceReport, _ other: TraceReport) -> Bool {
        one.execution == other.execution && one.quantity == other.quantity
            && one.price == other.price && one.side == other.side && one.contra == other.contra
    }

    private func positions(_ status: TraceReport.Status) -> [Int] {
        rows.indices.filter { rows[$0].fate == .kept && rows[$0].status == status }
    }

    mutating func applyCancels() {
        for position in positions(.cancel) {
            let cancel = rows[position]
            // Academic files may give the cancel a number of its own and refer to the original's.
            let target = [cancel.reference, cancel.priorReference].lazy.filter { $0 >= 0 }
                .compactMap { reference in
                    trades(reference: reference).first {
                        rows[$0].holds && isSameTrade(rows[$0], cancel)
                    }
                }.first
            if let target { withdraw(target, at: cancel.report, in: .cancel) }
            remove(position, in: target == nil ? .unmatched : .cancel)
        }
    }

    mutating func applyCorrections() {
        for position in positions(.correction) where rows[position].priorReference >= 0 {
            let correction = rows[position]
            let candidates = trades(reference: correction.priorReference).filter { $0 != position }
            let target =
                candidates.first { rows[$0].reportDay == correction.priorDay }
                ?? candidates.first { rows[$0].execution == correction.execution }
            guard let target else { continue }
            rows[position].replaces = Int32(target)
            // The original is normally cancelled by a record of its own.
            if rows[target].holds { withdraw(target, at: correction.report, in: .correction) }
        }
    }

    mutating func applyReversals() {
        for position in positions(.reversal) {
            let reversal = rows[position]
            let target = trades(reference: reversal.priorReference).first {
                rows[$0].holds && isSameTrade(rows[$0], reversal)
            }
            if let target {
                withdraw(target, at: reversal.report, in: .reversal)
                remove(position, in: .reversal)
            } else if reversal.executionDay < TraceParser.migration {
                // The original lies in the older system, under another number.
                rows[position].status = .historicReversal
            } else {
                remove(position, in: .unmatched)
            }
        }
    }

    mutating func applyHistoricCancels() {
        for position in positions(.historicCancel) {
            let cancel = rows[position]
            let reference = cancel.priorReference >= 0 ? cancel.priorReference : cancel.reference
            let target = trades(reference: reference).first {
                rows[$0].holds && rows[$0].executionDay == cancel.executionDay
                    && rows[$0].quantity == cancel.quantity && rows[$0].price == cancel.price
            }
            if let target { withdraw(target, at: cancel.report, in: .historicCancel) }
            remove(position, in: target == nil ? .unmatched : .historicCancel)
        }
    }

    /// A correction may correct a correction, in any order of the rows: the pass is repeated until
    /// it finds nothing more.
    mutating func applyHistoricCorrections() {
        var pending = positions(.historicCorrection)
        guard !pending.isEmpty else { return }
        var isPending = Array(repeating: false, count: rows.count)
        for position in pending { isPending[position] = true }
        var replacement: [Int: Int] = [:]
        while true {
            var rest: [Int] = []
            for position in pending {
                let correction = rows[position]
                let candidates = trades(reference: correction.priorReference).filter {
                    $0 != position && !isPending[$0]
                        && rows[$0].executionDay == correction.executionDay
                }
                guard var target = candidates.first(where: { rows[$0].holds }) ?? candidates.first
                else {
                    rest.append(position)
                    continue
                }
                // What was corrected already is corrected again at the end of its chain.
                while let next = replacement[target] { target = next }
                guard rows[target].holds else {
                    rest.append(position)
                    continue
                }
                replacement[target] = position
                isPending[position] = false
                rows[position].replaces = Int32(target)
                withdraw(target, at: correction.report, in: .historicCorrection)
            }
            let isDone = rest.count == pending.count
            pending = rest
            if isDone { break }
        }
        for position in pending { remove(position, in: .unmatched) }
    }

    /// The n-th reversal of equal terms takes back the n-th trade; the time of day is not compared.
    mutating func applyHistoricReversals() {
        let reversals = positions(.historicReversal)
        guard !reversals.isEmpty else { return }
        var trades: [Terms: [Int]] = [:]
        for position in rows.indices.reversed() where isTrade(position) && rows[position].holds {
            trades[Terms(rows[position]), default: []].append(position)
        }
        for position in reversals {
            let target = trades[Terms(rows[position])]?.popLast()
            if let target { withdraw(target, at: rows[position].report, in: .historicReversal) }
            remove(position, in: target == nil ? .unmatched : .historicReversal)
        }
    }

    /// What a reversal before 2012 and its trade share.
    private struct Terms: Hashable {
        let executionDay: Int32
        let quantity: Double
        let price: Double
        let side: TraceReport.Side
        let contra: TraceReport.Contra

        init(_ row: TraceReport) {
            (executionDay, quantity, price) = (row.executionDay, row.quantity, row.price)
            (side, contra) = (row.side, row.contra)
        }
    }
}
