import Bonds
import Files
import NIOHTTP1
import Tape

/// What is asked of the market over HTTP by those who have a token.
package struct MarketRoutes: Sendable {
    package let service: PricingService

    private static let mostBonds = 50
    private static let mostTrades = 200
    /// How far the clock of whoever sends events may be ahead, in nanoseconds.
    private static let leeway: Int64 = 60_000_000_000

    package func response(to request: HTTPRequest) async -> HTTPResponse {
        switch request.path {
        case "/v1/events": await events(request)
        case "/v1/bonds": bonds(request)
        default: await trades(request)
        }
    }

    /// Takes in a line each event, all of them or none.
    private func events(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            let events = try EventLines.parse(request.body, bonds: service.directory.bonds)
            if let last = events.known.last, last.time > service.now + Self.leeway {
                return .error(.badRequest, "an event that becomes known in the future")
            }
            await service.observe(events.known)
            return .json(
                JSONText.object { text in
                    text.member("accepted", events.known.count)
                    text.member("unknown_bonds", events.unknownBonds)
                })
        } catch {
            return .error(.badRequest, error.description)
        }
    }

    /// Bonds by a beginning of their identifier or a part of their issuer's name.
    private func bonds(_ request: HTTPRequest) -> HTTPResponse {
        let found = service.directory.search(request.query["search"] ?? "", most: Self.mostBonds)
        return .json(
            JSONText.object { text in
                text.name("bonds")
                text.array { text in
                    for index in found {
                        let bond = service.directory.bonds.rows[index]
                        text.object { text in
                            text.member("figi", bond.figi)
                            text.member("cusip", bond.cusip)
                            text.member("isin", bond.isin)
                            text.member("issuer", bond.issuer)
                            text.member("coupon", bond.terms.coupon)
                            text.member("maturity", "\(bond.terms.maturity)")
                        }
                    }
                }
            })
    }

    /// The last trades of a bond, the newest first.
    private func trades(_ request: HTTPRequest) async -> HTTPResponse {
        let name = request.query["bond"] ?? ""
        guard let bond = service.directory.index(anyIdentifier: name) else {
            return .error(.notFound, "no bond has this FIGI, CUSIP or ISIN")
        }
        let count = min(max(request.query["count"].flatMap { Int($0) } ?? 20, 1), Self.mostTrades)
        let trades = await service.pricer.lastTrades(bond: bond, count: count)
        let figi = service.directory.bonds.rows[bond].figi
        return .json(
            JSONText.object { text in
                text.name("trade")
                text.array { text in
                    for trade in trades {
                        text.object { ServerMessage.print(trade, figi: figi, to: &$0) }
                    }
                }
            })
    }
}
