import Bonds
import FairValue
import Files
import Foundation
import Testing

/// Protects the filter against a second implementation; generate_parity.py says what the columns
/// mean.
@Suite struct ParityTests {
    /// A row of the fixture, cells by name.
    private struct Row {
        var line: Int
        var cells: [String: String]

        func callAsFunction(_ name: String) -> Double { Double(cells[name] ?? "") ?? .nan }
        var time: Int64 { Int64(cells["time"] ?? "") ?? 0 }
    }

    private func rows() throws -> [Row] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().path
        let reader = try CSVReader(path: folder + "/Fixtures/prints.csv")
        var rows: [Row] = []
        while let chunk = try reader.nextChunk(rows: 1000) {
            for row in 0..<chunk.rowCount {
                let cells = reader.header.enumerated().map {
                    ($1, chunk.text(row: row, column: $0))
                }
                rows.append(
                    Row(
                        line: chunk.line(row: row),
                        cells: Dictionary(uniqueKeysWithValues: cells)))
            }
        }
        return rows
    }

    @Test("Every step of every print is that of the second implementation")
    func prints() throws {
        let rows = try rows()
        let bondCount = 6
        let terms = try (0..<bondCount).map { bond in
            let row = try #require(rows.first { $0("bond") == Double(bond) })
            return try BondTerms(
                coupon: row("coupon"),
                maturity: try #require(CalendarDate(row.cells["maturity"] ?? "")))
        }
        let parameters = FairValueParameters()
        var pricer = BondPricer(terms)
        var clock = TradingClock()
        var filters = [FairValueFilter](repeating: FairValueFilter(), count: bondCount)
        let first = try #require(rows.first)
        let shift = clock.moment(first.time).days - first("days")
        var worst: [String: Double] = [:]
        func compare(_ name: String, _ found: Double, _ row: Row) {
            let expected = row(name)
            let error = abs(found - expected) / max(1, abs(expected))
            if error > worst[name] ?? 0 { worst[name] = error }
            if !(error < 1e-9) {
                Issue.record("line \(row.line), \(name): expected \(expected), found \(found)")
            }
        }
        for row in rows {
            let bond = Int(row("bond"))
            let isHighYield = row("notch") >= 10
            let moment = clock.moment(row.time)
            compare("days", moment.days - shift, row)
            let paid = pricer.cashFlows(bond: bond, settlement: moment.settlement)
            let flows = try #require(paid)
            let quote = try #require(
                flows.quote(cleanPrice: row("price"), curveYield: row("curve")))
            compare("spread", quote.spread, row)
            compare("dv01", quote.dv01, row)
            let seen = parameters.observation(
                spread: quote.spread, dv01: quote.dv01, side: row("side"),
                quantity: row("quantity"))
            compare("log_spread", seen.logSpread, row)
            compare("adjusted", seen.adjusted, row)
            compare("noise_variance", seen.noiseVariance, row)
            let update = filters[bond].observe(
                seen, days: moment.days, creditIndex: row("credit_index"),
                isHighYield: isHighYield, prior: row("prior"), parameters)
            compare("predicted", update.predicted.logSpread, row)
            compare("predicted_variance", update.predicted.variance, row)
            compare("innovation", update.innovation, row)
            compare("gain", update.gain, row)
            compare("late", update.isLate ? 1 : 0, row)
            compare("state", filters[bond].logSpread, row)
            compare("state_variance", filters[bond].variance, row)
            let value = flows.value(
                logSpread: filters[bond].logSpread, curveYield: row("curve"))
            compare("anchor_price", value.price, row)
            compare(
                "unit", parameters.unit(dv01: value.dv01, logSpread: filters[bond].logSpread), row)
        }
        #expect(rows.count > 200)
        #expect(rows.count { $0("late") == 1 } > 5)
    }
}
