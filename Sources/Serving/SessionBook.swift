import Tape

/// Who is connected, with which token, and to what they subscribed: the rules of the protocol,
/// without sockets and clocks.
///
/// Times are UTC epoch nanoseconds and come from the caller.
package struct SessionBook: Sendable {
    package struct Limits: Sendable {
        /// Live subscriptions of a user over all connections.
        package var subscriptions = 32_000
        /// Historical points (items times moments) of a user within a window.
        package var historicalPoints = 32_000
        package var historicalWindow: Int64 = 30_000_000_000
        /// Connections of a user at a time, all with the same token.
        package var connections = 5
        /// How long a connection may stay without a token.
        package var grace: Int64 = 60_000_000_000
        /// Between two refreshes of a subscription.
        package var refresh: Int64 = 15_000_000_000

        package init() {}
    }

    /// What a token that was presented led to.
    package enum Admission: Equatable {
        /// Accepted; these connections of the same user had an older token and are over.
        case accepted(deactivated: [Int])
        case forbidden(String)
    }

    private struct Connection {
        let openedAt: Int64
        var user: String?
        var subscriptions = RefreshSchedule()
        /// By bond: whether prints come with their inference.
        var trades: [Int: Bool] = [:]
    }

    private struct User {
        var token: TokenClaims
        var connections: Set<Int> = []
        var subscriptions = 0
        /// Points within the window, the oldest first.
        var points: [(time: Int64, count: Int)] = []
    }

    package let limits: Limits
    private var connections: [Int: Connection] = [:]
    private var users: [String: User] = [:]
    private var nextConnection = 0
    /// Up to when refreshes were taken.
    private var refreshedAt: Int64 = 0

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    package var connectionCount: Int { connections.count }
    package var subscriptionCount: Int { users.values.reduce(0) { $0 + $1.subscriptions } }

    package func isOpen(_ connection: Int) -> Bool { connections[connection] != nil }
    package func user(of connection: Int) -> String? { connections[connection]?.user }

    /// A new connection, without a token yet.
    package mutating func open(at now: Int64) -> Int {
        if connections.isEmpty { refreshedAt = now }
        nextConnection += 1
        connections[nextConnection] = Connection(openedAt: now)
        return nextConnection
    }

    /// Forgets a connection and what it subscribed to.
    package mutating func close(_ connection: Int) {
        guard let closed = connections.removeValue(forKey: connection), let name = closed.user
        else { return }
        users[name]?.connections.remove(connection)
        users[name]?.subscriptions -= closed.subscriptions.keys.count
    }

    /// A connection shows a token that was verified.
    package mutating func admit(_ token: TokenClaims, on connection: Int, at now: Int64)
        -> Admission
    {
        guard connections[connection] != nil else { return .forbidden("the connection is closed") }
        guard token.expiresAt > now else { return .forbidden("the token has expired") }
        if let known = connections[connection]?.user, known != token.subject {
            return .forbidden("a token of another user on the same connection")
        }
        var user = users[token.subject] ?? User(token: token)
        var deactivated: [Int] = []
        if user.token.digest != token.digest {
            guard user.connections.isEmpty || token.issuedAt >= user.token.issuedAt else {
                return .forbidden("a newer token of this user is in use")
            }
            deactivated = user.connections.filter { $0 != connection }.sorted()
            user.token = token
        }
        guard
            user.connections.count - deactivated.count < limits.connections
                || user.connections.contains(connection)
        else {
            return .forbidden("more than \(limits.connections) connections of one user")
        }
        user.connections.insert(connection)
        users[token.subject] = user
        connections[connection]?.user = token.subject
        for old in deactivated { close(old) }
        return .accepted(deactivated: deactivated)
    }

    /// Subscribes to all of these prices and counts historical points against the window, or does
    /// neither.
    /// - Throws: `RequestError` where the user would have more than is allowed of one of them.
    package mutating func take(
        subscriptions keys: some Collection<SubscriptionKey>, points: Int, on connection: Int,
        at now: Int64
    ) throws(RequestError) {
        guard let name = connections[connection]?.user, var user = users[name],
            let held = connections[connection]?.subscriptions.keys
        else { return }
        let all = keys.isEmpty ? held : held.union(keys)
        let total = user.subscriptions - held.count + all.count
        guard keys.isEmpty || total <= limits.subscriptions else {
            throw RequestError(
                "the subscriptions would be \(total), more than \(limits.subscriptions); "
                    + "nothing of this request was done")
        }
        user.points.removeAll { $0.time <= now - limits.historicalWindow }
        let spent = user.points.reduce(0) { $0 + $1.count } + points
        guard points == 0 || spent <= limits.historicalPoints else {
            throw RequestError(
                "throttled: \(spent) historical points within "
                    + "\(limits.historicalWindow / 1_000_000_000) s, more than "
                    + "\(limits.historicalPoints); nothing of this request was done")
        }
        if points > 0 { user.points.append((now, points)) }
        user.subscriptions = total
        users[name] = user
        connections[connection]?.subscriptions.subscribe(to: all)
    }

    package mutating func unsubscribe(_ keys: some Collection<SubscriptionKey>, on connection: Int)
    {
        guard let name = connections[connection]?.user else { return }
        for key in keys where connections[connection]?.subscriptions.unsubscribe(from: key) == true
        {
            users[name]?.subscriptions -= 1
        }
    }

    /// Watches the prints of a bond, or no longer (nil).
    package mutating func watch(bond: Int, includingInference: Bool?, on connection: Int) {
        connections[connection]?.trades[bond] = includingInference
    }

    /// The connections that watch a bond's prints.
    package func watchers(of bond: Int) -> [(connection: Int, includesInference: Bool)] {
        connections.compactMap { id, connection in
            connection.trades[bond].map { (id, $0) }
        }
    }

    /// Connections whose token has expired, and those that never showed one, with the reason; they
    /// are over.
    package mutating func expire(at now: Int64) -> [(connection: Int, reason: String)] {
        var over: [(connection: Int, reason: String)] = []
        for (id, connection) in connections {
            if let user = connection.user.flatMap({ users[$0] }) {
                if user.token.expiresAt <= now { over.append((id, "the token has expired")) }
            } else if connection.openedAt + limits.grace <= now {
                over.append((id, "no token"))
            }
        }
        for (id, _) in over { close(id) }
        users = users.filter { _, user in
            !user.connections.isEmpty
                || (user.points.last.map { $0.time > now - limits.historicalWindow } ?? false)
        }
        return over.sorted { $0.connection < $1.connection }
    }

    /// The subscriptions that are to be sent again since this was last asked, bond by bond; each
    /// comes once in an interval.
    package mutating func takeDue(
        at now: Int64
    ) -> [(connection: Int, key: SubscriptionKey)] {
        let part = RefreshPart(after: refreshedAt, through: now, interval: limits.refresh)
        refreshedAt = now
        var due: [(connection: Int, key: SubscriptionKey)] = []
        for id in connections.keys.sorted() {
            due += (connections[id]?.subscriptions.due(in: part) ?? []).map { (id, $0) }
        }
        return due.sorted { ($0.key, $0.connection) < ($1.key, $1.connection) }
    }
}

/// The identity of a live subscription, in eight bytes; ordered by bond, then label.
package struct SubscriptionKey: Sendable, Hashable, Comparable {
    /// bond 32 bits, label 2, side 2, ATS 1, quantity 23.
    private let packed: UInt64

    package init(_ question: PriceQuestion) {
        packed =
            UInt64(UInt32(question.bond)) << 28 | UInt64(question.label.rawValue) << 26
            | UInt64(question.side.rawValue) << 24 | (question.isATS ? 1 << 23 : 0)
            | UInt64(question.quantity)
    }

    /// The row of the bond.
    package var bond: Int { Int(packed >> 28) }

    /// The question that is asked again and again; nil is not possible for a key made from one.
    package var question: PriceQuestion? {
        guard let label = QuoteLabel(rawValue: UInt8(packed >> 26 & 3)),
            let side = Trade.Side(rawValue: UInt8(packed >> 24 & 3))
        else { return nil }
        return PriceQuestion(
            bond: bond, side: side, isATS: packed >> 23 & 1 == 1,
            quantity: Int(packed & 0x7F_FFFF), label: label)
    }

    package static func < (first: SubscriptionKey, second: SubscriptionKey) -> Bool {
        first.packed < second.packed
    }
}
