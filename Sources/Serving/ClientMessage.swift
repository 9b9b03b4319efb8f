import Bonds
import Files
import Tape

/// What a client sends: any of a token, prices to watch or to know, trades to watch.
package struct ClientMessage: Sendable, Equatable {
    package var token: String?
    package var inference: [InferenceItem] = []
    package var trades: [TradeItem] = []

    /// An item of `inference`.
    package struct InferenceItem: Sendable, Equatable {
        package var figi: String
        package var label: QuoteLabel
        package var side: Trade.Side
        package var isATS: Bool
        package var quantity: Int
        package var wish: Wish
    }

    package enum Wish: Sendable, Equatable {
        case subscribe
        case unsubscribe
        /// One price with what is known now.
        case once
        /// One price for each of these moments.
        case historical([Moment])
    }

    /// A moment of the past that is asked for.
    package struct Moment: Sendable, Equatable {
        /// UTC epoch nanoseconds; beyond what they reach, the first or the last that there is.
        package var time: Int64
        /// What the client wrote, where nanoseconds do not reach it.
        package var text: String?

        package init(time: Int64, text: String? = nil) {
            self.time = time
            self.text = text
        }
    }

    /// An item of `trade`.
    package struct TradeItem: Sendable, Equatable {
        package var figi: String
        package var subscribes: Bool
        /// Whether each print comes with the price that it should have had.
        package var includesInference: Bool

        package init(figi: String, subscribes: Bool, includesInference: Bool) {
            self.figi = figi
            self.subscribes = subscribes
            self.includesInference = includesInference
        }
    }

    package static let quantities = 1...5_000_000
    /// Items in one message: no client may have more subscriptions.
    package static let mostItems = 32_000

    /// Reads a message; one that is wrong anywhere is refused as a whole, and nothing of it is done.
    package init(_ bytes: [UInt8]) throws(RequestError) {
        let value = try JSONParser.parse(bytes)
        var fields = try Fields(value, at: "the message")
        if let token = fields.take("token") {
            guard let text = token.string else {
                throw RequestError("token: expected a string, found \(token.kind)")
            }
            self.token = text
        }
        for (index, item) in try fields.list("inference").enumerated() {
            inference.append(try Self.inferenceItem(item, at: "inference[\(index)]"))
        }
        for (index, item) in try fields.list("trade").enumerated() {
            trades.append(try Self.tradeItem(item, at: "trade[\(index)]"))
        }
        try fields.end()
    }

    private static func inferenceItem(
        _ value: JSONValue, at place: String
    ) throws(RequestError) -> InferenceItem {
        var fields = try Fields(value, at: place)
        let label = try fields.choice("rfq_label", QuoteLabel.byName)
        let side = try fields.choice("side", sides)
        let isATS = try fields.choice("ats_indicator", ["Y": true, "N": false], default: false)
        let figi = try fields.text("figi")
        let quantity = fields.take("quantity")
        guard let number = quantity?.integer, quantities.contains(number) else {
            throw fields.error("quantity", "a whole number from 1 to 5000000", quantity)
        }
        let wish = try wish(&fields)
        try fields.end()
        return InferenceItem(
            figi: figi, label: label, side: side, isATS: isATS, quantity: number, wish: wish)
    }

    private static func wish(_ fields: inout Fields) throws(RequestError) -> Wish {
        let subscribes = try fields.flag("subscribe")
        let unsubscribes = try fields.flag("unsubscribe")
        guard let moments = fields.take("timestamp") else {
            guard !(subscribes && unsubscribes) else {
                throw RequestError("\(fields.place): both subscribe and unsubscribe")
            }
            return subscribes ? .subscribe : unsubscribes ? .unsubscribe : .once
        }
        guard !subscribes, !unsubscribes else {
            throw RequestError("\(fields.place): a timestamp cannot be subscribed to")
        }
        guard let texts = moments.array, !texts.isEmpty else {
            throw RequestError(
                "\(fields.place).timestamp: expected an array of at least one moment, such as "
                    + "[\"2023-11-01T15:10:07.661Z\"], found "
                    + (moments.array == nil ? moments.kind : "an empty one"))
        }
        var wanted: [Moment] = []
        wanted.reserveCapacity(texts.count)
        for text in texts {
            guard let string = text.string, let time = Timestamp.nearest(string) else {
                throw fields.error("timestamp", "moments such as 2023-11-01T15:10:07.661Z", text)
            }
            let isBeyond = time == .min || time == .max
            wanted.append(Moment(time: time, text: isBeyond ? string : nil))
        }
        return .historical(wanted)
    }

    private static func tradeItem(
        _ value: JSONValue, at place: String
    ) throws(RequestError) -> TradeItem {
        var fields = try Fields(value, at: place)
        let figi = try fields.text("figi")
        let subscribes = try fields.flag("subscribe")
        let unsubscribes = try fields.flag("unsubscribe")
        let includes = try fields.flag("include_inference")
        guard subscribes != unsubscribes else {
            throw RequestError("\(place): expected either subscribe or unsubscribe to be true")
        }
        try fields.end()
        return TradeItem(figi: figi, subscribes: subscribes, includesInference: includes)
    }

    package static let sides: [String: Trade.Side] = [
        "bid": .bid, "offer": .offer, "dealer": .dealer,
    ]
}

extension QuoteLabel {
    package static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}

/// The members of an object, each taken once; what is left over is unknown.
package struct Fields {
    package let place: String
    private var members: [JSONValue.Member]
    private var known: [String] = []

    package init(_ value: JSONValue, at place: String) throws(RequestError) {
        guard let members = value.object else {
            throw RequestError("\(place): expected an object, found \(value.kind)")
        }
        self.members = members
        self.place = place
    }

    /// A member that may be absent.
    package mutating func take(_ name: String) -> JSONValue? {
        known.append(name)
        guard let index = members.firstIndex(where: { $0.name == name }) else { return nil }
        return members.remove(at: index).value
    }

    package mutating func text(_ name: String) throws(RequestError) -> String {
        let value = take(name)
        guard let text = value?.string, !text.isEmpty, text.utf8.count <= 64 else {
            throw error(name, "a text of 1 to 64 characters", value)
        }
        return text
    }

    /// A flag, false where it is absent.
    package mutating func flag(_ name: String) throws(RequestError) -> Bool {
        guard let value = take(name) else { return false }
        guard let flag = value.bool else { throw error(name, "true or false", value) }
        return flag
    }

    package mutating func choice<Value>(
        _ name: String, _ choices: [String: Value], default absent: Value? = nil
    ) throws(RequestError) -> Value {
        let value = take(name)
        if value == nil, let absent { return absent }
        guard let choice = value?.string.flatMap({ choices[$0] }) else {
            throw error(name, choices.keys.sorted().joined(separator: ", "), value)
        }
        return choice
    }

    /// An array, empty where it is absent.
    package mutating func list(_ name: String) throws(RequestError) -> [JSONValue] {
        guard let value = take(name) else { return [] }
        guard let values = value.array else { throw error(name, "an array", value) }
        guard values.count <= ClientMessage.mostItems else {
            throw RequestError(
                "\(name): \(values.count) items, more than \(ClientMessage.mostItems) in one message"
            )
        }
        return values
    }

    /// Refuses whatever was not taken.
    package func end() throws(RequestError) {
        guard let first = members.first else { return }
        let near = Spelling.nearest(to: first.name, among: known)
        throw RequestError(
            "\(place): unknown field \(FileError.quoted(first.name))"
                + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }

    package func error(_ name: String, _ expected: String, _ found: JSONValue?) -> RequestError {
        let shown: String =
            switch found {
            case nil: "nothing"
            case .string(let text): FileError.quoted(text)
            case .integer(let value): String(value)
            case .number(let value): String(value)
            case .bool(let value): String(value)
            case .some(let value): value.kind
            }
        return RequestError("\(place).\(name): expected \(expected), found \(shown)")
    }
}
