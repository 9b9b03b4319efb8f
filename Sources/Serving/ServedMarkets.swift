import Bonds
import Foundation
import Inference
import QuantileModels
import Tape

/// The market of a server as it is now: one question or event at a time.
package actor PresentMarket {
    private let market: BondMarket
    private var trades: RecentTradeBook
    /// Ratings that came after the midnight from which they count; they count from the next one.
    private var ratings: [RatingRow] = []

    package init(_ market: sending BondMarket, trades: RecentTradeBook) {
        self.market = market
        self.trades = trades
    }

    /// Bonds with all that is known, the last event included.
    package func states(
        of bonds: [Int]
    ) -> (states: BondStates, unpriced: [(place: Int, reason: Unpriced)]) {
        let nothing = bonds.indices.map { (place: $0, reason: Unpriced.noTreasury) }
        guard market.now > .min else { return (BondStates(), nothing) }
        return (try? market.states(of: bonds, at: market.now + 1)) ?? (BondStates(), nothing)
    }

    /// Takes in events; what a server hears of after later things is known from now on.
    /// - Returns: the events with the times at which they were taken in.
    package func observe(_ events: [MarketEvent]) -> [MarketEvent] {
        var known: [MarketEvent] = []
        for event in events {
            while let first = ratings.first, MarketEvent.rating(first).time <= event.time {
                take(.rating(ratings.removeFirst()), &known)
            }
            if case .rating(var row) = event, event.time < market.now {
                row.date = EasternTime.date(market.now) + 1
                ratings.append(row)
            } else {
                take(event.known(at: max(event.time, market.now)), &known)
            }
        }
        return known
    }

    private func take(_ event: MarketEvent, _ known: inout [MarketEvent]) {
        // In order, since the time is not before that of the market.
        guard (try? market.apply(event)) != nil else { return }
        trades.observe(event)
        known.append(event)
    }

    package func lastEventTime() -> Int64? { market.now > .min ? market.now : nil }

    package func lastTrades(bond: Int, count: Int) -> [Trade] {
        trades.last(bond: bond, count: count)
    }
}

/// The market of a server as it was: one list of questions after another.
package actor PastMarket {
    private let archive: MarketArchive
    private static let pointsAtOnce = 512

    package init(_ archive: sending MarketArchive) {
        self.archive = archive
    }

    package func append(_ events: [MarketEvent]) {
        // The next question opens the archive anew where this one could not be read on.
        try? archive.append(events)
    }

    /// Answers to questions that name their moments, in their order.
    package func answers(to questions: [PriceQuestion], by model: QuantileModel) -> [PriceAnswer] {
        var answers = [PriceAnswer](
            repeating: .insufficientData(reason: "the moment is in the future"),
            count: questions.count)
        let now = PricingService.systemTime()
        var points: [Point: [Int]] = [:]
        for (index, question) in questions.enumerated() {
            guard let time = question.time, time <= now else { continue }
            points[Point(time: time, bond: question.bond), default: []].append(index)
        }
        let sorted = points.sorted { $0.key < $1.key }
        var start = 0
        while start < sorted.count {
            let part = sorted[start..<min(start + Self.pointsAtOnce, sorted.count)]
            start += part.count
            do {
                QuestionGroups(part.map(\.value), try states(of: part.map(\.key)))
                    .answer(questions, by: model, into: &answers)
            } catch {
                for index in part.flatMap(\.value) {
                    answers[index] = .insufficientData(reason: "the past cannot be read: \(error)")
                }
            }
        }
        return answers
    }

    /// A bond at a moment.
    private struct Point: Hashable, Comparable {
        var time: Int64
        var bond: Int

        static func < (first: Point, second: Point) -> Bool {
            (first.time, first.bond) < (second.time, second.bond)
        }
    }

    private func states(
        of points: [Point]
    ) throws -> (states: BondStates, unpriced: [(place: Int, reason: Unpriced)]) {
        var states = BondStates()
        var unpriced: [(place: Int, reason: Unpriced)] = []
        for (place, point) in points.enumerated() {
            let market = try archive.market(before: point.time)
            if let reason = try market.add(bond: point.bond, at: point.time, to: &states) {
                unpriced.append((place, reason))
            }
        }
        return (states, unpriced)
    }
}

extension MarketEvent {
    /// The same, where it becomes known at another time; ratings keep their date.
    package func known(at time: Int64) -> MarketEvent {
        switch self {
        case .treasury(var tick):
            tick.time = time
            return .treasury(tick)
        case .market(var tick):
            tick.time = time
            return .market(tick)
        case .rating: return self
        case .reported(var trade, let bond):
            trade.reportTime = time
            return .reported(trade, bond: bond)
        case .withdrawn(var trade, let bond):
            trade.withdrawnTime = time
            return .withdrawn(trade, bond: bond)
        }
    }
}
