/// The forms in which TRACE transaction files come.
public enum TraceLayout: String, CaseIterable, Sendable, Codable {
    /// FINRA's enhanced historic files since 2012-02-06: 37 columns, separated by `|`.
    case enhanced
    /// FINRA's academic files: 39 columns, separated by `|`, with masked dealers.
    case academic
    /// FINRA's historic files before 2012-02-06, separated by `|`.
    case pre2012
    /// Tables of WRDS, enhanced or standard: a CSV file with WRDS's column names.
    case wrds

    /// What a column means, whatever its name in a layout.
    enum Role: Int, CaseIterable {
        case reference, status, symbol, cusip, figi, whenIssued, quantity, price
        case yieldDirection, yield, asOf
        case executionDate, executionTime, reportDate, reportTime, settlementDate, settlementDays
        case condition, secondCondition, side, buyerCommission, buyerCapacity
        case sellerCommission, sellerCapacity, reportingParty, contraParty, lockedIn
        case ats, specialPrice, market, disseminated, priorDate, priorReference

        /// Without these no trade can be made of a row.
        static let required: [Role] = [
            .reference, .status, .cusip, .quantity, .price, .executionDate, .executionTime, .side,
            .contraParty, .priorReference,
        ]
    }

    /// The names that a role's column may have, in small letters.
    ///
    /// Sources: FINRA, "Historic Data File Layout" (pre- and post-2/6/12); WRDS TRACE tables.
    func names(of role: Role) -> [String] {
        switch self {
        case .enhanced: Self.enhancedNames[role] ?? []
        case .academic: Self.academicNames[role] ?? []
        case .pre2012, .wrds: Self.historicNames[role] ?? []
        }
    }

    /// The number of columns, where FINRA fixes it.
    var columnCount: Int? {
        switch self {
        case .enhanced: 37
        case .academic: 39
        case .pre2012, .wrds: nil
        }
    }

    /// Whether its files end with a line that tells the number of records.
    var hasTrailer: Bool { self != .wrds }

    /// The layout that a header line looks like, nil where it looks like none.
    static func recognise(_ header: [String]) -> TraceLayout? {
        let found = Set(header.map { $0.lowercased() })
        func has(_ names: String...) -> Bool { names.allSatisfy(found.contains) }
        if has("reference number", "execution date") { return .enhanced }
        if has("systm_cntrl_nb", "trd_st_cd") { return .academic }
        if has("cusip_id", "trc_st") {
            // Both use the same names; WRDS writes them small and separates by commas.
            return header.contains("TRC_ST") ? .pre2012 : .wrds
        }
        return nil
    }

    private static let enhancedNames: [Role: [String]] = [
        .reference: ["reference number"], .status: ["trade status"], .symbol: ["trace symbol"],
        .cusip: ["cusip"], .figi: ["bloomberg identifier", "figi"],
        .whenIssued: ["when issued indicator"], .quantity: ["quantity"], .price: ["price"],
        .yieldDirection: ["yield direction"], .yield: ["yield"], .asOf: ["as of indicator"],
        .executionDate: ["execution date"],
        .executionTime: ["execution time"], .reportDate: ["trade report date"],
        .reportTime: ["trade report time"], .settlementDate: ["settlement date"],
        .secondCondition: ["trade modifier 4"],
        .side: ["buy/sell indicator"], .buyerCommission: ["buyer commission"],
        .buyerCapacity: ["buyer capacity"], .sellerCommission: ["seller commission"],
        .sellerCapacity: ["seller capacity"], .contraParty: ["contra party indicator"],
        .lockedIn: ["locked in indicator"], .ats: ["ats indicator"],
        .specialPrice: ["special price indicator"], .market: ["trading market indicator"],
        .disseminated: ["dissemination flag"], .priorDate: ["prior trade report date"],
        .priorReference: ["prior reference number"],
    ]

    private static let academicNames: [Role: [String]] = [
        .reference: ["systm_cntrl_nb"], .status: ["trd_st_cd"], .symbol: ["issue_sym_id"],
        .yieldDirection: ["yld_drctn_cd"],
        .cusip: ["cusip_id"], .whenIssued: ["wis_dstrd_cd"], .quantity: ["entrd_vol_qt"],
        .price: ["rptd_pr"], .yield: ["calcd_yld_pt"], .asOf: ["asof_cd"],
        .executionDate: ["trd_exctn_dt"], .executionTime: ["trd_exctn_tm"],
        .reportDate: ["trd_rpt_dt"], .reportTime: ["trd_rpt_tm"],
        .settlementDate: ["trd_stlmt_dt"], .secondCondition: ["trd_mdfr_sro_cd"],
        .side: ["rpt_side_cd"], .buyerCommission: ["buyer_cmsn_amt"],
        .buyerCapacity: ["buyer_cpcty_cd"], .sellerCommission: ["sllr_cmsn_amt"],
        .sellerCapacity: ["sllr_cpcty_cd"], .reportingParty: ["rptg_party_id"],
        .contraParty: ["cntra_party_id"], .lockedIn: ["lckd_in_fl"], .ats: ["ats_fl"],
        .specialPrice: ["spcl_pr_fl"], .market: ["trdg_mkt_cd"], .disseminated: ["pblsh_fl"],
        .priorDate: ["prev_trd_cntrl_dt"], .priorReference: ["prev_trd_cntrl_nb"],
    ]

    private static let historicNames: [Role: [String]] = [
        .reference: ["msg_seq_nb"], .status: ["trc_st"], .symbol: ["bond_sym_id"],
        .cusip: ["cusip_id"], .figi: ["bsym", "bloomberg_identifier"], .whenIssued: ["wis_fl"],
        .quantity: ["entrd_vol_qt", "ascii_rptd_vol_tx"], .price: ["rptd_pr"],
        .yieldDirection: ["yld_sign_cd"], .yield: ["yld_pt"],
        .asOf: ["asof_cd"], .executionDate: ["trd_exctn_dt"], .executionTime: ["trd_exctn_tm"],
        .reportDate: ["trd_rpt_dt", "trans_dt"], .reportTime: ["trd_rpt_tm", "trans_tm"],
        .settlementDate: ["stlmnt_dt", "sttl_dt"], .settlementDays: ["days_to_sttl_ct"],
        .condition: ["sale_cndtn_cd"], .secondCondition: ["sale_cndtn2_cd"],
        .side: ["rpt_side_cd", "side"], .buyerCommission: ["buy_cmsn_rt"],
        .buyerCapacity: ["buy_cpcty_cd"], .sellerCommission: ["sell_cmsn_rt"],
        .sellerCapacity: ["sell_cpcty_cd"],
        .contraParty: ["cntra_mp_id", "contra_party_type"],
        .lockedIn: ["lckd_in_ind"], .ats: ["ats_indicator"], .specialPrice: ["spcl_trd_fl"],
        .market: ["trdg_mkt_cd"], .disseminated: ["dissem_fl"], .priorDate: ["pr_trd_dt"],
        .priorReference: ["orig_msg_seq_nb"],
    ]
}
