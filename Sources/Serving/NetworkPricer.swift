import Bonds
import Datasets
import Features
import Files
import Foundation
import Inference
import QuantileModels
import Quantiles
import Synchronization
import Tape

/// Prices by a network: a checkpoint, and the market whose features it was trained on.
///
/// The present is that of the last event. A moment in the past is answered by a second market that is
/// replayed to it, from the state of an earlier day where states are kept.
public final class NetworkPricer: Pricer {
    private struct Current {
        var model: QuantileModel
        var version: String
    }

    private let current: Mutex<Current>
    private let layout: FeatureLayout
    private let present: PresentMarket
    private let past: PastMarket

    /// Bonds that are taken from the market at once, a millisecond's work; others get their turn
    /// between.
    private static let bondsAtOnce = 32
    /// The same of events that are taken in.
    private static let eventsAtOnce = 128

    /// Replays a market folder up to its end.
    /// - Parameters:
    ///   - version: names the checkpoint.
    ///   - states: where states of the market are kept and looked for; nil to replay it all.
    ///   - progress: called now and then with the number of events so far; may throw to stop.
    /// - Throws: `FileError` where the market has other features than the checkpoint was trained
    ///   on, forecasts other levels than the protocol has, or a table is malformed.
    public init(
        _ model: QuantileModel, version: String, market folder: String, bonds: BondTable,
        states: EngineStates? = nil, progress: @Sendable (Int) throws -> Void = { _ in }
    ) throws {
        layout = try FeatureLayout(of: model, market: folder, bonds: bonds)
        try Self.check(model, version: version)
        current = Mutex(Current(model: model, version: version))
        let archive = MarketArchive(
            market: folder, bonds: bonds, layout: layout, states: states)
        var record = MarketRecord(bondCount: bonds.rows.count)
        var count = 0
        var first: Int64?
        let market = try archive.market(before: .max) { event in
            first = first ?? event.time
            record.observe(event)
            count += 1
            if count % 4_096 == 0 { try progress(count) }
        }
        try progress(count)
        // What a state of an earlier day stands for was not replayed.
        if states != nil {
            try record.read(market: folder, bonds: bonds, before: first ?? market.now)
        }
        record.finishTape()
        let news = MarketNews()
        present = PresentMarket(market, record: record, news: news)
        // What is added to the folder later comes as news, or is left out.
        past = PastMarket(
            MarketArchive(
                market: folder, bonds: bonds, layout: layout, states: states,
                until: record.facts.reaches.mapValues(\.time)), news: news)
    }

    public var version: String { current.withLock { $0.version } }

    public var minimumQuantity: Double? {
        StoreOrigin(provenance: current.withLock { $0.model.provenance })?.minimumQuantity
    }

    /// From now on another checkpoint prices.
    /// - Throws: `FileError` where it was trained on other features.
    public func replace(model: QuantileModel, version: String) throws(FileError) {
        try model.require(
            layout.schema, of: version, "the checkpoint was trained on other features",
            advice: "Start the server anew to serve it")
        try Self.check(model, version: version)
        current.withLock { $0 = Current(model: model, version: version) }
    }

    private static func check(_ model: QuantileModel, version: String) throws(FileError) {
        guard model.levels == .standard else {
            throw FileError(
                .badData, file: version, "the checkpoint forecasts other levels than are served",
                expected: QuantileLevels.standard.names.joined(separator: " "),
                found: model.levels.names.joined(separator: " "))
        }
    }

    public func answers(to questions: [PriceQuestion]) async -> [PriceAnswer] {
        let model = current.withLock { $0.model }
        var answers = [PriceAnswer](
            repeating: .insufficientData(reason: "nothing is known yet"), count: questions.count)
        let live = questions.indices.filter { questions[$0].time == nil }
        let byBond = Dictionary(grouping: live) { questions[$0].bond }.sorted { $0.key < $1.key }
        var start = 0
        while start < byBond.count {
            let part = byBond[start..<min(start + Self.bondsAtOnce, byBond.count)]
            let found = await present.states(of: part.map(\.key))
            let priced = QuestionGroups(part.map(\.value), found).answers(to: questions, by: model)
            for (index, answer) in priced { answers[index] = answer }
            start += part.count
        }
        let historical = questions.indices.filter { questions[$0].time != nil }
        if !historical.isEmpty, let end = await present.facts.moment {
            let found = await past.answers(
                to: historical.map { questions[$0] }, by: model, until: end)
            for (index, answer) in zip(historical, found) { answers[index] = answer }
        }
        return answers
    }

    public func observe(_ events: [MarketEvent]) async {
        var start = 0
        while start < events.count {
            let end = min(start + Self.eventsAtOnce, events.count)
            await present.observe(events[start..<end])
            start = end
        }
    }

    public func marketFacts() async -> MarketFacts { await present.facts }

    public func lastTrades(bond: Int, count: Int) async -> [Trade] {
        await present.lastTrades(bond: bond, count: count)
    }

    public func standings(
        of trades: [(identifier: String, bond: Int)]
    ) async -> [TradeStanding] {
        await present.standings(of: trades)
    }
}

/// Bonds as of a moment with the questions about each of them.
package struct QuestionGroups {
    /// The indices of the questions about each bond that has a state, in the order of the states.
    private var groups: [[Int]] = []
    private var unpriced: [(questions: [Int], reason: Unpriced)] = []
    private let states: BondStates

    /// - Parameter questions: of each bond that was asked for.
    package init(
        _ questions: [[Int]],
        _ found: (states: BondStates, unpriced: [(place: Int, reason: Unpriced)])
    ) {
        states = found.states
        let reasons = Dictionary(
            found.unpriced.map { ($0.place, $0.reason) }, uniquingKeysWith: { first, _ in first })
        for (place, questions) in questions.enumerated() {
            if let reason = reasons[place] {
                unpriced.append((questions, reason))
            } else {
                groups.append(questions)
            }
        }
    }

    /// Answers the questions by their indices, each condition of a bond computed once.
    package func answers(
        to questions: [PriceQuestion], by model: QuantileModel
    ) -> [(index: Int, answer: PriceAnswer)] {
        var answers: [(index: Int, answer: PriceAnswer)] = unpriced.flatMap { group, reason in
            group.map { ($0, .insufficientData(reason: reason.description)) }
        }
        var requests: [(view: Int, conditions: [TradeCondition])] = []
        /// Of each question that has a price, the row of its tiles.
        var rows: [(question: Int, view: Int, row: Int)] = []
        var rowCount = 0
        for (view, group) in groups.enumerated() {
            var conditions: [TradeCondition] = []
            var places: [TradeCondition: Int] = [:]
            for index in group {
                let condition = questions[index].condition
                let place = places[condition] ?? conditions.count
                if place == conditions.count {
                    conditions.append(condition)
                    places[condition] = place
                }
                rows.append((index, view, rowCount + place))
            }
            requests.append((view, conditions))
            rowCount += conditions.count
        }
        let tiles = states.tiles(of: model, requests: requests)
        for (index, view, row) in rows {
            let quote = Quote(questions[index].label, tiles, row: row, states.views[view])
            answers.append((index, .quote(quote)))
        }
        return answers
    }
}

extension PriceQuestion {
    package var condition: TradeCondition {
        TradeCondition(side: side, isATS: isATS, quantity: Double(quantity))
    }
}

extension Quote {
    fileprivate init(_ label: QuoteLabel, _ rows: TileRows, row: Int, _ view: BondStates.View) {
        let range = row * rows.levelCount..<(row + 1) * rows.levelCount
        switch label {
        case .price: self.init(tiles: Array(rows.prices[range]), time: view.time)
        case .ytm: self.init(tiles: Array(rows.yields[range]), time: view.time)
        case .spread:
            self.init(
                tiles: Array(rows.spreads[range]), time: view.time,
                benchmark: Benchmark(tenor: view.benchmark.tenor, cusip: view.benchmark.cusip))
        }
    }
}
