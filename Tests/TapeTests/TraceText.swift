import Foundation
import Tape

/// A row of a TRACE file, written in any layout.
struct TraceRow {
    var reference = 1
    var prior: Int?
    var quantity = "100000.00"
    var price = "99.000000"
    var side = "B"
    var contra = "C"
    var executed = "20250307"
    var time = "093000"
    var reported: String?
    var reportTime = "093100"
    var status = "T"
    var asOf = ""
    var whenIssued = "N"
    var settlement = ""
    var settlementDays = ""
    var special = ""
    var market = "S1"
    var ats = ""
    var capacity = "P"
    var priorDay = ""
    var yield = "4.1"
    var cusip = "00101JAH9"
    var disseminated = "Y"

    func with(_ change: (inout TraceRow) -> Void) -> TraceRow {
        var row = self
        change(&row)
        return row
    }

    fileprivate func enhanced(_ number: Int) -> [String] {
        let isBuy = side == "B"
        return [
            "\(number)", String(format: "%07d", reference), status, "ABC123", cusip,
            "BBG00GQ7JTK4", "CORP", whenIssued, "", quantity, price, "", yield, asOf, executed,
            time, reported ?? executed, reportTime, settlement, "", "", side, "0.00",
            isBuy ? capacity : "", "0.00", isBuy ? "" : capacity, "D", contra, "", ats, special,
            market, disseminated, priorDay, prior.map { String(format: "%07d", $0) } ?? "", "", "",
        ]
    }

    fileprivate func academic(_ number: Int) -> [String] {
        let isBuy = side == "B"
        let day = reported ?? executed
        return [
            "\(number)", status, "ABC123", cusip, "d1a9a1444e0922a25d6dc248cc687dd18bc95ea5", "",
            "CORP", whenIssued, "", quantity, price, "", yield, asOf, executed, time, day,
            reportTime, settlement, "", "", side, "0.00", isBuy ? capacity : "", "0.00",
            isBuy ? "" : capacity,
            contra == "D" ? "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567" : contra, "", "", ats,
            special, market, disseminated, day, "\(reference)", priorDay,
            prior.map(String.init) ?? "", "", "",
        ]
    }

    fileprivate func wrds() -> [String] {
        [
            cusip, "ABC123", dashed(executed), "09:30:00", dashed(reported ?? executed), "09:31:00",
            "\(reference)", prior.map(String.init) ?? "", status, asOf, quantity, price, yield,
            side, contra, whenIssued, settlementDays, dashed(settlement), special, "",
        ]
    }

    private func dashed(_ day: String) -> String {
        day.count == 8 ? day.prefix(4) + "-" + day.dropFirst(4).prefix(2) + "-" + day.suffix(2) : ""
    }
}

/// The text of whole files.
enum TraceText {
    static let enhancedHeader =
        "Record Count Num|Reference Number|Trade Status|TRACE Symbol|CUSIP|Bloomberg Identifier|"
        + "Sub Product|When Issued Indicator|Remuneration|Quantity|Price|Yield Direction|Yield|"
        + "As Of Indicator|Execution Date|Execution Time|Trade Report Date|Trade Report Time|"
        + "Settlement Date|Trade Modifier 3|Trade Modifier 4|Buy/Sell Indicator|Buyer Commission|"
        + "Buyer Capacity|Seller Commission|Seller Capacity|Reporting Party Type|"
        + "Contra Party Indicator|Locked In Indicator|ATS Indicator|Special Price Indicator|"
        + "Trading Market Indicator|Dissemination Flag|Prior Trade Report Date|"
        + "Prior Reference Number|First Trade Control Date|First Trade Control Number"

    static let academicHeader =
        "REC_CT_NB|TRD_ST_CD|ISSUE_SYM_ID|CUSIP_ID|RPTG_PARTY_ID|RPTG_PARTY_GVP_ID|PRDCT_SBTP_CD|"
        + "WIS_DSTRD_CD|NO_RMNRN_CD|ENTRD_VOL_QT|RPTD_PR|YLD_DRCTN_CD|CALCD_YLD_PT|ASOF_CD|"
        + "TRD_EXCTN_DT|TRD_EXCTN_TM|TRD_RPT_DT|TRD_RPT_TM|TRD_STLMT_DT|TRD_MDFR_LATE_CD|"
        + "TRD_MDFR_SRO_CD|RPT_SIDE_CD|BUYER_CMSN_AMT|BUYER_CPCTY_CD|SLLR_CMSN_AMT|SLLR_CPCTY_CD|"
        + "CNTRA_PARTY_ID|CNTRA_PARTY_GVP_ID|LCKD_IN_FL|ATS_FL|SPCL_PR_FL|TRDG_MKT_CD|PBLSH_FL|"
        + "SYSTM_CNTRL_DT|SYSTM_CNTRL_NB|PREV_TRD_CNTRL_DT|PREV_TRD_CNTRL_NB|FIRST_TRD_CNTRL_DT|"
        + "FIRST_TRD_CNTRL_NB"

    static let wrdsHeader =
        "cusip_id,bond_sym_id,trd_exctn_dt,trd_exctn_tm,trd_rpt_dt,trd_rpt_tm,msg_seq_nb,"
        + "orig_msg_seq_nb,trc_st,asof_cd,entrd_vol_qt,rptd_pr,yld_pt,rpt_side_cd,cntra_mp_id,"
        + "wis_fl,days_to_sttl_ct,stlmnt_dt,spcl_trd_fl,lckd_in_ind"

    static func enhanced(_ rows: [TraceRow], trailer: Int? = nil) -> String {
        file(enhancedHeader, rows.enumerated().map { $1.enhanced($0 + 1) }, trailer)
    }

    static func academic(_ rows: [TraceRow], trailer: Int? = nil) -> String {
        file(academicHeader, rows.enumerated().map { $1.academic($0 + 1) }, trailer)
    }

    static func wrds(_ rows: [TraceRow]) -> String {
        ([wrdsHeader] + rows.map { $0.wrds().joined(separator: ",") }).joined(separator: "\n")
            + "\n"
    }

    private static func file(_ header: String, _ rows: [[String]], _ trailer: Int?) -> String {
        let count = String(format: "%010d", trailer ?? rows.count)
        return ([header] + rows.map { $0.joined(separator: "|") } + ["20250308 01:00:00 \(count)"])
            .joined(separator: "\n") + "\n"
    }
}

/// A folder that lives as long as the test that made it.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "tenor-tape-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }

    /// Imports one text into a new folder.
    func importing(
        _ text: String, _ layout: TraceLayout = .enhanced, into folder: String = "market",
        append: Bool = false, bonds: String? = nil,
        options: (inout CleaningOptions) -> Void = { _ in }
    ) throws -> (tape: TradeTable, audit: ImportAudit) {
        var job = TapeImport(layout: layout)
        options(&job.options)
        job.append = append
        job.bonds = bonds
        let input = try write(text, to: "input-\(UUID().uuidString).txt")
        let audit = try job.run([input], into: file(folder))
        return (try TradeTable(path: file(folder) + "/trades.csv"), audit)
    }
}

extension TradeTable {
    /// The trades that were never withdrawn.
    var holding: [Trade] { (0..<count).map(trade).filter(\.holds) }
}
