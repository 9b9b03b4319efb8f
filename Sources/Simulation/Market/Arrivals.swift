import Foundation
import Random
import Tape

/// A trade that is going to be priced.
struct Arrival {
    /// Whole seconds after the opening.
    var second: Int
    /// The bond's place among its issuer's bonds of the day.
    var place: Int
    var ordinal: Int
    var side: Trade.Side
    var quantity: Double
    var basket: BasketLine?
}

/// The sixteen uniform numbers that are set aside for a trade.
enum TradeMark: Int {
    case withDealer, side, isRetail, size, isATS, delay, isLate, lateness, noiseSign, noiseSize
    case isSplit, pieceCount, piecesDiffer

    static let count = 16

    /// Fills in the marks of a trade.
    static func fill(
        _ marks: UnsafeMutableBufferPointer<Double>, of ordinal: Int, from stream: CounterStream
    ) {
        var stream = stream.at(block: ordinal * count / 2)
        stream.fillUniform(marks)
    }
}

extension UnsafeMutableBufferPointer<Double> {
    subscript(mark: TradeMark) -> Double { self[mark.rawValue] }
}

/// Draws when and what is traded of one bond on one day: trades that start something, each with
/// follow-ups, which may have follow-ups of their own.
struct ArrivalProcess {
    /// The seconds after the opening of a jump of the issuer's credit, which draws trades.
    var jumpSecond: Double?
    /// The logit of a client buying rather than selling.
    var flow: Double
    var liquidity: Double

    private static let followUpProbability = 0.3
    private static let mostFollowUps = 20
    private static let firstImmigrantBlock = 1 << 16
    private static let firstFollowUpBlock = 1 << 20
    /// Blocks set aside for a trade's follow-ups: one number for their count, three for each.
    private static let followUpBlocks = 32

    /// Appends the trades of a bond; their ordinals are their places among them.
    /// - Parameter intensity: The expected number of trades that start something, before the bond's
    ///   own mood of the day.
    func append(
        to arrivals: inout [Arrival], place: Int, intensity: Double, draws: CounterStream,
        marks markDraws: CounterStream, scratch marks: UnsafeMutableBufferPointer<Double>
    ) {
        var counts = draws
        let mood = exp(0.5 * counts.normal() - 0.125)
        let count = counts.poisson(mean: intensity * mood)
        guard count > 0 else { return }
        let first = arrivals.count
        for number in 0..<count {
            var draws = draws.at(block: Self.firstImmigrantBlock + 2 * number)
            var second = MarketClock.arrival(share: draws.uniform())
            if let jumpSecond, draws.uniform() < 0.4 {
                let moved = jumpSecond + 5400 * draws.exponential()
                if moved < MarketClock.length { second = moved }
            }
            TradeMark.fill(marks, of: number, from: markDraws)
            arrivals.append(
                Arrival(
                    second: Int(second), place: place, ordinal: number, side: side(marks),
                    quantity: quantity(marks)))
        }
        // Follow-ups land behind, and are asked for theirs in turn.
        var next = first
        while next < arrivals.count {
            appendFollowUps(
                of: arrivals[next], to: &arrivals, first: first, draws, markDraws, marks)
            next += 1
        }
    }

    private func appendFollowUps(
        of parent: Arrival, to arrivals: inout [Arrival], first: Int, _ draws: CounterStream,
        _ markDraws: CounterStream, _ marks: UnsafeMutableBufferPointer<Double>
    ) {
        var draws = draws.at(
            block: Self.firstFollowUpBlock + parent.ordinal * Self.followUpBlocks)
        let level = draws.uniform()
        guard level < Self.followUpProbability else { return }
        let count = min(
            Int(log(level) / log(Self.followUpProbability)), Self.mostFollowUps)
        var second = Double(parent.second)
        for _ in 0..<count {
            second += 1500 * draws.exponential()
            guard second < MarketClock.length else { return }
            let ordinal = arrivals.count - first
            TradeMark.fill(marks, of: ordinal, from: markDraws)
            var child = Arrival(
                second: Int(second), place: parent.place, ordinal: ordinal, side: side(marks),
                quantity: quantity(marks))
            let (isCopy, size) = (draws.uniform() < 0.55, draws.normal())
            if isCopy {
                child.side = parent.side
                child.quantity = TradeModel.rounded(quantity: parent.quantity * exp(0.3 * size))
            }
            arrivals.append(child)
        }
    }

    private func side(_ marks: UnsafeMutableBufferPointer<Double>) -> Trade.Side {
        if marks[.withDealer] < 0.30 { return .dealer }
        return marks[.side] < 1 / (1 + exp(-0.12 - flow)) ? .offer : .bid
    }

    private func quantity(_ marks: UnsafeMutableBufferPointer<Double>) -> Double {
        let size = normalQuantile(marks[.size])
        let isRetail = marks[.isRetail] < 0.66 - 0.06 * min(max(liquidity, -1), 1)
        if isRetail {
            return max(1_000, (18 * exp(size)).rounded() * 1_000)
        }
        let quantity = 420_000 * exp(1.25 * size + 0.15 * liquidity)
        let step: Double = quantity < 1e6 ? 5_000 : 100_000
        return min(max((quantity / step).rounded() * step, step), 60e6)
    }
}
