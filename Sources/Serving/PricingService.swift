import Bonds
import Foundation
import Quantiles
import Synchronization
import Tape

/// Answers WebSocket clients: the protocol with its sessions, without sockets.
///
/// The work on a message is done by the task of its connection; only the book of sessions is shared.
public final class PricingService: Sendable {
    package let directory: BondDirectory
    package let metrics = Metrics()
    private let verifier: TokenVerifier
    package let clock: @Sendable () -> Int64
    /// Tells the operator.
    package let warn: @Sendable (String) -> Void
    package let shared: Mutex<Shared>

    package struct Shared {
        package var pricer: any Pricer
        package var book: SessionBook
        package var outboxes: [Int: Outbox] = [:]
        /// Tokens that were verified, by their text: clients send the same one every minute.
        package var verified: [String: TokenClaims] = [:]
        package var calibration = CalibrationGauge()
    }

    /// - Parameters:
    ///   - clock: the time in UTC epoch nanoseconds.
    package init(
        pricer: any Pricer, directory: BondDirectory, verifier: TokenVerifier,
        limits: SessionBook.Limits = SessionBook.Limits(),
        clock: @escaping @Sendable () -> Int64 = PricingService.systemTime,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.directory = directory
        self.verifier = verifier
        self.clock = clock
        self.warn = warn
        shared = Mutex(Shared(pricer: pricer, book: SessionBook(limits: limits)))
    }

    /// UTC epoch nanoseconds.
    public static let systemTime: @Sendable () -> Int64 = {
        Int64((Date().timeIntervalSince1970 * 1e6).rounded()) * 1_000
    }

    package var now: Int64 { clock() }
    package var pricer: any Pricer { shared.withLock { $0.pricer } }
    package var connectionCount: Int { shared.withLock { $0.book.connectionCount } }
    package var subscriptionCount: Int { shared.withLock { $0.book.subscriptionCount } }

    /// From now on another pricer answers; connections and subscriptions stay.
    package func replace(pricer: any Pricer) {
        shared.withLock { $0.pricer = pricer }
    }

    /// The claims of a token that is valid now.
    package func verify(_ token: String) async throws(TokenError) -> TokenClaims {
        if let known = shared.withLock({ $0.verified[token] }), known.expiresAt > now {
            return known
        }
        let claims = try await verifier.verify(token, at: now)
        shared.withLock { shared in
            // Short of keeping track of each token's end: rarely, and all are verified again.
            if shared.verified.count >= 4_096 { shared.verified.removeAll() }
            shared.verified[token] = claims
        }
        return claims
    }

    // MARK: Connections

    package func open(_ outbox: Outbox) -> Int {
        shared.withLock { shared in
            let connection = shared.book.open(at: clock())
            shared.outboxes[connection] = outbox
            return connection
        }
    }

    package func close(_ connection: Int) {
        shared.withLock { shared in
            shared.book.close(connection)
            shared.outboxes[connection] = nil
        }
    }

    /// Ends every connection, telling why.
    package func closeAll() {
        let all = shared.withLock { Array($0.outboxes.values) }
        for outbox in all { outbox.close(code: Outbox.goingAway, reason: "the server stops") }
    }

    package func send(_ text: [UInt8], to connection: Int) {
        guard let outbox = shared.withLock({ $0.outboxes[connection] }), !outbox.isClosed else {
            return
        }
        outbox.send(text)
        if outbox.isClosed { metrics.count(.slowReaders) }
    }

    /// Says why and ends a connection.
    private func forbid(_ connection: Int, reason: String) {
        metrics.count(.forbidden)
        end(connection, with: ServerMessage.forbidden(reason: reason), reason: reason)
    }

    private func end(_ connection: Int, with text: [UInt8], reason: String) {
        let outbox = shared.withLock { shared in
            shared.book.close(connection)
            return shared.outboxes.removeValue(forKey: connection)
        }
        outbox?.send(text)
        outbox?.close(code: Outbox.policy, reason: reason)
    }

    // MARK: Messages

    /// Does what a message asks for and sends the answers.
    package func receive(_ bytes: [UInt8], on connection: Int) async {
        let start = ContinuousClock.now
        metrics.count(.messages)
        let message: ClientMessage
        do {
            message = try ClientMessage(bytes)
        } catch {
            metrics.count(.refusedMessages)
            return send(ServerMessage.error(error.description), to: connection)
        }
        guard await admit(message, on: connection) else { return }
        do {
            try await serve(message, on: connection)
        } catch {
            metrics.count(.refusedMessages)
            send(ServerMessage.error(error.description), to: connection)
        }
        metrics.observe("message", seconds: start.duration(to: .now) / .seconds(1))
    }

    /// Whether the connection has a valid token, after this message's own.
    private func admit(_ message: ClientMessage, on connection: Int) async -> Bool {
        guard let token = message.token else {
            let known = shared.withLock { $0.book.user(of: connection) != nil }
            if !known { forbid(connection, reason: "no token") }
            return known
        }
        let claims: TokenClaims
        do {
            claims = try await verify(token)
        } catch {
            forbid(connection, reason: error.description)
            return false
        }
        let (admission, over) = shared.withLock { shared in
            let admission = shared.book.admit(claims, on: connection, at: clock())
            var over: [Outbox] = []
            if case .accepted(let deactivated) = admission {
                over = deactivated.compactMap { shared.outboxes.removeValue(forKey: $0) }
            }
            return (admission, over)
        }
        for outbox in over {
            outbox.send(ServerMessage.deactivated)
            outbox.close(code: Outbox.policy, reason: "a newer token took over")
        }
        if case .forbidden(let reason) = admission {
            forbid(connection, reason: reason)
            return false
        }
        if message.inference.isEmpty, message.trades.isEmpty {
            send(ServerMessage.tokenAccepted, to: connection)
        }
        return true
    }

    private func serve(
        _ message: ClientMessage, on connection: Int
    ) async throws(RequestError) {
        guard message.token != nil || !message.inference.isEmpty || !message.trades.isEmpty else {
            throw RequestError(
                "nothing is asked: expected a token, or items in 'inference' or 'trade'")
        }
        let work = MessageWork(message, directory: directory)
        try shared.withLock { shared throws(RequestError) in
            try shared.book.take(
                subscriptions: work.subscribed, points: work.historical.count, on: connection,
                at: clock())
            shared.book.unsubscribe(work.unsubscribed, on: connection)
            for (bond, includes) in work.watched {
                shared.book.watch(bond: bond, includingInference: includes, on: connection)
            }
        }
        if !work.unrecognized.isEmpty {
            metrics.count(.unrecognizedFIGIs, by: work.unrecognized.count)
            send(ServerMessage.unrecognized(figis: work.unrecognized), to: connection)
        }
        await answerHistorical(work.historical, on: connection)
        await answerLive(work.live, on: connection)
    }

    // MARK: Time

    /// Ends what has expired and refreshes what is due.
    package func tick() async {
        let (over, due) = shared.withLock { shared in
            let time = clock()
            return (shared.book.expire(at: time), shared.book.takeDue(at: time))
        }
        for (connection, reason) in over { forbid(connection, reason: reason) }
        await refresh(due)
    }
}

extension BondDirectory {
    package func asked(_ question: PriceQuestion) -> ServerMessage.Asked {
        let bond = bonds.rows[question.bond]
        return ServerMessage.Asked(figi: bond.figi, cusip: bond.cusip, question: question)
    }
}
