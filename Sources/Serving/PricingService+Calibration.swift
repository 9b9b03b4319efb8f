import Synchronization
import Tape

extension PricingService {
    /// How far quotes have drifted from the last prints; nil before the first.
    package var calibrationDrift: Double? { shared.withLock { $0.calibration.drift } }

    /// Prints of one request that are compared with their quotes.
    private static let mostJudged = 512

    /// Compares the quotes of this moment with the prints that have just become known.
    package func judge(_ events: [MarketEvent]) async {
        var prints: [(question: PriceQuestion, price: Double)] = []
        for case .reported(let trade, let bond) in events.suffix(Self.mostJudged)
        where trade.isDisseminated {
            let question = PriceQuestion(
                bond: bond, side: trade.side, isATS: trade.isATS,
                quantity: Int(min(max(trade.quantity.rounded(), 1), 5_000_000)), label: .price)
            prints.append((question, trade.price))
        }
        guard !prints.isEmpty else { return }
        let answers = await pricer.answers(to: prints.map(\.question))
        shared.withLock { shared in
            for (print, answer) in zip(prints, answers) {
                guard case .quote(let quote) = answer else { continue }
                shared.calibration.add(price: print.price, tiles: quote.tiles)
            }
        }
    }
}
