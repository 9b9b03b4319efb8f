import Foundation
import Testing

/// `tenor simulate --trace` and `tenor import --against` on the built binary.
@Suite struct SimulatedTapeCommandTests {
    @Test("The raw files of a simulated market give its clean tape back")
    func roundTrip() async throws {
        let folder = try TemporaryFolder()
        let simulate = try await runTenor(
            "simulate", "--bonds", "150", "--days", "12", "--trace", "enhanced", "--out", "market",
            in: folder.url)
        #expect(simulate.exit == 0, "\(simulate.standardError)")
        let trace = folder.url.appending(path: "market/trace")
        let files = try FileManager.default.contentsOfDirectory(atPath: trace.path)
            .filter { $0.hasPrefix("enhanced") }.sorted().map { "market/trace/" + $0 }
        #expect(files.count == 12)
        let run = try await runTenor(
            ["import", "--layout", "enhanced", "--bonds", "market/bonds.csv", "--out", "imported"]
                + ["--against", "market", "--json", "--trace"] + files, in: folder.url)
        #expect(run.exit == 0, "\(run.standardError)")
        let audit = try run.json()
        #expect(audit["rows_in"] as? Int ?? 0 > 0)
        let against = try #require(audit["against"] as? [String: Any])
        for key in ["all", "holding", "withdrawn"] {
            let count = try #require(against[key] as? [String: Any])
            #expect(count["precision"] as? Double ?? 0 >= 0.995, "\(against)")
            #expect(count["recall"] as? Double ?? 0 >= 0.995, "\(against)")
        }
    }

    @Test("Without a tape to compare with, the file that is missing is named")
    func missing() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file(
            "day.csv",
            """
            cusip_id,trd_exctn_dt,trd_exctn_tm,msg_seq_nb,orig_msg_seq_nb,trc_st,entrd_vol_qt,\
            rptd_pr,rpt_side_cd,cntra_mp_id
            00101JAH9,2025-03-07,09:30:00,1,,T,100000,99,B,C

            """)
        let run = try await runTenor(
            "import", "--trace", "day.csv", "--layout", "wrds", "--out", "imported", "--against",
            "nowhere", in: folder.url)
        #expect(run.exit == 66)
        #expect(run.standardError.contains("nowhere/trades.csv"))
    }
}
