import Bonds
import Tape

/// The body of `POST /v1/events`: one JSON object a line, in the order in which they became known.
///
/// `event` says what a line is: `trade` with the columns of `trades.csv`, `withdrawn` with which trade
/// and when, `treasury`, `market` or `rating` with the columns of their tables. Times are UTC epoch
/// nanoseconds.
///
/// A line that is malformed, contradicts itself or the market's bonds, or has a value that no market
/// has (``EventRules``) refuses the body as a whole. A line about something that the market does not
/// have is passed over.
package struct EventLines {
    /// What is taken in: each with the number of its line.
    package private(set) var known: [(line: Int, event: MarketEvent)] = []
    package private(set) var passedOver: [PassedOver] = []
    /// How many of ``passedOver`` are about bonds that the market does not have.
    package private(set) var unknownBonds = 0
    /// What withdrawals say of their trades, by line.
    private var claims: [Int: [TradeClaim]] = [:]

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
        var reader = EventReader(
            rules: EventRules(directory: directory, facts: facts, now: now))
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
            case .event(let event, let told):
                if let last = known.last, event.time < last.event.time {
                    throw RequestError(
                        "line \(number): became known before line \(last.line), at "
                            + "\(Timestamp.text(event.time)) and \(Timestamp.text(last.event.time))"
                            + "; expected the lines in the order in which they became known")
                }
                known.append((number, event))
                if !told.isEmpty { claims[number] = told }
            case .unknownBond(let reason):
                unknownBonds += 1
                passedOver.append(PassedOver(line: number, reason: reason))
            case .passedOver(let reason):
                passedOver.append(PassedOver(line: number, reason: reason))
            }
        }
    }

    /// The trades that are reported or withdrawn, for ``passOver(_:)``.
    package var trades: [(identifier: String, bond: Int)] {
        MarketEvent.trades(in: known.lazy.map(\.event))
    }

    /// Passes over trades that are known already and withdrawals of trades that nobody knows.
    /// - Parameter standings: of ``trades``.
    package mutating func passOver(_ standings: [TradeStanding]) throws(RequestError) {
        var news = TradeNews(standings)
        var kept: [(line: Int, event: MarketEvent)] = []
        for (line, event) in known {
            do {
                if let reason = try news.lack(of: event) {
                    passedOver.append(PassedOver(line: line, reason: reason))
                } else {
                    kept.append((line, event))
                }
            } catch {
                throw RequestError("line \(line).\(error)")
            }
        }
        known = kept
        passedOver.sort { $0.line < $1.line }
    }

    /// The trades that are withdrawn, for ``compareWithdrawals(with:)``.
    package var withdrawn: [(identifier: String, bond: Int)] {
        known.compactMap { _, event in
            event.trade.flatMap { $0.isReport ? nil : ($0.identifier, $0.bond) }
        }
    }

    /// Refuses a withdrawal that contradicts its trade.
    /// - Parameter remembered: those of ``withdrawn`` of which the server still knows all, by
    ///   identifier.
    package func compareWithdrawals(with remembered: [String: Trade]) throws(RequestError) {
        var remembered = remembered
        for (line, event) in known {
            switch event {
            case .reported(let trade, _): remembered[trade.tradeID] = trade
            case .withdrawn(let withdrawal, _):
                guard let trade = remembered[withdrawal.tradeID] else { continue }
                do {
                    for claim in claims[line] ?? [] { try claim.check(trade) }
                    guard withdrawal.withdrawnTime >= trade.reportTime else {
                        throw RequestError(
                            "withdrawn_date: expected at least the report_date of the trade "
                                + "'\(trade.tradeID)', \(trade.reportTime), found "
                                + "\(withdrawal.withdrawnTime): withdrawn before it was reported")
                    }
                } catch {
                    throw RequestError("line \(line).\(error)")
                }
            default: break
            }
        }
    }
}
