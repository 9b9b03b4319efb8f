import Bonds
import Synchronization
import Tape

extension PricingService {
    /// Takes in what the market folder has, without what no market has.
    /// - Returns: why each event is left out; nil where it was taken in, or was known.
    package func follow(_ events: [MarketEvent]) async -> [String?] {
        var reasons = [String?](repeating: nil, count: events.count)
        var rules = EventRules(
            directory: directory, facts: await pricer.marketFacts(), now: now)
        var right: [Int] = []
        for (place, event) in events.enumerated() {
            do {
                if case .right = try rules.check(event) { right.append(place) }
            } catch {
                reasons[place] = error.description
            }
        }
        var news = TradeNews(
            await pricer.standings(of: MarketEvent.trades(in: right.map { events[$0] })))
        var kept: [MarketEvent] = []
        for place in right {
            do {
                if try news.lack(of: events[place]) == nil { kept.append(events[place]) }
            } catch {
                reasons[place] = error.description
            }
        }
        await observe(kept)
        return reasons
    }

    /// Beyond this a market's clock leaps: longer than any holidays are, in nanoseconds.
    private static let longestSilence: Int64 = 7 * 86_400_000_000_000

    /// Says where the market's clock leaps: one print of today does it to a market of last year.
    private func leap(of events: [MarketEvent], after time: Int64?) -> String? {
        guard var last = time else { return nil }
        for event in events {
            if event.time - last > Self.longestSilence {
                return
                    "with \(event.title) the market's clock leaps from \(Timestamp.text(last)) to "
                    + "\(Timestamp.text(event.time)): quotes are of that time now, and nothing is "
                    + "known of what lies between"
            }
            last = max(last, event.time)
        }
        return nil
    }

    /// Takes in what became known and shows prints to those who watch their bonds; an inference that
    /// goes with a print is the one before it.
    /// - Returns: what is strange about it, which the operator is told too.
    @discardableResult
    package func observe(_ events: [MarketEvent]) async -> String? {
        let warning = leap(of: events, after: await pricer.marketFacts().time)
        if let warning { warn(warning) }
        var prints: [Int: [(trade: Trade, bond: Int, includes: Bool)]] = [:]
        for event in events {
            guard case .reported(let trade, let bond) = event else { continue }
            for watcher in shared.withLock({ $0.book.watchers(of: bond) }) {
                prints[watcher.connection, default: []]
                    .append((trade, bond, watcher.includesInference))
            }
        }
        var texts: [(connection: Int, text: [UInt8])] = []
        for (connection, prints) in prints {
            var shown: [(Trade, figi: String, inference: (ServerMessage.Asked, Quote)?)] = []
            for print in prints {
                let asked = directory.asked(
                    PriceQuestion(
                        bond: print.bond, side: print.trade.side, isATS: print.trade.isATS,
                        quantity: Int(min(max(print.trade.quantity.rounded(), 1), 5_000_000)),
                        label: .price))
                var answers = LabelledAnswers()
                if print.includes { answers.add(asked, await price([asked])[0]) }
                shown.append((print.trade, asked.figi, answers.quotes[.price]?.first))
            }
            texts.append((connection, ServerMessage.trades(shown)))
        }
        await judge(events)
        await pricer.observe(events)
        metrics.count(.events, by: events.count)
        for (connection, text) in texts { send(text, to: connection) }
        return warning
    }
}
