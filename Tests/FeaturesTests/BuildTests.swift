import Bonds
import Datasets
import Features
import Files
import Foundation
import Tape
import Testing

/// What a build keeps of its market and options, how it goes on, and what it refuses.
@Suite struct BuildTests {
    private let market: SmallMarket
    private struct Stopped: Error {}

    init() throws { market = try SmallMarket.shared.get() }

    private func shards(_ store: String) throws -> [String: [UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: store)
            .filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
        var files: [String: [UInt8]] = [:]
        for name in names { files[name] = try FileContents.bytes(of: store + "/" + name) }
        return files
    }

    /// A market with trades of every kind that makes no row.
    private func oddMarket(_ scratch: Scratch) throws -> String {
        let folder = try scratch.copy(market.path)
        let day: Int64 = 86_400_000_000_000
        var trades = try SmallMarket.trades(folder)
        for index in trades.indices {
            switch index % 29 {
            case 3: trades[index].cusip = "STRANGER\(index % 3)"
            case 5: trades[index].isDisseminated = false
            // Reported within the days that a build reads ahead, and beyond them.
            case 7: trades[index].reportTime += 3 * day
            case 11: trades[index].reportTime += 7 * day
            default: break
            }
            if trades[index].withdrawnTime < trades[index].reportTime {
                trades[index].withdrawnTime = trades[index].reportTime
            }
        }
        trades += trades.filter { $0.tradeID.hasSuffix("7") }
        try SmallMarket.write(trades, to: folder)
        return folder
    }

    @Test(
        "A run that was stopped leaves the bytes and tells the counts of one that was not",
        arguments: [0, 3_600])
    func restart(secondsBetweenStates: Int) throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: try oddMarket(scratch), store: scratch.path + "/whole")
        let whole = try build.run()
        for exclusion in [
            "withdrawn", "undisseminated", "not_sampled", "reported_late", "duplicate",
        ] {
            #expect(whole.skipped[exclusion, default: 0] > 0, "\(exclusion)")
        }
        #expect(whole.unknownBonds.count == 3)
        build.store = scratch.path + "/parts"
        build.snapshotInterval = .seconds(secondsBetweenStates)
        for share in [3, 2] {
            #expect(throws: Stopped.self) {
                try build.run { rows, _ in if rows > whole.rows / share { throw Stopped() } }
            }
        }
        let before = try shards(build.store)
        #expect(!before.isEmpty && before.count < whole.newDays)
        let rest = try build.run()
        #expect((rest.resumedFrom != nil) == (secondsBetweenStates == 0))
        // What was finished is not made again, with or without a state behind it.
        #expect(rest.newDays == whole.newDays - before.count)
        let (parts, all) = (try shards(build.store), try shards(scratch.path + "/whole"))
        #expect(parts == all)
        let again = try build.run()
        #expect(again.newRows == 0 && again.resumedFrom != nil)
        for summary in [rest, again] {
            #expect(summary.rows == whole.rows && summary.days == whole.days)
            #expect(summary.skipped == whole.skipped)
            #expect(summary.unknownBonds == whole.unknownBonds)
            #expect(summary.tally == whole.tally)
        }
    }

    @Test("Days are added to a store that ended earlier, as if it had not")
    func extended() throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: try oddMarket(scratch), store: scratch.path + "/whole")
        let whole = try build.run()
        build.store = scratch.path + "/parts"
        let days = try FeatureStore(path: scratch.path + "/whole").shards.map(\.date)
        build.through = CalendarDate(days[days.count / 2])
        let part = try build.run()
        #expect(part.rows < whole.rows)
        let same = try build.run()
        #expect(same.skipped == part.skipped && same.unknownBonds == part.unknownBonds)
        build.through = nil
        let rest = try build.run()
        #expect(rest.skipped == whole.skipped && rest.unknownBonds == whole.unknownBonds)
        #expect(rest.tally == whole.tally)
        let (parts, all) = (try shards(build.store), try shards(scratch.path + "/whole"))
        #expect(parts == all)
    }

    @Test("A day that is lost is named, and made again without the state")
    func lostDay() throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: market.path, store: scratch.path + "/store")
        build.minimumQuantity = 1_000_000
        _ = try build.run()
        let whole = try shards(build.store)
        let name = try #require(whole.keys.sorted().dropFirst(2).first)
        try FileManager.default.removeItem(atPath: build.store + "/" + name)
        let error = #expect(throws: FileError.self) { try build.run() }
        #expect(error?.file == build.store + "/" + name)
        try FileManager.default.removeItem(atPath: build.store + "/state")
        let summary = try build.run()
        #expect(summary.newDays == 1)
        let again = try shards(build.store)
        #expect(again == whole)
    }

    @Test("Another market of the same features and other options are refused by name")
    func fingerprint() throws {
        let scratch = try Scratch()
        let folder = try scratch.copy(market.path)
        var build = FeatureBuild(market: folder, store: scratch.path + "/store")
        build.minimumQuantity = 1_000_000
        let times = market.trades.map(\.trade.executionTime)
        build.through = EasternTime.date(times[times.count / 4])
        _ = try build.run()
        build.through = nil
        // One print of one table is another; the schema stays what it was.
        var ticks = try MarketRow.read(market: folder)
        ticks[ticks.count - 1].price += 0.01
        try MarketRow.write(ticks, market: folder)
        let error = #expect(throws: FileError.self) { try build.run() }
        let text = error?.description ?? ""
        #expect(text.contains("begun with another market"), "\(text)")
        #expect(text.contains("markets.csv of") && !text.contains("trades.csv"), "\(text)")

        try FileManager.default.removeItem(atPath: folder + "/cds.csv")
        build.minimumQuantity = 0
        build.isHalf = true
        let both = #expect(throws: FileError.self) { try build.run() }
        let all = both?.description ?? ""
        #expect(all.contains("other options and another market"), "\(all)")
        #expect(all.contains("no cds.csv") && all.contains("--half"), "\(all)")
        #expect(all.contains("--min-quantity 1000000"), "\(all)")

        // The tables that no feature reads may change.
        build.market = market.path
        build.minimumQuantity = 1_000_000
        build.isHalf = false
        _ = try build.run()
    }

    @Test("A store without a row is an error that says why, and leaves nothing")
    func noRows() throws {
        let scratch = try Scratch()
        var build = FeatureBuild(market: market.path, store: scratch.path + "/store")
        let days = market.trades.map { EasternTime.date($0.trade.executionTime) }
        let (first, last) = (try #require(days.min()), try #require(days.max()))
        build.from = last + 30
        func message() -> String {
            #expect(throws: FileError.self) { try build.run() }?.description ?? ""
        }
        var text = message()
        #expect(text.contains("no trade makes a row") && text.contains("from \(last + 30)"))
        #expect(text.contains("\(first)") && text.contains("\(last)"), "\(text)")
        // Nothing of it stands in the way of a better question.
        build.from = nil
        build.through = first + -30
        text = message()
        #expect(text.contains("trades from \(first) on"), "\(text)")
        build.through = nil
        build.minimumQuantity = 1e15
        text = message()
        #expect(text.contains("small ") && text.contains("dollars and more"), "\(text)")
        #expect(!FeatureStore.isStore(build.store))
    }

    @Test("A trade that is reported before its execution makes no row: it would see itself")
    func reportedEarly() throws {
        let scratch = try Scratch()
        let folder = try scratch.copy(market.path)
        var trades = try SmallMarket.trades(folder)
        let index = try #require(
            trades.indices.first {
                $0 > trades.count / 2 && trades[$0].holds && trades[$0].quantity > 200_000
            })
        trades[index].executionTime = trades[index].reportTime + 1_000_000_000
        try SmallMarket.write(trades, to: folder)
        let build = FeatureBuild(market: folder, store: scratch.path + "/store")
        let summary = try build.run()
        #expect(summary.skipped["reported_early"] == 1)
        let store = try FeatureStore(path: build.store)
        let names = store.values(.tradeID, rows: 0..<store.rowCount)
        #expect(!names.contains(trades[index].tradeID))
    }

    @Test("A folder that holds something else is left alone")
    func foreignFolder() throws {
        let scratch = try Scratch()
        try AtomicFile.write(Array("mine".utf8), to: scratch.path + "/notes.txt")
        let build = FeatureBuild(market: market.path, store: scratch.path)
        let error = #expect(throws: FileError.self) { try build.run() }
        #expect(error?.description.contains("found notes.txt") == true)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names == ["notes.txt"])
    }

    @Test("Absent tables are named with what features are without them, and stay finite")
    func absentTables() throws {
        let scratch = try Scratch()
        let folder = try scratch.copy(market.path)
        let absent = ["markets", "ratings", "calls", "entities", "equities", "cds", "holdings"]
        for table in absent {
            try FileManager.default.removeItem(atPath: folder + "/\(table).csv")
        }
        var build = FeatureBuild(market: folder, store: scratch.path + "/store")
        build.minimumQuantity = 1_000_000
        let summary = try build.run()
        let named = summary.absentTables.map(\.table)
        #expect(named == absent)
        let unsaid = summary.absentTables.filter { $0.without?.isEmpty != false }
        #expect(unsaid.isEmpty)
        let store = try FeatureStore(path: build.store)
        let look = FeatureStoreSummary(store)
        #expect(look.notFinite == [])
        let families = look.families.map(\.family)
        #expect(!families.contains("swaps"))
        // What the words say of the bonds' rating.
        #expect(look.constant.contains("bond.high_yield"))
        #expect(look.constant.contains("bond.rating.BB-"))
    }
}
