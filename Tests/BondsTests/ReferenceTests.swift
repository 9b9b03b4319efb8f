import Bonds
import Files
import Foundation
import Random
import Testing

/// Protects the reference tables: what was written is read, what was known at a time is found, and
/// what is wrong is named with file, line and column.
@Suite struct ReferenceTests {
    private let hour: Int64 = 3_600_000_000_000

    private func terms() throws -> BondTerms {
        try BondTerms(
            coupon: 5.125, datedDate: day("2020-05-07"), firstCoupon: day("2020-11-15"),
            lastCoupon: nil, maturity: day("2030-05-15"))
    }

    private func bonds() throws -> [BondRow] {
        [
            BondRow(
                cusip: "037833100", figi: "BBG000B9XRY4", isin: "US0378331005",
                issuer: "Apple, \"Inc.\"", sector: "Technology", industry: "Hardware",
                terms: try terms(), offeringAmount: 1.5e9, amountOutstanding: 1.25e9,
                isCallable: true, seniority: "senior", isRule144A: true),
            BondRow(
                cusip: "000000001", issuer: "B",
                terms: try BondTerms(
                    coupon: 0, dayCount: .actualActualICMA, maturity: day("2031-01-31")),
                offeringAmount: 1, amountOutstanding: 1),
        ]
    }

    private func roundTrip<Row: ReferenceRow & Equatable>(_ rows: [Row]) throws {
        let scratch = try Scratch()
        try Row.write(rows, market: scratch.path)
        #expect(try Row.read(market: scratch.path) == rows)
        let packed = scratch.path + "/packed.csv.gz"
        try Row.write(rows, to: packed)
        #expect(try Row.read(path: packed) == rows)
    }

    @Test func everyTableIsReadAsItWasWritten() throws {
        let date = try day("2025-03-07")
        let time = date.nanoseconds + 15 * hour
        try roundTrip(bonds())
        try roundTrip([CallRow(cusip: "A", date: date, price: 102.5)])
        try roundTrip([
            EntityRow(cusip: "A", issuer: "I", parent: "P", ticker: "", from: nil, to: date)
        ])
        try roundTrip([
            RatingRow(issuer: "I", date: date, agency: "SP", rating: CreditRating("BBB-")),
            RatingRow(issuer: "I", cusip: "A", date: date, agency: "SP", rating: nil),
        ])
        try roundTrip([
            TreasuryRow(
                time: time, tenor: 10, cusip: "T", coupon: 4.625,
                maturity: date.adding(months: 119),
                yieldMid: 4.3)
        ])
        try roundTrip([MarketRow(time: time, symbol: "SPY", price: 570.1)])
        try roundTrip([EquityRow(date: date, ticker: "X", close: 10.5, sectorIndexClose: 99)])
        try roundTrip([HoldingRow(date: date, etf: "LQD", cusip: "A", par: 1e6)])
        try roundTrip([FundRow(date: date, etf: "LQD", shares: 1e6, cash: -5, netAssetValue: 109)])
        try roundTrip([SwapRow(date: date, ticker: "X", tenor: 5, spread: 61.5)])
    }

    @Test func columnsMayBeMissingOrInAnyOrder() throws {
        let scratch = try Scratch()
        try scratch.write(
            """
            maturity,note,day_count,frequency,coupon,issuer,cusip
            2030-05-15,x,30/360,2,5,I,A
            2031-05-15,y,Actual/Actual,0,0,I,B

            """, to: "bonds.csv")
        let table = try BondTable(market: scratch.path)
        #expect(table["A"]?.terms.coupon == 5)
        #expect(table["A"]?.amountOutstanding.isNaN == true && table["A"]?.figi == "")
        #expect(table["B"]?.terms.frequency == 2)
        #expect(table["C"] == nil && table.calls(cusip: "A") == nil)
        try scratch.write("cusip,date,price\nA,2028-05-15,101\nA,2027-05-15,102\n", to: "calls.csv")
        let calls = try BondTable(market: scratch.path).calls(cusip: "A")
        #expect(calls?.calls.map(\.price) == [102, 101])
    }

    @Test(arguments: [
        ("bonds", "cusip,issuer\n", "bonds.csv:1: no column 'coupon'"),
        (
            "bonds", "cusip,issuer,cupon,frequency,day_count,maturity\n", "Rename 'cupon'"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,5,2,30/360,2030-02-30\n",
            "bonds.csv:2, column 'maturity': not a date: expected a date such as 2025-03-07"
        ),
        (
            "bonds", "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,5,2,30/360,5/15/30\n",
            "found '5/15/30'"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,5,3,30/360,2030-05-15\n",
            "column 'frequency': not a coupon frequency: expected 1, 2, 4 or 12"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,5,0,30/360,2030-05-15\n",
            "not a coupon frequency"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,5,2,30/365,2030-05-15\n",
            "column 'day_count': not a day count: expected 30/360 or actual/actual, found '30/365'"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,-5,2,30/360,2030-05-15\n",
            "column 'coupon': out of range: expected a number from 0.0 to 100.0, found '-5'"
        ),
        (
            "bonds", "cusip,issuer,coupon,frequency,day_count,maturity\n,I,5,2,30/360,2030-05-15\n",
            "column 'cusip': a missing value"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity\nA,I,5,2,30/360,2030-05-15\n"
                + "A,I,5,2,30/360,2030-05-15\n", "bonds.csv:3: a second row for 'A'"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,dated_date,maturity\n"
                + "A,I,5,2,30/360,2031-01-01,2030-05-15\n",
            "the dated date 2031-01-01 is not before the maturity 2030-05-15"
        ),
        (
            "bonds",
            "cusip,issuer,coupon,frequency,day_count,maturity,callable\n"
                + "A,I,5,2,30/360,2030-05-15,yes\n",
            "column 'callable': not a flag: expected Y or N"
        ),
        ("ratings", "issuer,date,agency,rating\nI,2025-01-01,SP,A++\n", "not a rating"),
        (
            "ratings", "issuer,date,agency,rating\nI,9999-12-31,SP,A+\n",
            "column 'date': not a day of a rating"
        ),
        (
            "treasuries",
            "time,tenor,cusip,coupon,maturity,yield_mid\n1741359600,10,T,4,2035-02-15,4\n",
            "column 'time': not a time in nanoseconds"
        ),
        (
            "treasuries",
            "time,tenor,cusip,coupon,maturity,yield_mid\n1741359600000000000,4,T,4,2035-02-15,4\n",
            "column 'tenor': not a tenor"
        ),
        (
            "treasuries",
            "time,tenor,cusip,coupon,maturity,yield_mid\n1741359600000000000,10,T,4,2035-02-15,\n",
            "column 'yield_mid': a missing value"
        ),
        (
            "entities", "cusip,issuer,parent,ticker,from,to\nA,I,P,X,2025-01-01,2025-01-01\n",
            "ends before it begins"
        ),
        ("holdings", "date,etf,cusip,par\n2025-01-01,LQD,A\n", "a ragged row"),
    ])
    func whatIsWrongIsNamed(_ table: String, _ text: String, _ message: String) throws {
        let scratch = try Scratch()
        try scratch.write(text, to: table + ".csv")
        func read() throws {
            switch table {
            case "bonds": _ = try BondTable(market: scratch.path)
            case "ratings": _ = try RatingTable(market: scratch.path)
            case "treasuries": _ = try TreasuryTable(market: scratch.path)
            case "entities": _ = try EntityTable(market: scratch.path)
            default: _ = try HoldingRow.read(market: scratch.path)
            }
        }
        let error = #expect(throws: FileError.self) { try read() }
        #expect(error?.kind == .badData)
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func tablesThatAreMissingOrThereTwice() throws {
        let scratch = try Scratch()
        let missing = #expect(throws: FileError.self) { try BondTable(market: scratch.path) }
        #expect(missing?.kind == .missing)
        try BondRow.write(bonds(), market: scratch.path)
        try BondRow.write(bonds(), to: scratch.path + "/bonds.csv.gz")
        let twice = #expect(throws: FileError.self) { try BondTable(market: scratch.path) }
        #expect(twice?.description.contains("there twice") == true)
    }

    /// Bytes replaced, removed and doubled: rows come out or an error, and every bond can be priced.
    @Test func damagedTablesAreReadOrRefused() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/bonds.csv"
        try BondRow.write(bonds(), to: path)
        let whole = try FileContents.bytes(of: path)
        var random = RandomStream(seed: 4).stream("damage")
        let settlement = try day("2025-06-16")
        let alphabet = Array("0123456789-.,/YN\"\n eé".utf8)
        var refused = 0
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0...random.integer(below: 3) {
                let index = random.integer(below: bytes.count)
                switch random.integer(below: 3) {
                case 0: bytes[index] = alphabet[random.integer(below: alphabet.count)]
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[index], at: index)
                }
            }
            try bytes.withUnsafeBytes { try Data($0).write(to: URL(filePath: path)) }
            do {
                for row in try BondRow.read(path: path) {
                    guard let flows = row.terms.cashFlows(settlement: settlement) else { continue }
                    _ = flows.yield(cleanPrice: 90)
                    #expect(flows.accruedInterest >= 0)
                }
            } catch {
                #expect(error.kind == .badData)
                refused += 1
            }
        }
        #expect(refused > 50 && refused < 450)
    }

    @Test func ratingsAsOfADate() throws {
        let table = RatingTable([
            RatingRow(
                issuer: "I", date: try day("2024-01-10"), agency: "SP", rating: .init("BBB-")),
            RatingRow(issuer: "I", date: try day("2025-01-10"), agency: "SP", rating: .init("BB+")),
            RatingRow(issuer: "I", date: try day("2024-06-01"), agency: "M", rating: .init("Baa1")),
            RatingRow(
                issuer: "I", cusip: "S", date: try day("2024-06-01"), agency: "SP",
                rating: .init("A")),
            RatingRow(issuer: "I", date: try day("2025-06-01"), agency: "M", rating: nil),
        ])
        func rating(_ date: String, _ cusip: String = "A", agency: String? = nil) throws -> String?
        {
            try table.rating(cusip: cusip, issuer: "I", asOf: day(date), agency: agency)?
                .description
        }
        #expect(try rating("2024-01-09") == nil)
        #expect(try rating("2024-01-10") == "BBB-")
        // Of two agencies the lower one counts.
        #expect(try rating("2024-06-01") == "BBB-")
        #expect(try rating("2024-06-01", agency: "M") == "BBB+")
        #expect(try rating("2025-01-10") == "BB+")
        #expect(try rating("2025-01-10", "S") == "BBB+")
        #expect(try rating("2025-06-01", agency: "M") == nil)
        #expect(CreditRating("BBB-")?.isInvestmentGrade == true)
        #expect(CreditRating("Ba1")?.isInvestmentGrade == false)
        #expect(CreditRating(notch: 12) < CreditRating(notch: 3))
    }

    @Test func entitiesAsOfADate() throws {
        let change = try day("2024-07-01")
        let table = EntityTable([
            EntityRow(cusip: "A", issuer: "I", parent: "P", ticker: "OLD", to: change),
            EntityRow(cusip: "A", issuer: "I", parent: "Q", ticker: "NEW", from: change),
        ])
        #expect(table.entity(cusip: "A", asOf: change + -1)?.ticker == "OLD")
        #expect(table.entity(cusip: "A", asOf: change)?.ticker == "NEW")
        #expect(table.entity(cusip: "B", asOf: change) == nil)
    }

    private func treasuries() throws -> TreasuryTable {
        let open = try day("2025-03-07").nanoseconds + 14 * hour
        func row(_ hours: Int64, _ tenor: Int, _ cusip: String, _ yield: Double) throws
            -> TreasuryRow
        {
            TreasuryRow(
                time: open + hours * hour, tenor: tenor, cusip: cusip, coupon: 4,
                maturity: try day("2025-03-07").adding(months: 12 * tenor), yieldMid: yield)
        }
        return TreasuryTable([
            try row(0, 2, "T2", 4.0), try row(0, 5, "T5", 4.1), try row(0, 10, "T10", 4.3),
            try row(0, 3, "T3", 4.05), try row(2, 10, "NEW10", 4.4), try row(1, 10, "T10", 4.35),
        ])
    }

    @Test func onTheRunTicksAreStrictlyEarlier() throws {
        let table = try treasuries()
        let open = try day("2025-03-07").nanoseconds + 14 * hour
        #expect(table.onTheRun(tenor: 10, before: open) == nil)
        #expect(table.onTheRun(tenor: 10, before: open + 1)?.yieldMid == 4.3)
        #expect(table.onTheRun(tenor: 10, before: open + hour)?.yieldMid == 4.3)
        #expect(table.onTheRun(tenor: 10, before: open + 2 * hour)?.yieldMid == 4.35)
        #expect(table.onTheRun(tenor: 10, before: open + 2 * hour + 1)?.cusip == "NEW10")
        #expect(table.onTheRun(tenor: 4, before: .max) == nil)
    }

    @Test(arguments: [
        ("2025-06-01", 2), ("2027-09-07", 2), ("2027-09-08", 3), ("2029-03-07", 3),
        ("2029-03-08", 5), ("2032-09-07", 5), ("2032-09-08", 10), ("2065-01-01", 10),
    ])
    func benchmarkIsTheNearestTenor(_ maturity: String, _ tenor: Int) throws {
        let time = try day("2025-03-07").nanoseconds + 15 * hour
        let benchmark = try treasuries().benchmark(maturity: day(maturity), before: time)
        #expect(benchmark?.tenor == tenor)
    }

    @Test func curveIsLinearBetweenIssues() throws {
        let today = try day("2025-03-07")
        let curve = try #require(try treasuries().curve(before: today.nanoseconds + 15 * hour))
        let five = YieldCurve.years(from: today, to: today.adding(months: 60))
        let ten = YieldCurve.years(from: today, to: today.adding(months: 120))
        #expect(abs(curve.yield(years: (five + ten) / 2) - 4.2) < 1e-12)
        #expect(curve.yield(years: five) == 4.1)
        #expect(curve.yield(years: 0.1) == 4.0 && curve.yield(years: 40) == 4.3)
        #expect(YieldCurve([]) == nil)
        let time = today.nanoseconds + 15 * hour
        #expect(
            try treasuries().interpolatedYield(maturity: today.adding(months: 60), before: time)
                == 4.1)
        #expect(try treasuries().interpolatedYield(maturity: today + 900, before: 0) == nil)
    }

    @Test func fundsAndMarketsAreKnownAfterwards() throws {
        let date = try day("2025-03-07")
        let funds = FundTable(
            holdings: [
                HoldingRow(date: date, etf: "LQD", cusip: "A", par: 1),
                HoldingRow(date: date, etf: "LQD", cusip: "B", par: 2),
                HoldingRow(date: date + 3, etf: "LQD", cusip: "B", par: 3),
            ],
            funds: [FundRow(date: date, etf: "LQD", shares: 1, cash: 0, netAssetValue: 109)])
        #expect(funds.holdings(etf: "LQD", before: date).isEmpty)
        #expect(funds.holdings(etf: "LQD", before: date + 1).map(\.cusip) == ["A", "B"])
        #expect(funds.holdings(etf: "LQD", before: date + 9).map(\.par) == [3])
        #expect(funds.fund(etf: "LQD", before: date) == nil)
        #expect(funds.fund(etf: "LQD", before: date + 1)?.netAssetValue == 109)
        let markets = MarketTable([
            MarketRow(time: 20, symbol: "SPY", price: 2),
            MarketRow(time: 10, symbol: "SPY", price: 1),
        ])
        #expect(markets.price(symbol: "SPY", before: 10) == nil)
        #expect(markets.price(symbol: "SPY", before: 20)?.value == 1)
        #expect(markets.price(symbol: "SPY", before: 21)?.value == 2)
    }

    @Test func summaryTellsWhatIsDoubtful() throws {
        let scratch = try Scratch()
        #expect(throws: FileError.self) { try MarketSummary(market: scratch.path) }
        try BondRow.write(bonds(), market: scratch.path)
        try CallRow.write([], market: scratch.path)
        let date = try day("2025-03-07")
        try HoldingRow.write(
            [
                HoldingRow(date: date, etf: "LQD", cusip: "X", par: 1),
                HoldingRow(date: date + 1, etf: "LQD", cusip: "X", par: 1),
            ], market: scratch.path)
        try RatingRow.write(
            [RatingRow(issuer: "B", date: date, agency: "SP", rating: .init("A"))],
            market: scratch.path)
        let summary = try MarketSummary(market: scratch.path)
        #expect(summary.tables.map(\.name) == ["bonds", "calls", "ratings", "holdings"])
        #expect(summary.tables.map(\.rowCount) == [2, 0, 1, 2])
        #expect(
            summary.absent == ["entities", "treasuries", "markets", "equities", "funds", "cds"])
        #expect(
            summary.doubts.map { "\($0.problem): \($0.count), \($0.examples)" } == [
                "a wrong check digit or form: 1, [\"cusip 000000001\"]",
                "holdings.csv: a bond that bonds.csv does not have: 1, [\"X\"]",
                "a callable bond without a row in calls.csv: 1, [\"037833100\"]",
                "a bond without a rating at any time: 1, [\"037833100\"]",
            ])
    }

    @Test func identifiers() throws {
        #expect(try bonds()[0].doubtfulIdentifiers == [])
        #expect(try bonds()[1].doubtfulIdentifiers == ["cusip 000000001"])
        for cusip in ["037833100", "17275R102", "38259P508", "912828ZQ6"] {
            #expect(Identifiers.isValidCUSIP(cusip), "\(cusip)")
        }
        for cusip in ["037833101", "03783310", "0378331000", "03783310é", ""] {
            #expect(!Identifiers.isValidCUSIP(cusip), "\(cusip)")
        }
        #expect(Identifiers.isin(cusip: "037833100") == "US0378331005")
        #expect(Identifiers.isValidISIN("GB0002634946") && !Identifiers.isValidISIN("GB0002634947"))
        for figi in ["BBG000B9XRY4", "BBG000BLNNH6"] { #expect(Identifiers.isValidFIGI(figi)) }
        for figi in ["BBG000B9XRY5", "BBB000B9XRY4", "BBGA00B9XRY4", "GBG000B9XRY4"] {
            #expect(!Identifiers.isValidFIGI(figi), "\(figi)")
        }
    }
}
