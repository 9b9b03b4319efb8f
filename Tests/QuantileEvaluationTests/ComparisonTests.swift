import Files
import Foundation
import QuantileEvaluation
import Quantiles
import Random
import Testing

@Suite("Comparison agrees with NumPy, SciPy and statsmodels")
struct ComparisonParityTests {
    let reference: [String: Any]
    let result: SignalComparison

    init() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("trades.json")))
        reference = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        result = try Comparison.run(
            [
                ForecastTable(path: fixture("trades_first.csv")),
                ForecastTable(path: fixture("trades_second.csv")),
            ], market: MarketReference(folder: fixture("market")))
    }

    private func numbers(_ key: String) -> [Double] {
        let comparison = reference["comparison"] as? [String: Any]
        let value = comparison?[key] ?? reference[key]
        if let number = value as? NSNumber { return [number.doubleValue] }
        return (value as? [NSNumber])?.map(\.doubleValue) ?? []
    }

    @Test("differences of the same trades, joined in another order")
    func differences() throws {
        let pair = result.parts[0].pairs[0]
        #expect(Double(result.matched) == numbers("rows")[0])
        let deviance = ["50", "75", "95"].compactMap { pair.difference($0)?.difference }
        #expect(agree(deviance, numbers("deviance_difference")))
        #expect(
            agrees(pair.difference("pinball")?.difference, numbers("pinball_difference")[0]))
        #expect(agrees(pair.difference("won")?.ours, numbers("share_won")[0]))
    }

    @Test("Diebold-Mariano of daily means, with its lags and probability")
    func dieboldMariano() throws {
        let pair = result.parts[0].pairs[0]
        for (test, key) in [
            (pair.dieboldMarianoPinball, "diebold_mariano_pinball"),
            (pair.dieboldMarianoError, "diebold_mariano_error"),
        ] {
            let test = try #require(test)
            let ours = [
                Double(test.days), Double(test.lags), test.mean, test.statistic, test.probability,
            ]
            #expect(agree(ours, numbers(key)))
        }
    }

    @Test("Holm's adjusted probabilities")
    func holm() {
        #expect(agree(holmAdjusted(numbers("p_values")), numbers("holm")))
    }

    @Test("intervals hold the difference; cohorts have theirs with a corrected probability")
    func intervals() throws {
        let pair = result.parts[0].pairs[0]
        for difference in pair.differences {
            let interval = try #require(difference.interval)
            #expect(interval.contains(difference.difference), "\(difference.measure)")
            #expect(interval.lowerBound < interval.upperBound)
        }
        let cohorts = result.parts.filter { $0.name.dimension != nil }
        #expect(cohorts.count > 30)
        let tested = cohorts.filter { $0.pairs[0].difference("50")?.probability != nil }
        #expect(!tested.isEmpty)
        for cohort in tested {
            let pair = cohort.pairs[0]
            let own = try #require(pair.difference("50")?.probability)
            let adjusted = try #require(pair.adjusted["50"])
            #expect(adjusted >= own - 1e-12)
        }
    }

    @Test(
        "the report is one page with tables, figures and the verdict, the numbers have every name")
    func report() throws {
        let page = try ComparisonReport(result, version: "1.2.3").html()
        #expect(!page.contains("<script") && !page.contains("{{"))
        #expect(page.contains("Diebold-Mariano") && page.contains("simulated market"))
        #expect(result.verdicts.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(try result.json().utf8))
        let metrics = try #require(object as? [String: Any])
        let first = try #require(metrics["trades_first"] as? [String: Any])
        #expect(first["pinball"] is Double && first["matched"] as? Int == 800)
        #expect(metrics["trades_second"] is [String: Any])
        try withTemporaryFolder { folder in
            try ComparisonReport(result, version: "1").write(to: folder + "/r")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/r")
            #expect(
                Set(names).isSuperset(of: [
                    "report.html", "metrics.json", "model-card.md", "comparison.csv",
                    "side-by-side.csv",
                    "side-by-side.md", "diebold-mariano.csv", "funnel.csv", "funds.csv",
                    "deviance.svg", "calibration.svg", "differences.svg",
                ]))
        }
    }
}

@Suite("Comparison")
struct ComparisonTests {
    private func run(
        _ ours: String, _ theirs: String, protocolName: String = "default",
        market: String? = nil
    ) throws -> SignalComparison {
        try withTemporaryFolder { folder in
            try AtomicFile.write(Array(ours.utf8), to: folder + "/ours.csv")
            try AtomicFile.write(Array(theirs.utf8), to: folder + "/theirs.csv")
            return try Comparison.run(
                [
                    ForecastTable(path: folder + "/ours.csv"),
                    ForecastTable(path: folder + "/theirs.csv"),
                ],
                market: market.map { try MarketReference(folder: $0) },
                rules: EvaluationProtocol(protocolName))
        }
    }

    private let header = "cusip,execution_date,ats_indicator,buy_sell,side,quantity,label,"
    private let time = "1709650800000000000"

    @Test("pieces of one trade are merged by quantity before they are joined and filtered")
    func pieces() throws {
        let ours = header + "50_tile\nA,\(time),N,B,C,300000,100,101\nB,\(time),N,S,D,10,90,91\n"
        let theirs =
            header + "prediction\nA,\(time),N,B,C,100000,97,98\nA,\(time),N,B,C,200000,101.5,103\n"
            + "B,\(time),N,S,D,10,90,92\n"
        let result = try run(ours, theirs)
        #expect(result.matched == 2)
        #expect(result.funnels[1].pieces == 2 && result.funnels[1].piecewiseTrades == 1)
        #expect(result.remarks.contains("theirs: 2 rows are pieces of 1 trade, merged."))
        let pair = result.parts[0].pairs[0]
        // Theirs is 101 1/3 for A.
        #expect(agrees(pair.difference("mean")?.theirs, (4.0 / 3 + 2) / 2))
        #expect(pair.difference("mean")?.interval == nil)
        #expect(result.verdicts[0].contains("too few days or bonds"))
    }

    @Test("trades with another price are left out and counted")
    func otherPrice() throws {
        let ours = header + "50_tile\nA,\(time),N,B,C,1,100,101\nB,\(time),N,S,D,1,90,91\n"
        let theirs = header + "50_tile\nA,\(time),N,B,C,1,100.5,101\nB,\(time),N,S,D,1,90,91\n"
        let result = try run(ours, theirs)
        #expect(result.matched == 1 && result.funnels[1].otherPrice == 1)
        #expect(result.verdicts[0].contains("too few"))
    }

    @Test("a spread is repriced in full: the price of the yield over the Treasury")
    func spread() throws {
        let columns = "cusip,execution_date,treasury_yield_mid,label,"
        // B00000000 pays 3 % twice a year to 2025-01-15.
        let ours = columns + "50_tile\nB00000000,\(time),4.1,98,98\n"
        let theirs = columns + "spread_prediction\nB00000000,\(time),4.1,98,140\n"
        let result = try run(ours, theirs, market: fixture("market"))
        // At 5.5 % the price for 2024-03-07 is 97.9257 (QuantLib).
        let theirError = try #require(result.parts[0].pairs[0].difference("mean")?.theirs)
        #expect(theirError < 0.2)
        let spaces = try #require(result.spaces)
        #expect(spaces.rows.count == 2)
        #expect(abs(spaces.rows[1].price[0] - spaces.rows[1].priceByDV01[0]) < 1e-3)
    }

    @Test("where the interval reaches zero, the verdict says how many days would be needed")
    func daysNeeded() throws {
        let rules = try EvaluationProtocol(Settings(yaml: "name: bare\ncohorts: []", file: "bare"))
        let result = try Comparison.run(equalPair(RandomStream(seed: 3)), rules: rules)
        let difference = try #require(result.parts[0].pairs[0].difference("50"))
        let interval = try #require(difference.interval)
        #expect(interval.contains(0))
        let needed = try #require(difference.daysNeeded)
        let error = try #require(difference.standardError)
        let ratio = 1.959_963_984_540_054 * error / abs(difference.difference)
        #expect(needed == max(61, Int((60 * ratio * ratio).rounded(.up))))
        #expect(result.verdicts[0].contains("cannot be told apart"))
        #expect(result.verdicts[0].contains("days of such trades"))
    }

    @Test("cohorts are compared within the grades too; skill stands beside every signal")
    func grades() throws {
        try withTemporaryFolder { folder in
            for (name, file) in [
                ("ours", "trades_first"), ("last-trade", "trades_second"),
                ("oracle", "trades_first"),
            ] {
                try FileManager.default.copyItem(
                    atPath: fixture(file + ".csv"), toPath: "\(folder)/\(name).csv")
            }
            let result = try Comparison.run(
                ["ours", "last-trade", "oracle"].map {
                    try ForecastTable(path: "\(folder)/\($0).csv")
                }, market: MarketReference(folder: fixture("market")))
            let keys = Set(result.parts.map(\.name.key))
            #expect(keys.isSuperset(of: ["all", "IG", "HY", "side=bid", "IG side=bid"]))
            let grades = result.parts.filter { $0.name.key == "IG" || $0.name.key == "HY" }
            #expect(grades.map(\.rows).reduce(0, +) == result.matched)
            let table = result.terminalTable
            #expect(table.contains("skill") && table.contains("HY, oracle"))
            #expect(result.metrics.map(\.count) == [3, 3, 3])
            let json = try result.json()
            #expect(json.contains("\"skill\""))
        }
    }

    @Test("tables of other levels are compared at those that all have, one number a trade at none")
    func levels() throws {
        let rows = 0..<40
        func table(_ header: String, _ tiles: [Double]) -> String {
            header
                + rows.map { row in
                    let time = 1_709_650_800_000_000_000 + row * 86_400_000_000_000
                    return "B\(row % 7),\(time),N,B,C,1,100,"
                        + tiles.map { String(100 + $0 + Double(row % 3)) }.joined(separator: ",")
                        + "\n"
                }.joined()
        }
        try withTemporaryFolder { folder in
            let tables = [
                ("ours", header + "5_tile,25_tile,50_tile,95_tile\n", [-1.0, -0.5, 0, 1]),
                ("trees", header + "5_tile,50_tile,95_tile\n", [-2, 0.5, 2]),
                ("point", header + "prediction\n", [0.1]),
            ]
            for (name, header, tiles) in tables {
                try AtomicFile.write(
                    Array(table(header, tiles).utf8), to: "\(folder)/\(name).csv")
            }
            let result = try Comparison.run(
                try tables.map { try ForecastTable(path: "\(folder)/\($0.0).csv") })
            #expect(result.commonLevels == [0.05, 0.5, 0.95])
            let pairs = result.parts[0].pairs
            // By hand: the mean over three levels and the residuals 0, -1, -2 with their counts.
            let counts = (0..<3).map { rest in Double(rows.count { $0 % 3 == rest }) }
            let tiles = [(0.05, -1.0), (0.5, 0.0), (0.95, 1.0)]
            var loss = 0.0
            for (rest, count) in counts.enumerated() {
                for (level, tile) in tiles {
                    loss += count * pinball(label: 0, forecast: tile + Double(rest), level: level)
                }
            }
            #expect(agrees(pairs[0].difference("pinball")?.ours, loss / 120))
            #expect(pairs[1].difference("pinball") == nil && pairs[1].difference("50") != nil)
            let text = result.terminalTable
            #expect(text.contains("the levels that all tables have: 5, 50, 95 %"))
            #expect(text.contains("so point has none of these"))
            let headline = try #require(result.headline)
            #expect(headline.contains("better than point (by the median deviance alone)"))
            #expect(headline.contains("not the same by both measures against trees"))
            let card = try String(
                contentsOfFile: {
                    try ComparisonReport(result, version: "1").write(to: folder + "/r")
                    return folder + "/r/model-card.md"
                }(), encoding: .utf8)
            #expect(card.hasPrefix("# Model card: ours") && card.contains("| trees † |"))
        }
    }

    @Test("a signal far beyond the others is cut off in the figures, and they say so")
    func robustAxes() throws {
        try withTemporaryFolder { folder in
            for (name, shift) in [("ours", 0.1), ("theirs", 0.2), ("wild", 50)] {
                let rows = (0..<600).map { row in
                    let time = 1_709_650_800_000_000_000 + row * 3_600_000_000_000
                    let price = 100 + shift * Double(1 + row % 5)
                    return "B\(row % 8),\(time),N,B,C,\(1000 * row),100,\(price)\n"
                }
                try AtomicFile.write(
                    Array((header + "50_tile\n" + rows.joined()).utf8),
                    to: "\(folder)/\(name).csv")
            }
            let result = try Comparison.run(
                try ["ours", "theirs", "wild"].map {
                    try ForecastTable(path: "\(folder)/\($0).csv")
                })
            let page = try ComparisonReport(result, version: "1").html()
            #expect(page.contains("wild (beyond the axis)"))
            #expect(
                page.contains("Cut off, so that the others can be told apart: wild reaches 250"))
        }
    }

    @Test("tabular forecasts are joined on their rows")
    func tabular() throws {
        let rows = 0..<300
        let ours = "row,label,50_tile\n" + rows.map { "\($0),\($0 % 7),\($0 % 7)\n" }.joined()
        let theirs =
            "row,label,50_tile\n" + rows.reversed().map { "\($0),\($0 % 7),\($0 % 5)\n" }.joined()
        let result = try run(ours, theirs)
        #expect(result.matched == 300)
        #expect(result.parts[0].pairs[0].difference("pinball")?.outcome == .better)
    }

    @Test("what cannot be compared is refused with a reason")
    func refusals() throws {
        let ours = header + "50_tile\nA,\(time),N,B,C,1,100,101\n"
        let strangers = header + "50_tile\nZ,\(time),N,B,C,1,100,101\n"
        #expect(problem { _ = try run(ours, strangers) }.contains("no trades in common"))
        let otherPrices = header + "50_tile\nA,\(time),N,B,C,1,99,101\n"
        #expect(problem { _ = try run(ours, otherPrices) }.contains("all with another price"))
        let words = header + "prediction\nA,\(time),N,B,C,1,100,high\n"
        #expect(problem { _ = try run(ours, words) }.contains("'high'"))
        let seconds = header + "50_tile\nA,1709650800,N,B,C,1,100,101\n"
        #expect(problem { _ = try run(ours, seconds) }.contains("--time-unit seconds"))
        let twice = "cusip,execution_date,label,50_tile\nA,\(time),100,101\nA,\(time),100,101\n"
        #expect(problem { _ = try run(ours, twice) }.contains("data rows 1 and 2"))
        let unlabelled = "cusip,execution_date,50_tile\nA,\(time),100\n"
        #expect(problem { _ = try run(unlabelled, ours) }.contains("'label'"))
    }

    /// A pair of tables of equal skill on 5,000 trades of 60 days and 80 bonds; errors of a day and
    /// of a bond hang together.
    private func equalPair(_ stream: RandomStream) throws -> [ForecastTable] {
        var random = stream
        let (days, bonds, rows) = (60, 80, 5_000)
        func effects(_ count: Int) -> [Double] { (0..<count).map { _ in random.normal() } }
        let ofDay = [effects(days), effects(days)]
        let ofBond = [effects(bonds), effects(bonds)]
        var tiles: [[Double]] = [[], []]
        var label: [Double] = []
        var times: [Int64] = []
        var names: [String] = []
        for row in 0..<rows {
            let day = random.integer(below: days)
            let bond = random.integer(below: bonds)
            label.append(100)
            times.append(1_709_650_800_000_000_000 + Int64(day) * 86_400_000_000_000 + Int64(row))
            names.append("B\(bond)")
            for signal in 0..<2 {
                tiles[signal].append(
                    100 + random.normal() + 0.4 * ofDay[signal][day] + 0.4 * ofBond[signal][bond])
            }
        }
        return try tiles.enumerated().map { index, tiles in
            ForecastTable(
                file: "\(index)", levels: try QuantileLevels([0.5]), tiles: tiles, label: label,
                executionDate: times, otherColumns: [TextColumn(name: "cusip", names)])
        }
    }

    @Test(
        "intervals of signals of equal skill exclude zero in 2 % to 7 % of 1,000 repetitions",
        .enabled(if: ProcessInfo.processInfo.environment["TENOR_CHECK_LONG"] != nil))
    func coverage() throws {
        let rules = try EvaluationProtocol(Settings(yaml: "name: bare\ncohorts: []", file: "bare"))
        let repetitions =
            ProcessInfo.processInfo.environment["TENOR_CHECK_REPETITIONS"].flatMap { Int($0) }
            ?? 1_000
        var excluded: [String: Int] = [:]
        for repetition in 0..<repetitions {
            let pair = try equalPair(RandomStream(seed: 11).stream(repetition))
            let result = try Comparison.run(pair, rules: rules)
            for difference in result.parts[0].pairs[0].differences
            where difference.outcome != .undecided {
                excluded[difference.measure, default: 0] += 1
            }
        }
        for measure in ["50", "75", "95", "mean", "pinball", "won"] {
            let share = Double(excluded[measure] ?? 0) / Double(repetitions)
            // What was measured belongs into the log of the long check.
            print("\(measure): zero is excluded in \(share) of \(repetitions) repetitions")
            #expect((0.02...0.07).contains(share), "\(measure): \(share)")
        }
    }
}
