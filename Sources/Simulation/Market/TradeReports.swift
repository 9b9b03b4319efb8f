import Foundation
import Random

/// When a trade is reported.
struct ReportDelay {
    private let seconds: Double
    /// How much later still, where a report is late.
    private let lateness: Double

    private static let lateShare = 0.02

    init(_ marks: UnsafeMutableBufferPointer<Double>, isATS: Bool) {
        seconds =
            isATS
            ? 1 + 30 * marks[.delay] : min(900, 150 * exp(normalQuantile(marks[.delay])))
        lateness = marks[.isLate] < Self.lateShare ? 21_600 * marks[.lateness] : 0
    }

    /// UTC epoch nanoseconds of the report of a trade some seconds after the opening.
    ///
    /// A late report that comes after the close is told on the next day, as of this one.
    func report(executed: Int, _ context: DayContext) -> Int64 {
        let time = (Double(executed) + max(1, seconds + lateness)).rounded(.up)
        let isTooLate =
            time > MarketClock.lastReport || (lateness > 0 && time > MarketClock.length)
        guard isTooLate else { return context.opening + Int64(time) * MarketClock.second }
        guard context.settings.asOfReports else {
            let last = max(MarketClock.length, Double(executed) + 1)
            return context.opening + Int64(last) * MarketClock.second
        }
        return context.nextOpening + Int64(time - MarketClock.length) * MarketClock.second
    }
}

/// Large trades that are printed in pieces of one time.
enum TradeSplit {
    private static let share = 0.03
    private static let leastQuantity = 500_000.0
    private static let samePriceShare = 0.70
    /// The noise between pieces, as a share of that between trades.
    private static let noiseShare = 0.3

    /// Splits a trade where its marks say so. The truth stays that of the whole: the pieces' own
    /// noise adds up to nothing.
    static func apply(
        to trade: inout SimulatedTrade, _ marks: UnsafeMutableBufferPointer<Double>,
        draws: CounterStream, noise: Double
    ) {
        guard trade.quantity > leastQuantity, marks[.isSplit] < share else { return }
        var draws = draws
        let count = 2 + Int(3 * marks[.pieceCount])
        let weights = (0..<count).map { _ in 0.5 + draws.uniform() }
        let total = weights.reduce(0, +)
        var quantities = weights.dropLast().map {
            (trade.quantity * $0 / total / 1_000).rounded() * 1_000
        }
        quantities.append(trade.quantity - quantities.reduce(0, +))
        var offsets = [Double](repeating: 0, count: count)
        if marks[.piecesDiffer] >= samePriceShare {
            for piece in 0..<count { offsets[piece] = noiseShare * noise * draws.normal() }
            let mean =
                zip(offsets, quantities).reduce(0) { $0 + $1.0 * $1.1 } / trade.quantity
            for piece in 0..<count { offsets[piece] -= mean }
        }
        var value = 0.0
        trade.pieces = (0..<count).map { piece in
            let price = IssuerWorker.printed(trade.price + offsets[piece])
            value += price * quantities[piece]
            // One after the other, the last with the report of the whole.
            let report = max(
                trade.executionTime,
                trade.reportTime - Int64(count - 1 - piece) * MarketClock.second)
            return SimulatedTrade.Piece(
                quantity: quantities[piece], price: price, reportTime: report)
        }
        // Where all have one price, dividing would only blur its last digit.
        if offsets[0] != 0 { trade.price = value / trade.quantity }
    }
}
