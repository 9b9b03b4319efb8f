/// What a message asks of the server, with its bonds found.
package struct MessageWork {
    package private(set) var subscribed: Set<SubscriptionKey> = []
    package private(set) var unsubscribed: Set<SubscriptionKey> = []
    /// One shots and the first prices of subscriptions, in the order of the message.
    package private(set) var live: [ServerMessage.Asked] = []
    /// A point an item and moment, in the order of the message.
    package private(set) var historical: [ServerMessage.Asked] = []
    /// Bonds whose prints are watched: with their inference or not, or (nil) no longer.
    package private(set) var watched: [(bond: Int, includingInference: Bool?)] = []
    /// FIGIs of no bond, each once.
    package private(set) var unrecognized: [String] = []

    package init(_ message: ClientMessage, directory: BondDirectory) {
        var unknown: Set<String> = []
        func bond(_ figi: String) -> Int? {
            if let index = directory.index(figi: figi) { return index }
            if unknown.insert(figi).inserted { unrecognized.append(figi) }
            return nil
        }
        for item in message.inference {
            guard let bond = bond(item.figi) else { continue }
            let question = PriceQuestion(
                bond: bond, side: item.side, isATS: item.isATS, quantity: item.quantity,
                label: item.label)
            switch item.wish {
            case .subscribe:
                subscribed.insert(SubscriptionKey(question))
                live.append(directory.asked(question))
            case .unsubscribe: unsubscribed.insert(SubscriptionKey(question))
            case .once: live.append(directory.asked(question))
            case .historical(let times):
                for moment in times {
                    var point = question
                    point.time = moment.time
                    var asked = directory.asked(point)
                    asked.date = moment.text
                    historical.append(asked)
                }
            }
        }
        for item in message.trades {
            guard let bond = bond(item.figi) else { continue }
            watched.append((bond, item.subscribes ? item.includesInference : nil))
        }
    }
}
