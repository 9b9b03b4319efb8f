import Foundation
import Testing

/// `tenor import` on the built binary.
@Suite struct ImportTests {
    private static let wrds = """
        cusip_id,trd_exctn_dt,trd_exctn_tm,trd_rpt_dt,trd_rpt_tm,msg_seq_nb,orig_msg_seq_nb,trc_st,\
        entrd_vol_qt,rptd_pr,yld_pt,rpt_side_cd,cntra_mp_id,wis_fl
        00101JAH9,2025-03-07,09:30:00,2025-03-07,09:31:00,1,,T,100000,99,4,B,C,N
        00101JAH9,2025-03-07,10:30:00,2025-03-07,10:31:00,2,,T,200000,99,4,S,C,Y
        00101JAH9,2025-03-07,09:30:00,2025-03-07,11:00:00,1,,X,100000,99,4,B,C,N

        """

    @Test("The audit is printed as JSON, written, and adds up; a filter can be turned off")
    func audit() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("day.csv", Self.wrds)
        let run = try await runTenor(
            "import", "--trace", "day.csv", "--layout", "wrds", "--set", "when_issued=false",
            "--out", "market", "--json", in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        let audit = try run.json()
        #expect(audit["rows_in"] as? Int == 3)
        #expect(audit["rows_out"] as? Int == 2)
        #expect(audit["withdrawn"] as? Int == 1)
        let market = folder.url.appending(path: "market")
        for name in ["trades.csv", "audit.json"] {
            #expect(FileManager.default.fileExists(atPath: market.appending(path: name).path))
        }
    }

    @Test("A wrong layout is bad data and named; an unknown filter names the nearest one")
    func errors() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("day.csv", Self.wrds)
        let layout = try await runTenor(
            "import", "--trace", "day.csv", "--layout", "enhanced", "--out", "market",
            in: folder.url)
        #expect(layout.exit == 65)
        #expect(layout.standardError.contains("--layout wrds"))
        let filter = try await runTenor(
            "import", "--trace", "day.csv", "--layout", "wrds", "--set", "when_isued=false",
            "--out", "market", in: folder.url)
        #expect(filter.exit == 65)
        #expect(filter.standardError.contains("when_issued"))
    }
}
