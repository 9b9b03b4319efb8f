import Arrays
import Bonds
import Datasets
import Features
import Files
import Foundation
import Inference
import QuantileModels
import Quantiles
import Tape
import TestMarkets
import Synchronization
import Testing

/// Universes and trades priced by a network: one after the other, because the number of BLAS threads
/// belongs to the whole process.
@Suite(.serialized) struct MarketScoringTests {
    private let priced: PricedMarket
    private let scratch: ScratchFolder

    init() throws {
        priced = try PricedMarket.shared.get()
        scratch = try ScratchFolder()
    }

    private func scorer(_ format: QuoteFormat = .csv, workers: Int = 2) -> UniverseScorer {
        UniverseScorer(
            model: priced.model, bonds: priced.bonds, format: format, workerCount: workers)
    }

    private func universe(_ lines: [String]) throws -> Universe {
        try Universe(
            path: scratch.file("universe.txt", lines.joined(separator: "\n") + "\n"),
            finder: BondFinder(priced.bonds))
    }

    private static func isNear(_ first: [Double], _ second: [Double]) -> Bool {
        first.count == second.count
            && zip(first, second).allSatisfy { abs($0 - $1) < 2e-4 || ($0.isNaN && $1.isNaN) }
    }

    @Test("Trades of a market priced as of their executions are what their store's rows give")
    func sameAsTheStore() throws {
        let store = try priced.store()
        try StoreScorer(model: priced.model).score(
            store, rows: 0..<store.rowCount, to: scratch.path + "/store.csv")
        let expected = try ForecastTable(path: scratch.path + "/store.csv")
        let trades = try AskedTrades(
            path: priced.market + "/trades.csv", finder: BondFinder(priced.bonds))
        let summary = try scorer().score(
            trades, in: priced.archive(), to: scratch.path + "/trades.csv")
        #expect(summary.asked == trades.lines.count)
        #expect(summary.priced + summary.unpriced == summary.asked)
        let found = try ForecastTable(path: scratch.path + "/trades.csv")
        #expect(found.rowCount == summary.rows)
        func identifiers(_ table: ForecastTable) throws -> TextColumn {
            try #require(table.otherColumns.first { $0.name == "trade_id" })
        }
        let names = try identifiers(found)
        let rows = Dictionary(
            (0..<found.rowCount).map { (names[$0], $0) }, uniquingKeysWith: { first, _ in first })
        let wanted = try identifiers(expected)
        for row in 0..<expected.rowCount {
            let place = try #require(rows[wanted[row]])
            let isNear = Self.isNear(
                Array(found.tiles(row: place)), Array(expected.tiles(row: row)))
            #expect(isNear, "\(wanted[row])")
        }
    }

    @Test("A universe: every line is priced or listed with its reason, whatever the workers")
    func everyLine() throws {
        let known = priced.bonds.rows.map(\.figi).filter { !$0.isEmpty }
        let lines =
            [known[0], "", "BBG000000000", priced.bonds.rows[1].cusip, known[0]]
            + known.dropFirst(2)
        let universe = try universe(lines)
        let conditions = Variations.default.conditions(includesDealers: true)
        let time = try priced.moment(day: 6)
        var texts: [String] = []
        for workers in [1, 3] {
            let market = try priced.archive().market(before: time)
            let summary = try scorer(workers: workers).score(
                universe, conditions: conditions, in: market, at: time,
                to: scratch.path + "/quotes.csv")
            #expect(summary.asked == lines.count - 1)
            #expect(summary.priced + summary.unpriced == summary.asked)
            #expect(summary.priced > 50 && summary.rows == 6 * summary.priced)
            let missing = try scratch.text("quotes.unpriced.csv").split(separator: "\n")
            #expect(missing.count == 1 + summary.unpriced)
            #expect(missing.contains { $0.hasPrefix("3,BBG000000000,") })
            #expect(missing.contains { $0.hasPrefix("5,\(known[0]),") && $0.contains("line 1") })
            texts.append(try scratch.text("quotes.csv"))
        }
        let isEqual = texts[0] == texts[1]
        #expect(isEqual, "the bytes depend on the number of workers")
        let table = try ForecastTable(path: scratch.path + "/quotes.csv")
        for row in 0..<table.rowCount {
            let tiles = Array(table.tiles(row: row))
            #expect(tiles == tiles.sorted())
        }
    }

    @Test("The trunk once a bond gives what each row alone gives")
    func crossedAndPaired() throws {
        let time = try priced.moment(day: 5)
        let market = try priced.archive().market(before: time)
        let (states, _) = try market.states(of: Array(0..<20), at: time)
        try #require(states.count > 10)
        let conditions = Variations.full.conditions()
        #expect(conditions.count == 40)
        let crossed = states.tiles(of: priced.model, conditions: conditions)
        #expect(crossed.rowCount == 40 * states.count)
        let inOneStage = try PricedMarket.network(on: priced.store(), family: .mlp)
        for model in [priced.model, inOneStage] {
            let all = states.tiles(of: model, conditions: conditions)
            for (place, condition) in conditions.enumerated() {
                let paired = states.tiles(
                    of: model, paired: Array(repeating: condition, count: states.count))
                for bond in 0..<states.count {
                    let range = (40 * bond + place) * 19..<(40 * bond + place + 1) * 19
                    let isNear = Self.isNear(
                        Array(all.prices[range]), Array(paired.prices[19 * bond..<19 * bond + 19]))
                    #expect(isNear)
                }
            }
        }
        // Bonds with conditions of their own, in any order.
        let some = states.tiles(
            of: priced.model,
            requests: [(3, [conditions[7]]), (0, [conditions[2], conditions[9]])])
        var expected: [Double] = []
        for row in [3 * 40 + 7, 2, 9] { expected += crossed.prices[row * 19..<(row + 1) * 19] }
        #expect(Self.isNear(some.prices, expected))
    }

    @Test("Yield and spread tiles turn round, and hold against the bond's own price")
    func orientation() throws {
        let time = try priced.moment(day: 5)
        let market = try priced.archive().market(before: time)
        let (states, _) = try market.states(of: Array(0..<20), at: time)
        let tiles = states.tiles(of: priced.model, conditions: Variations.minimal.conditions())
        #expect(tiles.rowCount > 20)
        for row in 0..<tiles.rowCount {
            let view = states.views[row / 2]
            for level in 0..<19 {
                let yield = tiles.yields[19 * row + level]
                let price = tiles.prices[19 * row + 18 - level]
                #expect(abs(view.cashFlows.cleanPrice(yield: yield) - price) < 1e-7)
                let spread = 100 * (yield - view.benchmark.yieldMid)
                #expect(abs(tiles.spreads[19 * row + level] - spread) < 1e-9)
            }
        }
    }

    /// Suites that run beside this one change the number of BLAS threads, and with it last bits.
    private static func areNear(_ a: [Double], _ b: [Double]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 2e-3 }
    }

    @Test("An archive with states of earlier days answers as one that replays everything")
    func states() throws {
        let folder = scratch.path + "/states"
        let conditions = Variations.minimal.conditions()
        func prices(_ archive: MarketArchive, day: Int) throws -> [Double] {
            let time = try priced.moment(day: day)
            let market = try archive.market(before: time)
            return try market.states(of: Array(0..<40), at: time).states
                .tiles(of: priced.model, conditions: conditions).prices
        }
        let keeping = priced.archive(states: try EngineStates(folder: folder))
        _ = try keeping.market(before: .max)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.count >= 5)
        // From a state, further on, back, and far back to before the first state.
        let resumed = priced.archive(states: try EngineStates(folder: folder))
        for day in [6, 7, 4, 0] {
            let expected = try prices(priced.archive(), day: day)
            #expect(Self.areNear(try prices(resumed, day: day), expected), "day \(day)")
        }
    }

    @Test("A state that is damaged is told, an older one is used, and it is made anew")
    func damagedState() throws {
        let folder = scratch.path + "/damaged"
        _ = try priced.archive(states: try EngineStates(folder: folder)).market(before: .max)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let last = folder + "/" + (try #require(names.last))
        let whole = try Data(contentsOf: URL(filePath: last))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: last))
        let told = Mutex<[String]>([])
        let states = try EngineStates(folder: folder) { error in
            told.withLock { $0.append(error.file) }
        }
        let found = try priced.archive(states: states).market(before: .max)
        #expect(told.withLock { $0 } == [last])
        #expect(try Data(contentsOf: URL(filePath: last)) == whole)
        let expected = try priced.archive().market(before: .max)
        func prices(_ market: BondMarket) throws -> [Double] {
            try market.states(of: Array(0..<40), at: market.now + 1).states
                .tiles(of: priced.model, conditions: Variations.minimal.conditions()).prices
        }
        #expect(Self.areNear(try prices(found), try prices(expected)))
    }

    /// A copy of the market whose trades are edited, line by line; nil drops a line.
    private func edited(
        _ name: String, _ edit: (_ line: Int, _ cells: [String], _ header: [String]) -> [String]?
    ) throws -> String {
        let market = scratch.path + "/" + name
        try FileManager.default.copyItem(atPath: priced.market, toPath: market)
        let path = try TradeFile.path(market: market)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let kept =
            [lines[0]] + lines.indices.dropFirst().compactMap { edit($0, lines[$0], lines[0]) }
        let text = kept.map { $0.joined(separator: ",") + "\n" }.joined()
        try Data(text.utf8).write(to: URL(filePath: path))
        return market
    }

    private func prices(
        _ market: String, day: Int, states: EngineStates? = nil
    ) throws -> [Double] {
        let time = try priced.moment(day: day)
        return try MarketArchive(
            market: market, bonds: priced.bonds, layout: priced.layout, states: states
        ).market(before: time).states(of: Array(0..<40), at: time).states
            .tiles(of: priced.model, conditions: Variations.minimal.conditions()).prices
    }

    @Test("States of another past are told and made anew: prices are those of an empty folder")
    func changedPast() throws {
        let folder = scratch.path + "/changed"
        _ = try priced.archive(states: try EngineStates(folder: folder)).market(before: .max)
        // Early prices are corrected, then a table beside the tape.
        let corrected = try edited("corrected") { line, cells, header in
            var cells = cells
            let column = header.firstIndex(of: "price") ?? 0
            if line < 300 { cells[column] = String((Double(cells[column]) ?? 0) + 3) }
            return cells
        }
        let rated = scratch.path + "/rated"
        try FileManager.default.copyItem(atPath: priced.market, toPath: rated)
        let ratings = rated + "/ratings.csv"
        let text = try String(contentsOfFile: ratings, encoding: .utf8)
        try Data(text.replacing("BBB", with: "AA").utf8).write(to: URL(filePath: ratings))
        let original = try prices(priced.market, day: 6)
        for market in [corrected, rated] {
            let told = Mutex<[String]>([])
            let states = try EngineStates(folder: folder) { error in
                told.withLock { $0.append(error.problem) }
            }
            let expected = try prices(market, day: 6)
            #expect(!Self.areNear(expected, original), "the change is too small to tell")
            #expect(Self.areNear(try prices(market, day: 6, states: states), expected), "\(market)")
            #expect(told.withLock { $0.count } == 1)
            #expect(told.withLock { $0[0] }.contains("nor are those before it"))
            // Made anew, they are used.
            #expect(Self.areNear(try prices(market, day: 6, states: states), expected))
            #expect(told.withLock { $0.count } == 1)
        }
    }

    @Test("A tape that goes on, with cancels that reach back, leaves the states valid")
    func appendedTape() throws {
        let cut = try priced.moment(day: 4)
        var withdrawn = 0
        func isKnown(_ cells: [String], _ header: [String]) -> Bool {
            Int64(cells[header.firstIndex(of: "report_date") ?? 0]).map { $0 < cut } ?? false
        }
        let short = try edited("until") { _, cells, header in
            guard isKnown(cells, header) else { return nil }
            var cells = cells
            let column = header.firstIndex(of: "withdrawn_date") ?? 0
            if let time = Int64(cells[column]), time >= cut { cells[column] = "" }
            return cells
        }
        let whole = try edited("whole") { line, cells, header in
            var cells = cells
            let column = header.firstIndex(of: "withdrawn_date") ?? 0
            if isKnown(cells, header), cells[column].isEmpty, line % 50 == 0 {
                cells[column] = String(cut + 60_000_000_000)
                withdrawn += 1
            }
            return cells
        }
        #expect(withdrawn > 3)
        let folder = scratch.path + "/until-states"
        _ = try prices(short, day: 4, states: try EngineStates(folder: folder))
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!kept.isEmpty)
        let told = Mutex(0)
        let states = try EngineStates(folder: folder) { _ in told.withLock { $0 += 1 } }
        let found = try prices(whole, day: 5, states: states)
        #expect(told.withLock { $0 } == 0)
        #expect(Self.areNear(found, try prices(whole, day: 5)))
    }

    @Test("Days at which the tape has not arrived leave no state: their trades may still come")
    func noStateBehindTheTape() throws {
        let market = scratch.path + "/short"
        try FileManager.default.copyItem(atPath: priced.market, toPath: market)
        let path = try TradeFile.path(market: market)
        let cut = try priced.moment(day: 4)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let column = try #require(
            lines[0].split(separator: ",").firstIndex(of: "report_date"))
        let kept =
            lines.prefix(1)
            + lines.dropFirst().filter {
                let cells = $0.split(separator: ",", omittingEmptySubsequences: false)
                return Int64(cells[column]).map { $0 < cut } ?? false
            }
        try Data((kept.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
        let folder = scratch.path + "/short-states"
        let states = try EngineStates(folder: folder)
        let archive = MarketArchive(
            market: market, bonds: priced.bonds, layout: priced.layout, states: states)
        let end = try archive.market(before: .max).now
        // Treasuries go on for days.
        #expect(end > cut + 2 * 86_400_000_000_000)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(!names.isEmpty)
        let lastDay = "\(EasternTime.date(cut))"
        #expect(names.allSatisfy { String($0.prefix(10)) < lastDay }, "\(names)")
    }

    @Test("Events behind the folder's change the answer, and only later ones")
    func appended() throws {
        let archive = priced.archive()
        let end = try archive.market(before: .max).now
        var trade = Trade()
        trade.tradeID = "new"
        trade.cusip = priced.bonds.rows[0].cusip
        trade.executionTime = end + 1_000_000_000
        trade.reportTime = end + 2_000_000_000
        trade.quantity = 2e6
        trade.price = 80
        trade.side = .offer
        try archive.append([.reported(trade, bond: 0)])
        func state(at time: Int64) throws -> [Double] {
            try archive.market(before: time).states(of: [0], at: time).states
                .tiles(of: priced.model, conditions: Variations.minimal.conditions()).prices
        }
        let before = try state(at: trade.reportTime)
        let after = try state(at: trade.reportTime + 1)
        #expect(!Self.areNear(before, after))
        #expect(Self.areNear(try state(at: trade.reportTime), before))
    }

    @Test("JSON lines say the same as the table")
    func jsonLines() throws {
        let universe = try universe(priced.bonds.rows.prefix(5).map(\.cusip))
        let time = try priced.moment(day: 5)
        let market = try priced.archive().market(before: time)
        let conditions = Variations.minimal.conditions()
        _ = try scorer().score(
            universe, conditions: conditions, in: market, at: time, to: scratch.path + "/q.csv")
        _ = try scorer(.jsonl).score(
            universe, conditions: conditions, in: market, at: time, to: scratch.path + "/q.jsonl")
        let table = try ForecastTable(path: scratch.path + "/q.csv")
        let lines = try scratch.text("q.jsonl").split(separator: "\n")
        #expect(lines.count == table.rowCount && lines.count > 4)
        for (row, line) in lines.enumerated() {
            struct Item: Decodable {
                var price: [Double]
                var ytm: [Double]
                var spread: [Double]
                var side: String
                var tenor: Int
            }
            let item = try JSONDecoder().decode(Item.self, from: Data(line.utf8))
            #expect(Self.areNear(item.price, Array(table.tiles(row: row))))
            #expect(item.ytm.count == 19 && item.spread == item.spread.sorted())
            #expect(item.side == (row % 2 == 0 ? "bid" : "offer"))
        }
    }

    @Test("Universe files: CSV columns, and what is none")
    func universeFiles() throws {
        let finder = BondFinder(priced.bonds)
        let bond = priced.bonds.rows[2]
        let table = try scratch.file("u.csv", "name,CUSIP\nx,\(bond.cusip)\ny,nothing\n")
        let lines = try Universe(path: table, finder: finder).lines
        #expect(lines.map(\.number) == [2, 3])
        #expect(try lines[0].bond.get() == 2)
        // As people write them.
        let found = [0, 1, 3, 4].map { priced.bonds.rows[$0] }
        let written =
            "\u{FEFF}  \"\(found[0].figi)\" \r\n\(found[1].cusip.lowercased())\r\n\r\n"
            + "\t\(found[2].isin.lowercased())\n'\(found[3].figi)'"
        let list = try Universe(path: scratch.file("l.txt", written), finder: finder).lines
        #expect(list.map(\.number) == [1, 2, 4, 5])
        #expect(try list.map { try $0.bond.get() } == [0, 1, 3, 4])
        // Ragged rows are lines that asked for something too.
        let ragged = try scratch.file(
            "r.csv",
            "\u{FEFF}\"figi\",name\r\n\(bond.figi),a\r\nBBG1\r\n\(found[0].figi),\"b\",c\r\n"
                + " \(found[1].figi.lowercased()) ,d\r\n")
        let rows = try Universe(path: ragged, finder: finder).lines
        #expect(rows.map(\.number) == [2, 3, 4, 5])
        #expect(try rows[0].bond.get() == 2 && rows[3].bond.get() == 1)
        for row in rows[1...2] {
            #expect(row.bond == .failure(.ragged))
            #expect(!row.identifier.isEmpty)
        }
        for text in ["", "\n \n", "name,price\na,1\n"] {
            let path = try scratch.file("bad.txt", text)
            #expect(throws: FileError.self) { _ = try Universe(path: path, finder: finder) }
        }
    }

    @Test("Rows that are no trades are listed, those around them priced")
    func badTrades() throws {
        let time = try priced.moment(day: 5)
        let cusip = priced.bonds.rows[0].cusip
        let path = try scratch.file(
            "t.csv",
            """
            cusip,execution_date,side,buy_sell,quantity,ats_indicator,price
            \(cusip),\(time),C,B,1000000,N,100
            nothing,\(time),C,B,1000000,N,100
            \(cusip),yesterday,C,B,1000000,N,100
            \(cusip),\(Timestamp.text(time)),offer,,250000,Y,
            \(cusip),\(time),X,B,1000000,N,100
            \(cusip),\(time),C,S,-5,N,100
            \(cusip),\(time),C,S,5,maybe,100
            \(cusip),\(time)
            "\(cusip.lowercased())",\(time),C,S,1000000,N,100

            """)
        let trades = try AskedTrades(path: path, finder: BondFinder(priced.bonds))
        let summary = try scorer().score(trades, in: priced.archive(), to: scratch.path + "/o.csv")
        #expect(summary.asked == 9 && summary.priced == 3 && summary.unpriced == 6)
        let table = try ForecastTable(path: scratch.path + "/o.csv")
        let label = try #require(table.label)
        #expect(label[0] == 100 && label[1].isNaN)
        let missing = try scratch.text("o.unpriced.csv")
        for line in [3, 4, 6, 7, 8, 9] { #expect(missing.contains("\n\(line),")) }
    }

    @Test("Of several columns that name a bond the first that is not empty counts")
    func severalColumns() throws {
        let rows = priced.bonds.rows.filter { !$0.figi.isEmpty }
        let path = try scratch.file(
            "u.csv",
            "name,cusip,figi\nx,,\(rows[0].figi)\ny,\(rows[1].cusip), \nz,,\n")
        let lines = try Universe(path: path, finder: BondFinder(priced.bonds)).lines
        let found = try lines.prefix(2).map { priced.bonds.rows[try $0.bond.get()].cusip }
        #expect(found == [rows[0].cusip, rows[1].cusip])
        #expect(lines.count == 3)
        #expect(throws: UnknownBond.unnamed) { _ = try lines[2].bond.get() }
    }

    @Test("A bond whose quantiles are no prices is listed and not quoted")
    func noPrices() throws {
        var model = priced.model
        model.recalibration = Recalibration(
            .shift, values: Array(repeating: -1e6, count: model.levels.count))
        let scorer = UniverseScorer(model: model, bonds: priced.bonds, format: .csv)
        let time = try priced.moment(day: 6)
        let known = priced.bonds.rows.map(\.figi).filter { !$0.isEmpty }
        let universe = try universe(Array(known.prefix(20)))
        let market = try priced.archive().market(before: time)
        let quotes = try scorer.score(
            universe, conditions: Variations.minimal.conditions(), in: market, at: time,
            to: scratch.path + "/quotes.csv")
        #expect(quotes.priced == 0 && quotes.rows == 0 && quotes.unpriced == 20)
        let trades = try AskedTrades(
            path: priced.market + "/trades.csv", finder: BondFinder(priced.bonds))
        let asked = try scorer.score(
            trades, in: priced.archive(), to: scratch.path + "/trades.csv")
        #expect(asked.priced == 0 && asked.unpriced == asked.asked)
        for name in ["quotes", "trades"] {
            let lines = try scratch.text(name + ".unpriced.csv").split(separator: "\n").dropFirst()
            #expect(lines.contains { $0.hasSuffix(",a price quantile is not above zero") })
            let numbers = lines.compactMap { Int($0.prefix { $0 != "," }) }
            #expect(numbers.count == lines.count && numbers == numbers.sorted())
            let table = try scratch.text(name + ".csv").split(separator: "\n")
            #expect(table.count == 1, "only the header")
        }
    }

    @Test("A checkpoint of other features is refused, with what differs first")
    func otherFeatures() throws {
        var model = priced.model
        model.provenance["schema"] = "other"
        let market = priced.market
        let error = #expect(throws: FileError.self) {
            _ = try FeatureLayout(of: model, market: market, bonds: priced.bonds)
        }
        let schema = try FeatureLayout(market: market, bonds: priced.bonds).schema
        #expect(error?.expected == "schema other" && error?.found == "schema \(schema.hash)")

        let features = schema.features
        let swapped = FeatureSchema(
            state: [features[1], features[0]], condition: [], sequences: [], channels: 0,
            sectors: [], options: [])
        let named = #expect(throws: FileError.self) {
            try model.require(swapped, of: "store", "other features", advice: "")
        }
        #expect(named?.expected == "'\(features[0].name)' as feature 1 of \(features.count)")
        #expect(named?.found == "'\(features[1].name)' of 2")
        let tuned = FeatureSchema(
            state: schema.state, condition: schema.condition, sequences: schema.sequences,
            channels: schema.channels, sectors: schema.sectors, options: schema.options,
            constants: ["half_life": 7])
        model.provenance["schema.constants"] = #"{"half_life": 3}"#
        let constant = #expect(throws: FileError.self) {
            try model.require(tuned, of: "store", "other features", advice: "")
        }
        #expect(constant?.expected == "the constant half_life as 3.0" && constant?.found == "7.0")
    }
}
