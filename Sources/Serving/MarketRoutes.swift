import Bonds
import Files
import NIOHTTP1
import Tape

/// What is asked of the market over HTTP by those who have a token.
package struct MarketRoutes: Sendable {
    package let service: PricingService

    private static let mostBonds = 50
    private static let mostTrades = 200
    /// So many of the lines that were passed over are named.
    private static let mostNamed = 100

    package func response(to request: HTTPRequest) async -> HTTPResponse {
        switch request.path {
        case "/v1/events": await events(request)
        case "/v1/bonds": bonds(request)
        default: await trades(request)
        }
    }

    /// Takes in each line's event, or none where one is wrong; what the market does not have, or has
    /// already, is passed over and named.
    private func events(_ request: HTTPRequest) async -> HTTPResponse {
        do {
            var events = try EventLines(
                request.body, directory: service.directory,
                facts: await service.pricer.marketFacts(), now: service.now)
            let pricer = service.pricer
            try events.passOver(await pricer.standings(of: events.trades))
            try events.compareWithdrawals(with: await pricer.remembered(events.withdrawn))
            let warning = await service.observe(events.known.map(\.event))
            return .json(
                JSONText.object { text in
                    text.member("accepted", events.known.count)
                    if let warning { text.member("warning", warning) }
                    text.member("unknown_bonds", events.unknownBonds)
                    text.name("passed_over")
                    text.array { text in
                        for passed in events.passedOver.prefix(Self.mostNamed) {
                            text.object { text in
                                text.member("line", passed.line)
                                text.member("reason", passed.reason)
                            }
                        }
                    }
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
