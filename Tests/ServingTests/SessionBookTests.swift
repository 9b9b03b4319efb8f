import Tape
import Testing

import Serving

@Suite struct SessionBookTests {
    private let start: Int64 = 1_780_000_000_000_000_000

    private func token(
        _ user: String = "alice", _ number: UInt8 = 1, issued: Double = 0, lasts: Double = 3600
    ) -> TokenClaims {
        TokenClaims(
            subject: user, issuedAt: start + Int64(issued * 1e9),
            expiresAt: start + Int64((issued + lasts) * 1e9), digest: [number])
    }

    private func at(_ seconds: Double) -> Int64 { start + Int64(seconds * 1e9) }

    private func keys(_ range: Range<Int>) -> [SubscriptionKey] {
        range.map {
            SubscriptionKey(
                PriceQuestion(
                    bond: $0 / 100, side: .bid, isATS: false, quantity: 1 + $0 % 100,
                    label: .price))
        }
    }

    /// A book with connections of alice, all admitted with one token.
    private func book(
        connections: Int, limits: SessionBook.Limits = .init()
    ) -> (SessionBook, [Int]) {
        var book = SessionBook(limits: limits)
        var ids: [Int] = []
        for _ in 0..<connections {
            let id = book.open(at: start)
            _ = book.admit(token(), on: id, at: start)
            ids.append(id)
        }
        return (book, ids)
    }

    @Test("A key keeps all that makes a subscription, and another quantity is another one")
    func keyIdentity() throws {
        for label in QuoteLabel.allCases {
            for quantity in [1, 4_999_999, 5_000_000] {
                let question = PriceQuestion(
                    bond: 21_999, side: .dealer, isATS: true, quantity: quantity, label: label)
                #expect(SubscriptionKey(question).question == question)
            }
        }
        #expect(Set(keys(0..<1000)).count == 1000)
    }

    @Test("Five connections of a user with one token; the sixth is refused, others are unharmed")
    func connections() {
        var (book, ids) = book(connections: 5)
        let sixth = book.open(at: start)
        let admission = book.admit(token(), on: sixth, at: start)
        #expect(admission == .forbidden("more than 5 connections of one user"))
        for id in ids { #expect(book.isOpen(id)) }
        let bob = book.open(at: start)
        let other = book.admit(token("bob"), on: bob, at: start)
        #expect(other == .accepted(deactivated: []))
        book.close(ids[0])
        let again = book.admit(token(), on: sixth, at: start)
        #expect(again == .accepted(deactivated: []))
    }

    @Test("A newer token deactivates the user's other connections, whoever shows it")
    func newerToken() {
        var (book, ids) = book(connections: 3)
        let refreshed = book.admit(token("alice", 2, issued: 60), on: ids[1], at: at(60))
        #expect(refreshed == .accepted(deactivated: [ids[0], ids[2]]))
        #expect(book.isOpen(ids[1]) && !book.isOpen(ids[0]))
        // A connection that still has the older one is told so.
        let late = book.open(at: at(61))
        let stale = book.admit(token(), on: late, at: at(61))
        #expect(stale == .forbidden("a newer token of this user is in use"))
        let sixth = book.open(at: at(62))
        let third = book.admit(token("alice", 3, issued: 61), on: sixth, at: at(62))
        #expect(third == .accepted(deactivated: [ids[1]]))
    }

    @Test("The same token again changes nothing; another user's token has no business there")
    func sameToken() {
        var (book, ids) = book(connections: 2)
        let again = book.admit(token(), on: ids[0], at: at(1))
        #expect(again == .accepted(deactivated: []))
        let foreign = book.admit(token("bob"), on: ids[0], at: at(1))
        #expect(foreign == .forbidden("a token of another user on the same connection"))
    }

    @Test("Expired tokens end their connections; who shows none ends after the grace")
    func expiry() {
        var (book, ids) = book(connections: 1)
        let silent = book.open(at: at(3500))
        #expect(book.expire(at: at(3559)).isEmpty)
        #expect(book.expire(at: at(3560)).map(\.connection) == [silent])
        #expect(book.expire(at: at(3600)).map(\.connection) == ids)
        #expect(book.connectionCount == 0)
        let late = book.open(at: at(3601))
        let expired = book.admit(token(), on: late, at: at(3601))
        #expect(expired == .forbidden("the token has expired"))
    }

    @Test("32,000 subscriptions of a user over all connections; one more is refused as a whole")
    func subscriptions() throws {
        var (book, ids) = book(connections: 2)
        try book.take(subscriptions: keys(0..<20_000), points: 0, on: ids[0], at: start)
        try book.take(subscriptions: keys(0..<12_000), points: 0, on: ids[1], at: start)
        #expect(book.subscriptionCount == 32_000)
        #expect(throws: RequestError.self) {
            try book.take(subscriptions: keys(20_000..<20_001), points: 0, on: ids[0], at: start)
        }
        #expect(book.subscriptionCount == 32_000)
        // What is there already does not count twice.
        try book.take(subscriptions: keys(0..<20_000), points: 0, on: ids[0], at: start)
        book.unsubscribe(keys(0..<1), on: ids[0])
        try book.take(subscriptions: keys(20_000..<20_001), points: 0, on: ids[0], at: start)
        #expect(book.subscriptionCount == 32_000)
        book.close(ids[0])
        #expect(book.subscriptionCount == 12_000)
    }

    @Test("32,000 historical points in any 30 seconds, over all connections of a user")
    func historicalWindow() throws {
        var (book, ids) = book(connections: 2)
        try book.take(subscriptions: [], points: 20_000, on: ids[0], at: at(0))
        try book.take(subscriptions: [], points: 12_000, on: ids[1], at: at(10))
        do {
            try book.take(subscriptions: [], points: 1, on: ids[0], at: at(29.9))
            Issue.record("a point too many was accepted")
        } catch {
            // Clients look for this word.
            #expect(error.description.lowercased().contains("throttled"))
        }
        try book.take(subscriptions: [], points: 20_000, on: ids[0], at: at(30))
        #expect(throws: RequestError.self) {
            try book.take(subscriptions: [], points: 1, on: ids[0], at: at(39))
        }
        try book.take(subscriptions: [], points: 12_000, on: ids[0], at: at(40))
    }

    @Test("Closing a connection does not give the window back")
    func windowSurvivesReconnection() throws {
        var (book, ids) = book(connections: 1)
        try book.take(subscriptions: [], points: 32_000, on: ids[0], at: start)
        book.close(ids[0])
        _ = book.expire(at: at(1))
        let id = book.open(at: at(1))
        _ = book.admit(token(), on: id, at: at(1))
        #expect(throws: RequestError.self) {
            try book.take(subscriptions: [], points: 1, on: id, at: at(2))
        }
    }

    @Test("A request over one of two limits leaves both as they were")
    func bothOrNeither() throws {
        var (book, ids) = book(connections: 1)
        #expect(throws: RequestError.self) {
            try book.take(subscriptions: keys(0..<10), points: 32_001, on: ids[0], at: start)
        }
        #expect(book.subscriptionCount == 0)
        #expect(throws: RequestError.self) {
            try book.take(subscriptions: keys(0..<32_001), points: 32_000, on: ids[0], at: start)
        }
        try book.take(subscriptions: [], points: 32_000, on: ids[0], at: start)
    }

    @Test(
        "Every subscription comes once in an interval, however often one looks, and none of others",
        arguments: [0.05, 0.7, 4, 14.999, 15, 15.5])
    func refresh(every step: Double) throws {
        var (book, ids) = book(connections: 2)
        try book.take(subscriptions: keys(0..<3_000), points: 0, on: ids[0], at: start)
        try book.take(subscriptions: keys(1_000..<4_000), points: 0, on: ids[1], at: start)
        var counts: [Int: [SubscriptionKey: Int]] = [:]
        let steps = Int((300 / step).rounded(.up))
        for index in 1...steps {
            for (connection, key) in book.takeDue(at: at(Double(index) * step)) {
                counts[connection, default: [:]][key, default: 0] += 1
            }
        }
        // Twenty intervals; one that is longer than the interval is one refresh.
        let expected = step > 15 ? steps : 20
        let seen = [ids[0]: Set(keys(0..<3_000)), ids[1]: Set(keys(1_000..<4_000))]
        #expect(counts.mapValues { Set($0.keys) } == seen)
        let wrong = counts.values.flatMap(\.values).filter { abs($0 - expected) > 1 }
        #expect(wrong.isEmpty, "\(wrong.count) subscriptions came \(wrong.first ?? 0) times")
        book.unsubscribe(keys(0..<3_000), on: ids[0])
        let rest = book.takeDue(at: at(600))
        #expect(rest.count == 3_000)
        #expect(rest.allSatisfy { $0.connection == ids[1] })
    }

    @Test("Refreshes are spread over the interval, and a bond's come together, bond by bond")
    func spread() throws {
        var (book, ids) = book(connections: 2)
        // Bonds of a hundred subscriptions each, half of them on either connection.
        for (id, parity) in zip(ids, 0...) {
            let half = keys(0..<15_000).enumerated().filter { $0.offset % 2 == parity }
            try book.take(subscriptions: half.map(\.element), points: 0, on: id, at: start)
        }
        var most = 0
        var bonds: Set<Int> = []
        for second in 1...15 {
            let due = book.takeDue(at: at(Double(second)))
            let bondsNow = due.map(\.key.bond)
            #expect(bondsNow == bondsNow.sorted())
            #expect(bonds.isDisjoint(with: bondsNow), "a bond came in two parts")
            bonds.formUnion(bondsNow)
            most = max(most, due.count)
        }
        #expect(bonds.count == 150)
        // 1,000 a second on average.
        #expect(most <= 1_500)
    }
}
