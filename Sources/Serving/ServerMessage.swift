import Bonds
import Files
import Tape

/// What the server sends over a WebSocket, as JSON text.
package enum ServerMessage {
    /// A question as the client put it, for the item that answers it.
    package struct Asked: Sendable {
        package var figi: String
        package var cusip: String
        package var question: PriceQuestion
        /// The moment as the client wrote it, where nanoseconds do not reach it.
        package var date: String?
    }

    /// Quotes of one label: `{"inference": […]}`.
    package static func inference(_ quotes: some Sequence<(Asked, Quote)>) -> [UInt8] {
        JSONText.object { text in
            text.name("inference")
            text.array { text in
                for (asked, quote) in quotes { item(asked, quote, to: &text) }
            }
        }
    }

    /// What cannot be priced, each item with its reason.
    /// - Parameter moment: as of when, of items that name no moment; UTC epoch nanoseconds.
    package static func insufficientData(
        _ items: some Sequence<(Asked, String)>, at moment: Int64
    ) -> [UInt8] {
        JSONText.object { text in
            text.member("message", "insufficient data")
            text.name("data")
            text.array { text in
                for (asked, reason) in items {
                    text.object { text in
                        identity(asked, at: moment, to: &text)
                        text.member("rfq_label", asked.question.label.name)
                        text.member("reason", reason)
                    }
                }
            }
        }
    }

    /// FIGIs that no bond of the market has, each once.
    package static func unrecognized(figis: [String]) -> [UInt8] {
        JSONText.object { text in
            text.member("message", "unrecognized figis")
            text.member("unrecognized_figis", figis)
            text.member("data", figis)
        }
    }

    package static let tokenAccepted = JSONText.object { $0.member("message", "token accepted") }

    /// No valid token, too many connections: the connection ends.
    package static func forbidden(reason: String) -> [UInt8] {
        JSONText.object { text in
            text.member("message", "forbidden")
            text.member("reason", reason)
        }
    }

    /// A newer token of the same user took over. Some clients look for it in a message of inferences.
    package static let deactivated = JSONText.object { text in
        text.member("message", "deactivated")
        text.name("inference")
        text.array { _ in }
    }

    /// A request of which nothing was done; clients look for the word `throttled` in it.
    package static func error(_ reason: String) -> [UInt8] {
        JSONText.object { $0.member("error", reason) }
    }

    /// Prints of bonds that are watched, in the names of the forecast table.
    package static func trades(_ prints: [(Trade, figi: String, inference: (Asked, Quote)?)])
        -> [UInt8]
    {
        JSONText.object { text in
            text.name("trade")
            text.array { text in
                for (trade, figi, inference) in prints {
                    text.object { text in
                        print(trade, figi: figi, to: &text)
                        if let inference {
                            text.name("inference")
                            item(inference.0, inference.1, to: &text)
                        }
                    }
                }
            }
        }
    }

    /// The members of a print.
    package static func print(_ trade: Trade, figi: String, to text: inout JSONText) {
        text.member("figi", figi)
        text.member("cusip", trade.cusip)
        text.member("execution_date", Timestamp.text(trade.executionTime))
        text.member("report_date", Timestamp.text(trade.reportTime))
        text.member("ats_indicator", trade.isATS ? "Y" : "N")
        text.member("buy_sell", trade.side == .bid ? "B" : "S")
        text.member("side", trade.side.name)
        text.member("quantity", trade.quantity)
        text.member("price", trade.price)
        if !trade.yield.isNaN { text.member("yield", trade.yield) }
    }

    private static func item(_ asked: Asked, _ quote: Quote, to text: inout JSONText) {
        text.object { text in
            identity(asked, at: quote.time, to: &text)
            text.name(asked.question.label.name)
            text.array { text in
                // Six decimals: finer than any price, and half the text of a full number.
                for tile in quote.tiles { text.value(tile, decimals: 6) }
            }
            if asked.question.label == .spread, let benchmark = quote.benchmark {
                text.member("tenor", benchmark.tenor)
                text.member("treasury_cusip", benchmark.cusip)
            }
        }
    }

    /// - Parameter moment: of the market, where the question names none. It is told in milliseconds,
    ///   as the protocol has it, and rounded up, so that who asks for the past at it gets the same
    ///   quote.
    private static func identity(_ asked: Asked, at moment: Int64, to text: inout JSONText) {
        text.member("figi", asked.figi)
        if !asked.cusip.isEmpty { text.member("cusip", asked.cusip) }
        let time = asked.question.time ?? (moment + 999_999) / 1_000_000 * 1_000_000
        text.member("date", asked.date ?? Timestamp.text(time))
        text.member("side", asked.question.side.name)
        text.member("quantity", asked.question.quantity)
        text.member("ats_indicator", asked.question.isATS ? "Y" : "N")
    }
}
