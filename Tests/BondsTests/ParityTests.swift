import Bonds
import Files
import Testing

/// Protects the bond maths against QuantLib, on bonds of every convention; generate_parity.py says
/// what the columns mean.
@Suite struct ParityTests {
    private struct Row {
        var line: Int
        var kind: String
        var terms: BondTerms
        var settlement: CalendarDate
        var numbers: [String: Double]
    }

    private func rows() throws -> [Row] {
        let reader = try CSVReader(path: fixtures + "bonds.csv")
        var rows: [Row] = []
        while let chunk = try reader.nextChunk(rows: 1000) {
            for row in 0..<chunk.rowCount {
                let cells = Dictionary(
                    uniqueKeysWithValues: reader.header.enumerated().map {
                        ($1, chunk.text(row: row, column: $0))
                    })
                let number = { (name: String) in Double(cells[name] ?? "") ?? .nan }
                let date = { (name: String) in CalendarDate(cells[name] ?? "") }
                rows.append(
                    Row(
                        line: chunk.line(row: row), kind: cells["kind"] ?? "",
                        terms: try BondTerms(
                            coupon: number("coupon"), frequency: Int(number("frequency")),
                            dayCount: try #require(DayCount(named: cells["day_count"] ?? "")),
                            datedDate: date("dated_date"), firstCoupon: date("first_coupon"),
                            lastCoupon: date("last_coupon"),
                            maturity: try #require(date("maturity"))),
                        settlement: try #require(date("settlement")),
                        numbers: Dictionary(
                            uniqueKeysWithValues: reader.header[9...].map { ($0, number($0)) })))
            }
        }
        return rows
    }

    @Test func pricesYieldsAndRiskAgreeWithQuantLib() throws {
        let rows = try rows()
        #expect(rows.count >= 500)
        var complaints: [String] = []
        for row in rows {
            let flows = try #require(row.terms.cashFlows(settlement: row.settlement))
            let yield = row.numbers["yield"] ?? .nan
            let risk = flows.risk(yield: yield)
            func check(_ name: String, _ value: Double, tolerance: Double) {
                let expected = row.numbers[name] ?? .nan
                if !(abs(value - expected) <= tolerance * max(1, abs(expected))) {
                    complaints.append(
                        "line \(row.line), \(row.kind): \(name) \(value), QuantLib \(expected)")
                }
            }
            check("accrued", flows.accruedInterest, tolerance: 1e-10)
            check("clean_price", flows.cleanPrice(yield: yield), tolerance: 1e-10)
            check("modified_duration", risk.modifiedDuration, tolerance: 1e-8)
            check("convexity", risk.convexity, tolerance: 1e-8)
            check(
                "yield_of_rounded_price",
                flows.yield(cleanPrice: row.numbers["rounded_price"] ?? .nan), tolerance: 1e-8)
        }
        #expect(complaints.isEmpty, "\(complaints.count): \(complaints.prefix(20))")
    }

    @Test func holidaysAgreeWithQuantLib() throws {
        let reader = try CSVReader(path: fixtures + "holidays.csv")
        var closed: Set<CalendarDate> = []
        while let chunk = try reader.nextChunk(rows: 1000) {
            for row in 0..<chunk.rowCount {
                closed.insert(try day(chunk.text(row: row, column: 0)))
            }
        }
        let first = try day("2002-01-01")
        let last = try day("2035-12-31")
        let different = (0...(last - first)).map { first + $0 }.filter { date in
            date.weekday % 6 != 0 && BondMarketCalendar.isBusinessDay(date) == closed.contains(date)
        }
        // The mourning of President Bush: SIFMA recommended an early close, QuantLib has a full one.
        #expect(different.map(\.description) == ["2018-12-05"])
    }
}
