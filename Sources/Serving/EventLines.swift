import Bonds
import Tape

/// The body of `POST /v1/events`: one JSON object a line, in the order in which they became known.
///
/// `event` says what a line is: `trade` or `withdrawn` with the columns of `trades.csv`, `treasury`,
/// `market` or `rating` with those of their tables. Times are UTC epoch nanoseconds.
///
/// A line that is malformed, contradicts itself or the market's bonds, or has a value that no market
/// has refuses the body as a whole. A line about something that the market does not have is passed
/// over.
package struct EventLines {
    /// What is taken in: each with the number of its line.
    package private(set) var known: [(line: Int, event: MarketEvent)] = []
    package private(set) var passedOver: [PassedOver] = []
    /// How many of ``passedOver`` are about bonds that the market does not have.
    package private(set) var unknownBonds = 0

    package struct PassedOver {
        package var line: Int
        package var reason: String
    }

    /// Reads all lines.
    /// - Parameters:
    ///   - now: the server's clock, in UTC epoch nanoseconds.
    package init(
        _ body: [UInt8], directory: BondDirectory, facts: MarketFacts, now: Int64
    ) throws(RequestError) {
        let reader = EventReader(directory: directory, facts: facts, now: now)
        var number = 0
        for line in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            let result: EventReader.Result
            do {
                result = try reader.read(Array(line), at: "line \(number)")
            } catch {
                let text = error.description
                throw text.hasPrefix("line ") ? error : RequestError("line \(number): \(text)")
            }
            switch result {
            case .event(let event):
                if let last = known.last, event.time < last.event.time {
                    throw RequestError(
                        "line \(number): became known before line \(last.line), at "
                            + "\(Timestamp.text(event.time)) and \(Timestamp.text(last.event.time))"
                            + "; expected the lines in the order in which they became known")
                }
                known.append((number, event))
            case .unknownBond(let reason):
                unknownBonds += 1
                passedOver.append(PassedOver(line: number, reason: reason))
            case .unknown(let reason):
                passedOver.append(PassedOver(line: number, reason: reason))
            }
        }
    }

    /// The trades that are reported or withdrawn, for ``passOver(_:)``.
    package var trades: [(identifier: String, bond: Int)] {
        known.compactMap { _, event in
            switch event {
            case .reported(let trade, let bond), .withdrawn(let trade, let bond):
                (trade.tradeID, bond)
            default: nil
            }
        }
    }

    /// Passes over trades that are known already and withdrawals of trades that nobody knows.
    /// - Parameter standings: of ``trades``.
    package mutating func passOver(_ standings: [TradeStanding]) throws(RequestError) {
        /// Of trades in lines above: the bond, and whether the trade is withdrawn.
        var above: [String: (bond: Int, isWithdrawn: Bool)] = [:]
        var kept: [(line: Int, event: MarketEvent)] = []
        var place = 0
        for (line, event) in known {
            let (trade, bond, isReport): (Trade, Int, Bool)
            switch event {
            case .reported(let found, let of): (trade, bond, isReport) = (found, of, true)
            case .withdrawn(let found, let of): (trade, bond, isReport) = (found, of, false)
            default:
                kept.append((line, event))
                continue
            }
            let standing: TradeStanding =
                above[trade.tradeID].map {
                    $0.bond != bond ? .ofAnotherBond : $0.isWithdrawn ? .withdrawn : .reported
                } ?? standings[place]
            place += 1
            let name = "the trade '\(trade.tradeID)'"
            switch (standing, isReport) {
            case (.unknown, true), (.reported, false):
                above[trade.tradeID] = (bond, !isReport)
                kept.append((line, event))
            case (.ofAnotherBond, _):
                throw RequestError(
                    "line \(line).trade_id: expected that of a trade of \(trade.cusip), found "
                        + "'\(trade.tradeID)', which is of another bond")
            case (.unknown, false):
                passedOver.append(
                    PassedOver(line: line, reason: "\(name) to be withdrawn is not known"))
            case (.reported, true), (.withdrawn, true):
                passedOver.append(PassedOver(line: line, reason: "\(name) is known already"))
            case (.withdrawn, false):
                passedOver.append(PassedOver(line: line, reason: "\(name) is withdrawn already"))
            }
        }
        known = kept
        passedOver.sort { $0.line < $1.line }
    }
}
