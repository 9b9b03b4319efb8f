import Files
import Foundation
import Tape
import Testing

@Suite struct BadPrintTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private struct Fixture: Decodable {
        struct Case: Decodable {
            var labels: [Int]
            var coefficients: [Double]
            var intercept: Double
        }

        var rows: [Double]
        var cases: [Case]
    }

    @Test("The regression is scikit-learn's, also where one column tells all")
    func parity() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/logistic.json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
        for expected in fixture.cases {
            let found = LogisticRegression(
                rows: fixture.rows, labels: expected.labels.map { $0 == 1 }, columnCount: 3)
            #expect(abs(found.intercept - expected.intercept) < 1e-7)
            for (one, other) in zip(found.coefficients, expected.coefficients) {
                #expect(abs(one - other) < 1e-7)
            }
        }
    }

    /// A tape of some bonds whose prices wander; a few were corrected.
    private static let tape: TradeTable = {
        var table = TradeTable()
        var state: UInt64 = 5
        func draw() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24) - 0.5
        }
        for bond in 0..<40 {
            var price = 95 + 20 * draw()
            for number in 0..<400 {
                var trade = Trade()
                trade.tradeID = "\(bond)-\(number)"
                trade.cusip = "BOND\(10_000 + bond)"
                let day = Int64(number / 40) * 86_400
                trade.executionTime =
                    (1_741_357_800 + day + Int64(number % 40) * 600) * 1_000_000_000
                trade.reportTime = trade.executionTime + 1_000_000_000
                price += 0.1 * draw()
                trade.price = price + 0.2 * draw()
                trade.quantity = 100_000
                if number % 100 == 50 {
                    // First reported four points too high.
                    var first = trade
                    first.tradeID += "-wrong"
                    first.price += 4
                    first.withdrawnTime = trade.reportTime
                    table.append(first)
                    trade.replaces = first.tradeID
                }
                table.append(trade)
            }
        }
        return table
    }()

    @Test("On held-out days most mistakes are found, and hardly anything else")
    func fit() throws {
        let (classifier, report) = try BadPrintTraining().fit(Self.tape, file: "trades.csv")
        #expect(report.fittedDays == 7)
        #expect(report.heldOutDays == 3)
        for score in [report.withHindsight, report.withoutHindsight] {
            #expect(score.precision > 0.9)
            #expect(score.recall > 0.8)
        }
        #expect(report.withHindsight.recall >= report.withoutHindsight.recall)
        #expect(report.withHindsight.kinds["corrected"]?.prints == 40)
        #expect((report.withHindsight.kinds["corrected"]?.found ?? 0) > 36)
        #expect(try BadPrintTraining().fit(Self.tape, file: "trades.csv").0 == classifier)
    }

    @Test("A classifier comes back from its file; another file is refused")
    func file() throws {
        let (classifier, _) = try BadPrintTraining().fit(Self.tape, file: "trades.csv")
        let path = scratch.file("model.json")
        try classifier.write(to: path)
        #expect(try BadPrintClassifier(path: path) == classifier)
        let text = try FileContents.text(of: path)
        for (old, new) in [
            ("\"spike\"", "\"spoke\""), ("\"threshold\" : 0.5", "\"threshold\" : 2"), ("{", "["),
        ] {
            let broken = try scratch.write(
                text.replacingOccurrences(of: old, with: new), to: "broken.json")
            #expect(throws: FileError.self) { try BadPrintClassifier(path: broken) }
        }
    }

    @Test("Without later prints a print is judged by the earlier ones alone")
    func hindsight() throws {
        let (classifier, _) = try BadPrintTraining().fit(Self.tape, file: "trades.csv")
        func print(_ minute: Int64, _ price: Double) -> BadPrintClassifier.Print {
            BadPrintClassifier.Print(
                time: minute * 60_000_000_000, price: price, quantity: 100_000)
        }
        let calm = (0..<6).map { print($0, 99 + 0.01 * Double($0)) }
        // The price stays up afterwards: with hindsight it was news, not a mistake.
        let jump = calm + (6..<12).map { print($0, 103) }
        let live = classifier.probability(of: 6, in: jump, hindsight: false)
        #expect(live > 0.5)
        #expect(live == classifier.probability(of: 6, in: Array(jump[...6]), hindsight: false))
        let spike = calm + [print(6, 103)] + (7..<12).map { print($0, 99.05) }
        #expect(classifier.probability(of: 6, in: spike, hindsight: true) > 0.5)
        #expect(classifier.probability(of: 3, in: spike, hindsight: true) < 0.1)
        #expect(classifier.probability(of: 0, in: [print(0, 99)], hindsight: true) < 0.1)
    }

    @Test("An import withdraws bad prints once later ones have told, and the audit counts them")
    func importing() throws {
        let (classifier, _) = try BadPrintTraining().fit(Self.tape, file: "trades.csv")
        let rows = (0..<12).map { number in
            TraceRow(
                reference: number + 1, price: number == 6 ? "93.0" : "99.0\(number)",
                time: "10\(10 + number)00", reportTime: "10\(10 + number)30")
        }
        var job = TapeImport(layout: .enhanced)
        job.badPrints = classifier
        let input = try scratch.write(TraceText.enhanced(rows), to: "day.txt")
        let audit = try job.run([input], into: scratch.file("market"))
        let tape = try TradeTable(path: scratch.file("market/trades.csv"))
        #expect(audit[.badPrint]?.changed == 1)
        #expect(audit[.badPrint]?.examples.first?.line == 8)
        #expect(audit.addsUp)
        #expect(tape.prices[6] == 93)
        #expect(tape.withdrawnTimes[6] == tape.reportTimes[11])
        #expect(tape.holding.count == 11)
    }

    @Test("A tape of a few trades is too small to fit")
    func tooSmall() {
        #expect(throws: FileError.self) {
            try BadPrintTraining().fit(TradeTable(), file: "trades.csv")
        }
    }
}
