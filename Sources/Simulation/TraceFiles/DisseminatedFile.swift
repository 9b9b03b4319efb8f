import Bonds
import Tape

/// What TRACE told the public on a day, as WRDS's standard TRACE table has it: one report a trade,
/// sizes capped, the statuses of the feed (`M` trade, `N` cancel, `O` correction; `G`, `H`, `I` for
/// bonds under Rule 144A).
enum DisseminatedFile {
    static let header =
        "cusip_id,bond_sym_id,bsym,trd_exctn_dt,trd_exctn_tm,trans_dt,trans_tm,msg_seq_nb,trc_st,"
        + "wis_fl,cmsn_trd,ascii_rptd_vol_tx,rptd_pr,yld_pt,asof_cd,sale_cndtn_cd,spcl_trd_fl,"
        + "side,diss_rptg_side_cd,orig_msg_seq_nb,orig_dis_dt,rptg_party_type,contra_party_type,"
        + "ats_indicator\n"

    static func name(_ date: CalendarDate) -> String { "wrds-standard-\(date).csv" }

    /// Whether the public was told: of a trade between dealers only the sale, and of a correction
    /// only what is right now.
    static func has(_ report: SimulatedReport) -> Bool {
        !report.isBuyersReport && report.status != .correctedCancel
    }

    /// The lines of a part of a day's records.
    ///
    /// - Parameter names: a bond's CUSIP, symbol and FIGI, as they stand in a line.
    static func lines(
        _ range: Range<Int>, of day: TraceDay, names: [[UInt8]], is144A: [Bool]
    ) -> [UInt8] {
        var text = TraceText(separator: ",", capacity: range.count * 190)
        var (executionDay, reportDay) = (EasternDay(), EasternDay())
        for index in range where has(day.records[index].report) {
            let record = day.records[index]
            let report = record.report
            let bond = Int(report.bond)
            let executed = executionDay.timeOfDay(report.executionTime)
            let reported = reportDay.timeOfDay(report.reportTime)
            let side: Character =
                report.side == .dealer ? "D" : report.side == .bid ? "B" : "S"

            text.text(names[bond])
            text.date(executionDay.date, dashed: true)
            text.time(executed, colons: true)
            text.date(reportDay.date, dashed: true)
            text.time(reported, colons: true)
            // A cancel is a message of its own and refers to the original.
            text.number(report.status == .cancel ? index + 9_000_001 : record.own.number, digits: 7)
            text.letter(report.status.feedLetter(is144A: is144A[bond]))
            text.letter(report.isWhenIssued ? "Y" : "N")
            text.letter("N")
            text.text(cappedSize(report))
            text.number(report.price, decimals: 6)
            text.number(report.yield, decimals: 6)
            text.letter(
                report.status == .reversal ? "R" : "A",
                if: report.status == .reversal || executionDay.date != reportDay.date)
            text.letter(report.isLate ? "Z" : "@")
            text.letter("Y", if: report.isSpecialPrice)
            text.letter(side)
            text.letter(report.side == .bid ? "B" : "S")
            let original =
                report.status == .cancel
                ? record.own : report.status == .correction ? record.prior : nil
            if let original {
                text.number(original.number, digits: 7)
                text.date(original.date, dashed: true)
            } else {
                text.empty(2)
            }
            text.letter("D")
            text.letter(report.side == .dealer ? "D" : "C")
            text.letter("Y", if: report.isATS)
            text.endLine()
        }
        return text.bytes
    }

    /// A size as the public sees it: no more than 5 MM of investment grade and 1 MM of high yield.
    static func cappedSize(_ report: SimulatedReport) -> String {
        let cap = report.isInvestmentGrade ? 5_000_000.0 : 1_000_000
        guard report.quantity <= cap else { return report.isInvestmentGrade ? "5MM+" : "1MM+" }
        return String(Int(report.quantity.rounded()))
    }
}

extension SimulatedReport.Status {
    fileprivate func feedLetter(is144A: Bool) -> Character {
        switch self {
        case .trade, .reversal: is144A ? "G" : "M"
        case .cancel, .correctedCancel: is144A ? "H" : "N"
        case .correction: is144A ? "I" : "O"
        }
    }
}
