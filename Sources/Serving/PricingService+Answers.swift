import Inference
import Quantiles
import Synchronization

/// Questions are priced in slices of whole bonds, so that a bond is read once for all its labels,
/// sides and sizes, and so that who asks one price gets it between two slices.
extension PricingService {
    /// Questions in a slice; more where they are of one bond.
    private static let questionsAtOnce = 256

    /// All answers of one label in one message, as clients expect of history.
    func answerHistorical(_ questions: [ServerMessage.Asked], on connection: Int) async {
        guard !questions.isEmpty else { return }
        var answers = LabelledAnswers()
        for (asked, answer) in zip(questions, await price(questions)) {
            answers.add(asked, answer)
        }
        await send(answers, to: connection)
    }

    /// Answers in messages of one label and a bounded number of items.
    func answerLive(_ questions: [ServerMessage.Asked], on connection: Int) async {
        var lacking: [(ServerMessage.Asked, String)] = []
        let sorted = questions.enumerated()
            .sorted {
                ($0.element.question.bond, $0.offset) < ($1.element.question.bond, $1.offset)
            }
            .map(\.element)
        for slice in Self.slices(of: sorted, bond: { $0.question.bond }) {
            var answers = LabelledAnswers()
            for (asked, answer) in zip(slice, await price(slice)) { answers.add(asked, answer) }
            lacking += answers.lacking
            answers.lacking = []
            await send(answers, to: connection)
            guard shared.withLock({ $0.book.isOpen(connection) }) else { return }
        }
        var rest = LabelledAnswers()
        rest.lacking = lacking
        await send(rest, to: connection)
    }

    /// Sends subscriptions again, which come bond by bond.
    func refresh(_ due: [(connection: Int, key: SubscriptionKey)]) async {
        for slice in Self.slices(of: due, bond: { $0.key.bond }) {
            let readers = shared.withLock { shared in
                // Who has not read the refreshes so far does not get another one on top.
                shared.outboxes.filter { $0.value.waiting < $0.value.capacity / 4 }
            }
            let questions = slice.compactMap { connection, key in
                readers[connection] == nil
                    ? nil : key.question.map { (connection, directory.asked($0)) }
            }
            var answers: [Int: LabelledAnswers] = [:]
            for ((connection, asked), answer) in zip(questions, await price(questions.map(\.1))) {
                // What cannot be priced was told when it was subscribed to.
                guard case .quote = answer else { continue }
                answers[connection, default: LabelledAnswers()].add(asked, answer)
            }
            for (connection, answers) in answers { await send(answers, to: connection) }
        }
    }

    /// One answer a question, in their order; a quote has all its quantiles, and its prices are
    /// above zero.
    func price(_ asked: [ServerMessage.Asked]) async -> [PriceAnswer] {
        guard !asked.isEmpty else { return [] }
        var answers = await pricer.answers(to: asked.map(\.question))
        precondition(
            answers.count == asked.count,
            "Pricer: \(answers.count) answers to \(asked.count) questions")
        var quotes = 0
        for (index, answer) in answers.enumerated() {
            guard case .quote(let quote) = answer else { continue }
            if let reason = Self.lack(of: quote, asked[index].question.label) {
                answers[index] = .insufficientData(reason: reason)
            } else {
                quotes += 1
            }
        }
        metrics.count(.quotes, by: quotes)
        metrics.count(.insufficientData, by: answers.count - quotes)
        return answers
    }

    /// Why a quote cannot be shown to anybody, nil where it can.
    private static func lack(of quote: Quote, _ label: QuoteLabel) -> String? {
        guard quote.tiles.count == QuantileLevels.standard.count,
            quote.tiles.allSatisfy(\.isFinite)
        else { return "a quantile has no \(label.name)" }
        return label == .price && quote.tiles.contains { $0 <= 0 }
            ? Unpriced.noPositivePrice.description : nil
    }

    private func send(_ answers: LabelledAnswers, to connection: Int) async {
        for label in QuoteLabel.allCases {
            guard let quotes = answers.quotes[label] else { continue }
            send(ServerMessage.inference(quotes), to: connection)
        }
        if !answers.lacking.isEmpty {
            let moment = await pricer.marketFacts().moment ?? clock()
            send(ServerMessage.insufficientData(answers.lacking, at: moment), to: connection)
        }
    }

    /// Parts of a list that is sorted by bond, none of which ends within a bond.
    private static func slices<Element>(
        of list: [Element], bond: (Element) -> Int
    ) -> [[Element]] {
        var slices: [[Element]] = []
        var start = 0
        while start < list.count {
            var end = min(start + questionsAtOnce, list.count)
            while end < list.count, bond(list[end]) == bond(list[end - 1]) { end += 1 }
            slices.append(Array(list[start..<end]))
            start = end
        }
        return slices
    }
}

/// Answers of one message or refresh, those of each label together in the order of their questions.
struct LabelledAnswers {
    private(set) var quotes: [QuoteLabel: [(ServerMessage.Asked, Quote)]] = [:]
    var lacking: [(ServerMessage.Asked, String)] = []

    mutating func add(_ asked: ServerMessage.Asked, _ answer: PriceAnswer) {
        switch answer {
        case .quote(let quote): quotes[asked.question.label, default: []].append((asked, quote))
        case .insufficientData(let reason): lacking.append((asked, reason))
        }
    }
}
