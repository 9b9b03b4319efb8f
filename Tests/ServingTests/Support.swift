import Bonds
import Foundation
import Synchronization
import Tape

import Serving

/// Prices that a test can compute: 100 plus the bond's row plus the level, moved by size.
final class FakePricer: Pricer {
    let version: String
    /// Bonds that it cannot price.
    let unpriced: Set<Int>
    /// What it has heard of.
    let events = Mutex<[MarketEvent]>([])
    let questions = Mutex<Int>(0)
    private let record = Mutex(MarketRecord(bondCount: 4))
    /// The lowest tile of every quote; nil for that of ``tiles(_:)``.
    let lowest: Double?

    init(version: String = "fake/1", unpriced: Set<Int> = [], lowest: Double? = nil) {
        self.version = version
        self.unpriced = unpriced
        self.lowest = lowest
    }

    func answers(to questions: [PriceQuestion]) async -> [PriceAnswer] {
        self.questions.withLock { $0 += questions.count }
        return questions.map { question in
            if unpriced.contains(question.bond) {
                return .insufficientData(reason: "never traded")
            }
            if let time = question.time, time < 1_600_000_000_000_000_000 {
                return .insufficientData(reason: "before the data")
            }
            var tiles = Self.tiles(question)
            if let lowest { tiles[0] = lowest }
            return .quote(
                Quote(
                    tiles: tiles, time: question.time ?? Self.moment,
                    benchmark: Quote.Benchmark(tenor: 10, cusip: "91282CJZ5")))
        }
    }

    /// As of when live quotes are.
    static let moment: Int64 = 1_770_000_000_123_456_789

    static func tiles(_ question: PriceQuestion) -> [Double] {
        (1...19).map {
            100 + Double(question.bond) + Double($0) / 20 + Double(question.quantity) / 1e8
        }
    }

    func observe(_ events: [MarketEvent]) async {
        self.events.withLock { $0 += events }
        record.withLock { record in for event in events { record.observe(event) } }
    }

    func marketFacts() async -> MarketFacts { record.withLock { $0.facts } }

    func standings(
        of trades: [(identifier: String, bond: Int)]
    ) async -> [TradeStanding] {
        record.withLock { $0.standings(of: trades) }
    }

    func lastTrades(bond: Int, count: Int) async -> [Trade] {
        events.withLock { events in
            events.compactMap { event in
                if case .reported(let trade, bond: bond) = event { trade } else { nil }
            }
        }.suffix(count).reversed()
    }
}

extension BondDirectory {
    static let figis = ["BBG00HS9XQF4", "BBG003LZRTD5", "BBG00F6BQ5L3", "BBG00QKQ5S61"]

    /// Four bonds; the last one has no FIGI in the list.
    static let sample: BondDirectory = {
        let rows = figis.enumerated().map { index, figi in
            BondRow(
                cusip: "00000000\(index)", figi: index == 3 ? "" : figi,
                isin: "US00000000\(index)1", issuer: "Issuer \(index)",
                terms: sampleTerms, offeringAmount: 500_000_000)
        }
        return BondDirectory(BondTable(rows))
    }()

    private static let sampleTerms: BondTerms = {
        let maturity =
            CalendarDate(year: 2035, month: 6, day: 15) ?? CalendarDate(dayNumber: 23_000)
        guard
            let terms = try? BondTerms(coupon: 5, maturity: maturity)
        else { preconditionFailure("the terms of the sample bonds are wrong") }
        return terms
    }()
}

/// A clock that a test sets.
final class TestClock: Sendable {
    private let time: Mutex<Int64>

    /// Begins at a full second of 2026.
    init(_ start: Int64 = 1_780_000_000_000_000_000) { time = Mutex(start) }

    var now: Int64 { time.withLock { $0 } }
    func advance(seconds: Double) { time.withLock { $0 += Int64(seconds * 1e9) } }
    var read: @Sendable () -> Int64 { { [self] in now } }
}

/// An issuer with the users alice and bob, whose password is `correct horse`.
enum SampleIssuer {
    static let password = "correct horse"

    /// Hashing takes long, so all tests share one.
    static let shared = Task {
        var users = UserFile()
        try users.add("alice", password: password)
        try users.add("bob", password: password)
        return try await LocalIssuer(users: users)
    }
}

struct WrongShape: Error {
    var text: String
}

/// A JSON object as Foundation reads it: not by the parser under test.
func foundationObject(_ bytes: [UInt8]) throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
        throw WrongShape(text: String(decoding: bytes, as: UTF8.self))
    }
    return object
}

extension Outbox {
    /// A box that nobody aborts.
    convenience init() { self.init {} }

    /// What waits; the box must be closed.
    func drained() async -> [Message] {
        var all: [Message] = []
        for await message in messages { all.append(message) }
        return all
    }

    /// The texts that wait, as objects; closes the box.
    func objects() async throws -> [[String: Any]] {
        close(code: 1000, reason: "")
        return try await drained().compactMap { message in
            if case .text(let text) = message { try foundationObject(text) } else { nil }
        }
    }
}

/// A folder of its own for a test, gone with the last reference to it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "tenor-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ content: String) throws -> String {
        try Data(content.utf8).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }
}

/// A file beside the tests.
func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/" + name).path
}
