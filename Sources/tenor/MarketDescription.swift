import Bonds
import Features
import Files
import Foundation
import Tape
import Terminal

/// What `inspect` says of a market folder.
struct MarketDescription: Description {
    struct Trades: Encodable {
        let rows: Int
        let withdrawn: Int
        let corrections: Int
        let bid: Int
        let offer: Int
        let dealer: Int
        let outOfOrder: Int
        let bonds: Int
        let ratedBonds: Int
        let days: Int
        let firstExecution: Int64?
        let lastExecution: Int64?
        let lastReport: Int64?
        let bondsNotInList: [String]
    }

    let market: String
    let simulated: Bool
    let tables: [MarketSummary.Table]
    let absent: [String]
    let trades: Trades?
    /// Bonds of `bonds.csv` without an entity on any day.
    let unmappedBonds: [String]
    let doubts: [MarketSummary.Doubt]

    /// Reads all tables of a folder; `trades.csv` may be missing.
    init(of folder: String) throws {
        market = folder
        simulated = try MarketFolder.isSimulated(folder)
        let summary = try MarketSummary(market: folder)
        tables = summary.tables
        let hasTrades = try MarketFolder.path(of: "trades", in: folder) != nil
        absent = summary.absent + (hasTrades ? [] : ["trades"])
        let bonds = try BondTable(market: folder)
        let mapped = Set(try EntityRow.readIfPresent(market: folder).map(\.cusip))
        unmappedBonds = bonds.rows.map(\.cusip).filter { !mapped.contains($0) }
        guard hasTrades else {
            trades = nil
            doubts = summary.doubts
            return
        }
        let progress = ProgressLine("inspecting", unit: "trades")
        let tape = try TapeSummary(
            market: folder, bonds: bonds,
            ratings: RatingTable(RatingRow.readIfPresent(market: folder))
        ) { rows in
            progress.update(done: rows)
            try Interruption.check()
        }
        progress.finish()
        trades = Trades(
            rows: tape.rowCount, withdrawn: tape.withdrawnCount,
            corrections: tape.correctionCount, bid: tape.bidCount, offer: tape.offerCount,
            dealer: tape.dealerCount, outOfOrder: tape.outOfOrderCount, bonds: tape.bondCount,
            ratedBonds: tape.ratedBondCount, days: tape.dayCount,
            firstExecution: tape.firstExecution, lastExecution: tape.lastExecution,
            lastReport: tape.lastReport, bondsNotInList: tape.unknownBonds.keys.sorted())
        doubts = summary.doubts + tape.doubts
    }

    var text: String {
        var lines = simulated ? ["simulated market"] : []
        lines += tables.map { Self.cells("\($0.name).csv", "\($0.rowCount) rows") }
        for table in absent {
            let input = FeatureInput.all.first { $0.table == table }
            lines.append(
                Self.cells("\(table).csv", "not there; of features: \(input?.without ?? "none")"))
        }
        if let trades { lines += Self.lines(trades) }
        if doubts.isEmpty {
            lines.append("Nothing is doubtful.")
        } else {
            lines.append("Doubtful")
            lines += doubts.map { doubt in
                let more = doubt.count > doubt.examples.count ? ", ..." : ""
                let examples = doubt.examples.joined(separator: ", ") + more
                return "  \(doubt.problem): \(doubt.count) (\(examples))"
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func lines(_ trades: Trades) -> [String] {
        var lines = [
            cells("trades.csv", "\(trades.rows) rows"),
            cells("  sides", "bid \(trades.bid), offer \(trades.offer), dealer \(trades.dealer)"),
            cells("  withdrawn", "\(trades.withdrawn), corrections \(trades.corrections)"),
            cells("  bonds", "\(trades.bonds), of them \(trades.ratedBonds) rated at first trade"),
        ]
        if let first = trades.firstExecution, let last = trades.lastExecution,
            let report = trades.lastReport
        {
            lines += [
                cells("  days", "\(trades.days)"),
                cells("  executed", "\(clock(first)) to \(clock(last)) (New York)"),
                cells("  last report", "\(clock(report)) (New York)"),
            ]
        }
        let order = trades.outOfOrder
        lines.append(
            cells(
                "  report order",
                order == 0 ? "kept" : "\(order) rows out of it, by 15 minutes at most"))
        return lines
    }

    private static func clock(_ time: Int64) -> String {
        let (date, timeOfDay) = EasternTime.clock(time)
        let seconds = timeOfDay / 1_000_000_000
        return "\(date) "
            + String(format: "%02d:%02d:%02d", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }

    private static func cells(_ title: String, _ value: String) -> String {
        title.padding(toLength: 18, withPad: " ", startingAt: 0) + value
    }
}
