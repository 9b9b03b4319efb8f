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

    @Test("A market folder is inspected: counted, and what is wrong told with file and line")
    func inspect() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("day.csv", Self.wrds)
        _ = try folder.file(
            "bonds.csv",
            "cusip,issuer,coupon,frequency,day_count,maturity\n00101JAH9,A,5,2,30/360,2030-01-01\n")
        _ = try folder.file(
            "entities.csv", "cusip,issuer,parent,ticker,from,to\n00101JAH9,A,A,AAA,,\n")
        let done = try await runTenor(
            "import", "--trace", "day.csv", "--layout", "wrds", "--bonds", "bonds.csv",
            "--entities", "entities.csv", "--out", "market", in: folder.url)
        #expect(done.exit == 0, "\(done.standardError)")
        let table = try await runTenor("inspect", "market", in: folder.url)
        #expect(table.exit == 0, "\(table.standardError)")
        #expect(table.standardOutput.contains("trades.csv"))
        #expect(!table.standardOutput.contains("simulated"))
        _ = try folder.file("market/manifest.json", #"{"simulated": true}"#)
        let json = try await runTenor("inspect", "market", "--json", in: folder.url).json()
        #expect(json["simulated"] as? Bool == true)
        #expect(json["unmapped_bonds"] as? [String] == [])
        #expect((json["trades"] as? [String: Any])?["rows"] as? Int == 1)
        #expect((json["trades"] as? [String: Any])?["withdrawn"] as? Int == 1)

        _ = try folder.file("market/ratings.csv", "issuer,date,agency,rating\nA,2025,X,BBB\n")
        let broken = try await runTenor("inspect", "market", in: folder.url)
        #expect(broken.exit == 65)
        #expect(broken.standardError.contains("market/ratings.csv:2, column 'date'"))
    }

    @Test("A classifier cannot be fitted to a few trades; --trace and --fit-bad-prints exclude")
    func badPrints() async throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("day.csv", Self.wrds)
        let arguments = ["import", "--trace", "day.csv", "--layout", "wrds", "--out", "market"]
        #expect(try await runTenor(arguments, in: folder.url).exit == 0)
        let few = try await runTenor(
            "import", "--fit-bad-prints", "model.json", "--out", "market", in: folder.url)
        #expect(few.exit == 65)
        #expect(few.standardError.contains("too few trades"))
        let both = try await runTenor(
            arguments + ["--fit-bad-prints", "model.json"], in: folder.url)
        #expect(both.exit == 64)
        let neither = try await runTenor("import", "--out", "market", in: folder.url)
        #expect(neither.exit == 64)
    }
}
