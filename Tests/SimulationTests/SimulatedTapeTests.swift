import Bonds
import Files
import Foundation
import Simulation
import Tape
import Testing

@Suite("Tape of a simulated market", .serialized)
struct SimulatedTapeTests {
    @Test("Importing the raw files gives the clean tape back")
    func roundTrip() throws {
        let fixture = try TapeFixture()
        defer { fixture.remove() }
        let summary = try fixture.write()
        let (folder, audit) = try fixture.imported()
        #expect(audit.addsUp)
        #expect(audit.rowsIn == summary.reports)
        #expect(audit.files.count == fixture.dates.count)
        #expect(audit.files.allSatisfy { $0.complaint == nil && $0.unreadable == 0 })

        let comparison = try TapeComparison(of: folder, against: fixture.marketFolder)
        #expect(comparison.all.clean == summary.trades)
        #expect(comparison.withdrawn.clean == summary.withdrawn)
        for count in [comparison.all, comparison.holding, comparison.withdrawn] {
            #expect(count.precision >= 0.995, "\(comparison)")
            #expect(count.recall >= 0.995, "\(comparison)")
        }
    }

    @Test("Each kind of error occurs at its rate, and cleaning undoes it")
    func errors() throws {
        let fixture = try TapeFixture(seed: 5)
        defer { fixture.remove() }
        try fixture.write()
        let (folder, _) = try fixture.imported()
        let comparison = try TapeComparison(of: folder, against: fixture.marketFolder)
        let trades = Double(fixture.bonds.count * fixture.dates.count * fixture.tradesPerBondDay)
        for error in InjectedError.allCases {
            let count = try #require(
                comparison.errors.first { $0.error == error.rawValue }, "\(error)")
            // A chained correction has two wrong reports; a reversal needs three weeks to come.
            let share = error == .correction ? 1.1 : error == .reversal ? 0.45 : 1
            let expected = share * error.rate * 0.97 * trades
            #expect(
                abs(Double(count.reports) - expected) < 4 * expected.squareRoot() + 0.05 * expected,
                "\(error): \(count.reports), expected \(expected)")
            // A price set to 100 is no outlier where the bond is worth about that.
            let least = error == .bounceBack ? 0.6 : error == .decimalShift ? 0.9 : 0.99
            #expect(
                Double(count.undone) >= least * Double(count.reports), "\(comparison)")
        }
        let doubles = try #require(comparison.errors.first { $0.error == "double_report" })
        #expect(doubles.undone == doubles.reports)
    }

    @Test("A market without injected errors is imported to the last row")
    func withoutErrors() throws {
        let fixture = try TapeFixture(bonds: 20, days: 10)
        defer { fixture.remove() }
        fixture.settings.injectedErrors = false
        try fixture.write()
        let (folder, _) = try fixture.imported()
        let comparison = try TapeComparison(of: folder, against: fixture.marketFolder)
        #expect(comparison.all.right == comparison.all.clean, "\(comparison)")
        #expect(comparison.all.right == comparison.all.imported, "\(comparison)")
        #expect(comparison.withdrawn.clean == 0)
        #expect(comparison.errors.allSatisfy { $0.reports == $0.undone })
    }

    @Test("The truth has the rows of the tape, in its order")
    func truth() throws {
        let fixture = try TapeFixture(bonds: 10, days: 25)
        defer { fixture.remove() }
        try fixture.write()
        let tape = try TradeTable(path: TradeFile.path(market: fixture.marketFolder))
        let truth = try TradeTruth.read(market: fixture.marketFolder)
        #expect(truth.map(\.tradeID) == tape.tradeIDs)
        #expect(Set(tape.tradeIDs).count == tape.count)
        #expect(zip(tape.reportTimes, tape.reportTimes.dropFirst()).allSatisfy { $0 <= $1 })
        let split = try #require(truth.first { $0.isSplit })
        #expect(split.tradeID.contains("+"))
        for (row, truth) in truth.enumerated() {
            let isTakenBack = ["cancel", "correction", "reversal"].contains(truth.errorCode)
            let isWithdrawn = tape.withdrawnTimes[row] != .max
            #expect(isWithdrawn == isTakenBack || truth.errorCode == "decimal_shift")
            #expect(truth.distribution.degreesOfFreedom == 4)
            #expect(truth.dv01 == 0.05)
        }
        // A corrected print is replaced by one that points to it.
        let replaced = Set(tape.replaces.filter { !$0.isEmpty })
        let corrected = truth.filter { $0.errorCode == "correction" }.map(\.tradeID)
        #expect(replaced == Set(corrected))
    }

    @Test("The bytes are those of the seed, with the raw files and without")
    func determinism() throws {
        let fixture = try TapeFixture(bonds: 10, days: 25)
        defer { fixture.remove() }
        let first = try fixture.write()
        let second = try fixture.write(to: "again")
        let plain = try fixture.write(to: "plain", rawFiles: false)
        #expect(first == second)
        #expect(first == plain)
        let names = try FileManager.default.subpathsOfDirectory(atPath: fixture.marketFolder)
            .filter { $0.contains(".") }
        #expect(names.count == 4 + 2 * fixture.dates.count)
        for name in names {
            let bytes = try FileContents.bytes(of: fixture.marketFolder + "/" + name)
            #expect(try FileContents.bytes(of: fixture.folder + "/again/" + name) == bytes)
            guard !name.hasPrefix("trace/") else { continue }
            #expect(try FileContents.bytes(of: fixture.folder + "/plain/" + name) == bytes)
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.folder + "/plain/trace"))
        let other = try TapeFixture(bonds: 10, days: 25, seed: 2)
        defer { other.remove() }
        try other.write()
        #expect(
            try FileContents.bytes(of: other.marketFolder + "/trades.csv")
                != FileContents.bytes(of: fixture.marketFolder + "/trades.csv"))
    }

    @Test("What waits for later days does not grow with the days")
    func memory() throws {
        let fixture = try TapeFixture(bonds: 20, days: 120)
        defer { fixture.remove() }
        var waiting: [Int] = []
        try fixture.write(rawFiles: false) { waiting.append($0.waiting) }
        // Reversals come within 41 days: the second half of the market holds no more than the first.
        let early = waiting[30..<60].max() ?? 0
        let late = waiting[60..<110].max() ?? 0
        #expect(early > 0)
        #expect(late < 2 * early, "\(waiting)")
    }

    @Test("The disseminated table can be imported, its sizes capped")
    func disseminated() throws {
        let fixture = try TapeFixture(bonds: 10, days: 10)
        defer { fixture.remove() }
        try fixture.write()
        let (folder, audit) = try fixture.imported(.wrds, prefix: "wrds")
        #expect(audit.files.allSatisfy { $0.unreadable == 0 })
        #expect(audit[.historicCancel] != nil)
        let clean = try TradeTable(path: TradeFile.path(market: fixture.marketFolder))
        let feed = try TradeTable(path: TradeFile.path(market: folder))
        func large(_ table: TradeTable, odd: Bool) -> [Double] {
            table.bonds.indices.filter { row in
                let cusip = table.cusips[Int(table.bonds[row])]
                return (fixture.bonds.firstIndex { $0.cusip == cusip } ?? 0) % 2 == (odd ? 1 : 0)
                    && !table.tradeIDs[row].contains("+") && table.withdrawnTimes[row] == .max
            }.map { table.quantities[$0] }
        }
        #expect(large(clean, odd: true).contains { $0 > 1_000_000 })
        #expect(large(feed, odd: true).allSatisfy { $0 <= 1_000_000 })
        #expect(large(feed, odd: false).allSatisfy { $0 <= 5_000_000 })
        #expect(large(feed, odd: false).contains { $0 > 1_000_000 })
        // The flags of when-issued and special prices are in the table; locked-in ones are not.
        let share = Double(feed.count) / Double(clean.count)
        #expect(abs(share - 1) < 0.02)
    }
}
