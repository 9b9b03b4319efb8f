import Bonds
import Files
import Foundation
import Random
import Simulation
import Tape

/// A market of random trades, small and quick: what the tape's files are tested on.
final class TapeFixture: SimulatedMarket {
    let folder: String
    let bonds: [BondRow]
    let dates: [CalendarDate]
    var settings = MarketSettings()
    let tradesPerBondDay: Int
    let calls: [CallRow] = []
    let entities: [EntityRow] = []
    let ratings: [RatingRow] = []
    private var nextIndex = 0

    init(
        bonds count: Int = 40, days: Int = 45, tradesPerBondDay: Int = 12, seed: UInt64 = 1,
        start: CalendarDate? = CalendarDate("2025-02-03")
    ) throws {
        folder = NSTemporaryDirectory() + "tenor-tapeout-" + UUID().uuidString
        try Folder.make(folder)
        self.tradesPerBondDay = tradesPerBondDay
        settings.seed = seed
        var dates: [CalendarDate] = []
        for day in 0..<days {
            let start = start ?? CalendarDate(dayNumber: 0)
            dates.append(BondMarketCalendar.adding(businessDays: day, to: start))
        }
        self.dates = dates
        bonds = try (0..<count).map { number in
            let text = String(number + 1_000)
            return BondRow(
                cusip: "9ZZ\(text)0\(number % 10)", figi: "BBG00000\(text)",
                issuer: "Issuer \(number)",
                terms: try BondTerms(
                    coupon: 5, frequency: 2, dayCount: .thirty360US, datedDate: nil,
                    firstCoupon: nil,
                    lastCoupon: nil, maturity: CalendarDate(dayNumber: 25_000)),
                offeringAmount: 5e8)
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    var marketFolder: String { folder + "/market" }

    /// Writes the market's tape.
    @discardableResult
    func write(
        to name: String = "market", rawFiles: Bool = true, each: (SimulatedTape) -> Void = { _ in }
    ) throws -> SimulatedTape.Summary {
        let market = folder + "/" + name
        try Folder.make(market)
        try BondRow.write(bonds, market: market)
        settings.rawFiles = rawFiles
        var tape = try SimulatedTape(
            market: self, folder: market)
        for index in dates.indices {
            try tape.append(day(index))
            each(tape)
        }
        return try tape.finish()
    }

    /// Raw files of a layout in the order of their dates.
    func traceFiles(_ prefix: String) throws -> [String] {
        let trace = marketFolder + "/trace"
        return try FileManager.default.contentsOfDirectory(atPath: trace)
            .filter { $0.hasPrefix(prefix) }.sorted().map { trace + "/" + $0 }
    }

    /// Imports the raw files into a folder of its own.
    func imported(
        _ layout: TraceLayout = .enhanced, prefix: String = "enhanced"
    ) throws -> (folder: String, audit: ImportAudit) {
        var job = TapeImport(layout: layout)
        job.bonds = marketFolder + "/bonds.csv"
        let out = folder + "/imported-" + prefix
        return (out, try job.run(traceFiles(prefix), into: out))
    }

    /// Odd bonds are of high yield.
    func rating(bond: Int, day: Int) -> CreditRating { CreditRating(notch: bond % 2 == 0 ? 5 : 12) }

    func nextDay() -> SimulatedDay? {
        guard nextIndex < dates.count else { return nil }
        nextIndex += 1
        return day(nextIndex - 1)
    }

    func day(_ index: Int) -> SimulatedDay {
        var trades: [SimulatedTrade] = []
        let opening = EasternTime.nanoseconds(dates[index], timeOfDay: 8 * 3_600 * Self.second)
        for bond in bonds.indices {
            var draws = RandomStream(seed: settings.seed).stream(bond).stream(index)
            for ordinal in 0..<tradesPerBondDay {
                trades.append(trade(bond, ordinal, opening: opening, &draws))
            }
        }
        trades.sort {
            ($0.executionTime, $0.bond, $0.ordinal) < ($1.executionTime, $1.bond, $1.ordinal)
        }
        return SimulatedDay(
            date: dates[index], index: index, trades: trades, tables: DayTables())
    }

    static let second: Int64 = 1_000_000_000

    private func trade(
        _ bond: Int, _ ordinal: Int, opening: Int64, _ draws: inout RandomStream
    ) -> SimulatedTrade {
        let executed = opening + Int64(draws.integer(below: 36_000)) * Self.second
        let mid = 60 + Double(bond * 7 % 70)
        let truth = TrueDistribution(
            location: mid, lowerScale: 0.2, upperScale: 0.3, degreesOfFreedom: 4)
        let price = truth.quantile(0.001 + 0.998 * draws.uniform())
        let sides: [Trade.Side] = [.bid, .bid, .offer, .offer, .dealer]
        var trade = SimulatedTrade(
            bond: bond, ordinal: ordinal, executionTime: executed,
            reportTime: executed + Int64(1 + draws.integer(below: 800)) * Self.second,
            side: sides[draws.integer(below: 5)], isATS: draws.uniform() < 0.3,
            quantity: Double(1 + draws.integer(below: 8_000)) * 1_000,
            price: (price * 1e6).rounded() / 1e6, yield: 5.25, truth: truth, mid: mid,
            latentSpread: 150, dv01: 0.05, volatility: 1, news: 0)
        if draws.uniform() < 0.03 {
            let first = (trade.quantity * 0.4).rounded()
            trade.pieces = [(first, 0.06), (trade.quantity - first, -0.04)].map { size, offset in
                SimulatedTrade.Piece(
                    quantity: size, price: ((price + offset) * 1e6).rounded() / 1e6,
                    reportTime: trade.reportTime - (offset > 0 ? 1 : 0) * Self.second)
            }
        }
        return trade
    }
}
