import Bonds
import Foundation
import Synchronization
import Tape
import Testing

import Serving

/// One after the other: the issuer refuses log-ins while many wait.
@Suite(.serialized) struct PricingServiceTests {
    private let clock = TestClock()
    private let figi = BondDirectory.figis

    private func service(
        _ pricer: any Pricer = FakePricer(), limits: SessionBook.Limits = .init()
    ) async throws -> PricingService {
        PricingService(
            pricer: pricer, directory: .sample,
            verifier: try await SampleIssuer.shared.value.verifier, limits: limits,
            clock: clock.read)
    }

    private func token(_ name: String = "alice") async throws -> String {
        try await SampleIssuer.shared.value
            .logIn(name: name, password: SampleIssuer.password, at: clock.now).identity
    }

    private func item(
        _ figi: String, label: String = "price", quantity: Int = 1_000_000, more: String = ""
    ) -> String {
        "{\"rfq_label\":\"\(label)\",\"figi\":\"\(figi)\",\"quantity\":\(quantity),"
            + "\"side\":\"bid\"\(more)}"
    }

    private func message(_ items: [String], token: String? = nil) -> [UInt8] {
        let start = token.map { "{\"token\":\"\($0)\"," } ?? "{"
        return Array((start + "\"inference\":[" + items.joined(separator: ",") + "]}").utf8)
    }

    private func inferences(_ object: [String: Any]) -> [[String: Any]] {
        object["inference"] as? [[String: Any]] ?? []
    }

    @Test("Nobody gets a price without a token; the connection ends")
    func noToken() async throws {
        let pricer = FakePricer()
        let service = try await service(pricer)
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(message([item(figi[0])]), on: connection)
        let messages = await box.drained()
        #expect(messages.count == 2)
        guard case .text(let text) = messages[0] else { throw WrongShape(text: "\(messages)") }
        #expect(try foundationObject(text)["message"] as? String == "forbidden")
        #expect(messages[1] == .close(code: 1008, reason: "no token"))
        #expect(pricer.questions.withLock { $0 } == 0)
        #expect(service.connectionCount == 0)
    }

    @Test("A one shot is answered with nineteen ascending tiles and what was asked for")
    func oneShot() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            message([item(figi[1], label: "spread")], token: try await token()), on: connection)
        let objects = try await box.objects()
        #expect(objects.count == 1)
        let answer = try #require(inferences(objects[0]).first)
        let tiles = try #require(answer["spread"] as? [Double])
        #expect(tiles.count == 19 && tiles == tiles.sorted())
        #expect(answer["figi"] as? String == figi[1])
        #expect(answer["cusip"] as? String == "000000001")
        #expect(answer["side"] as? String == "bid")
        #expect(answer["quantity"] as? Int == 1_000_000)
        #expect(answer["ats_indicator"] as? String == "N")
        #expect(answer["tenor"] as? Int == 10)
        #expect(answer["treasury_cusip"] as? String == "91282CJZ5")
        // As of when the quote is, not the time of day: in milliseconds, and not before it.
        #expect(answer["date"] as? String == "2026-02-02T02:40:00.124Z")
        // Clients tell the label by the one key that is there.
        #expect(answer["price"] == nil && answer["ytm"] == nil)
    }

    @Test("History: one message a label, one item a point, duplicates kept, dates as asked")
    func historical() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        let stamp = "2023-11-02T15:10:07.661Z"
        let stamps = ",\"timestamp\":[\"\(stamp)\",\"\(stamp)\"],\"subscribe\":false"
        let early = ",\"timestamp\":[\"2019-06-03T15:10:07Z\"]"
        await service.receive(
            message(
                [
                    item(figi[0], more: stamps), item(figi[1], label: "spread", more: stamps),
                    item(figi[1], more: stamps), item(figi[2], more: early),
                ], token: try await token()), on: connection)
        let objects = try await box.objects()
        #expect(objects.count == 3)
        #expect(
            inferences(objects[0]).map { $0["figi"] as? String } == [0, 0, 1, 1].map { figi[$0] })
        #expect(inferences(objects[1]).count == 2)
        for answer in inferences(objects[0]) + inferences(objects[1]) {
            #expect(answer["date"] as? String == stamp)
        }
        #expect(objects[2]["message"] as? String == "insufficient data")
        #expect((objects[2]["data"] as? [Any])?.count == 1)
    }

    @Test(
        "A price that is not above zero is no price: insufficient data",
        arguments: [0, -0.5, .nan, -.infinity])
    func noPositivePrice(_ lowest: Double) async throws {
        let service = try await service(FakePricer(lowest: lowest))
        let box = Outbox()
        let connection = service.open(box)
        let past = ",\"timestamp\":[\"2023-11-02T15:10:07.661Z\"]"
        await service.receive(
            message([item(figi[0]), item(figi[1], more: past)], token: try await token()),
            on: connection)
        let objects = try await box.objects()
        #expect(objects.count == 2)
        for object in objects {
            #expect(object["message"] as? String == "insufficient data")
            #expect((object["data"] as? [Any])?.count == 1 && object["inference"] == nil)
        }
    }

    @Test("A spread below zero is a spread")
    func negativeSpread() async throws {
        let service = try await service(FakePricer(lowest: -5))
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            message([item(figi[0], label: "spread")], token: try await token()), on: connection)
        let objects = try await box.objects()
        #expect(objects.map { inferences($0).count } == [1])
    }

    @Test(
        "A request that asks nothing is told so; the connection goes on",
        arguments: ["{}", "{\"inference\":[]}", "{\"trade\":[],\"inference\":[]}"])
    func nothingAsked(_ text: String) async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            Array("{\"token\":\"\(try await token())\",\"inference\":[]}".utf8), on: connection)
        await service.receive(Array(text.utf8), on: connection)
        await service.receive(message([item(figi[0])]), on: connection)
        let objects = try await box.objects()
        #expect(objects.count == 3)
        #expect(objects[0]["message"] as? String == "token accepted")
        #expect((objects[1]["error"] as? String)?.contains("nothing is asked") == true)
        #expect(inferences(objects[2]).count == 1)
    }

    @Test("Unknown FIGIs are told once each; the others proceed and only they count")
    func unrecognized() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        let subscribe = ",\"subscribe\":true"
        await service.receive(
            message(
                [
                    item("BBG000000000", more: subscribe), item(figi[0], more: subscribe),
                    item("BBG000000000", quantity: 2, more: subscribe),
                ], token: try await token()), on: connection)
        #expect(service.subscriptionCount == 1)
        let objects = try await box.objects()
        #expect(objects[0]["unrecognized_figis"] as? [String] == ["BBG000000000"])
        #expect(objects[0]["message"] as? String == "unrecognized figis")
        #expect(inferences(objects[1]).count == 1)
    }

    @Test("A malformed request does nothing, says why, and leaves the connection as it is")
    func malformed() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            message([item(figi[0], more: ",\"subscribe\":true")], token: try await token()),
            on: connection)
        await service.receive(
            message([
                item(figi[1], more: ",\"subscribe\":true"), item(figi[1], quantity: 0),
            ]), on: connection)
        await service.receive(Array("{".utf8), on: connection)
        #expect(service.subscriptionCount == 1)
        let objects = try await box.objects()
        #expect(objects.count == 3)
        #expect((objects[1]["error"] as? String)?.contains("inference[1].quantity") == true)
        #expect((objects[2]["error"] as? String)?.contains("not JSON") == true)
    }

    @Test("Subscriptions come again when they are due; what cannot be priced is told once")
    func refresh() async throws {
        let service = try await service(FakePricer(unpriced: [2]))
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            message(
                figi.prefix(3).map { item($0, more: ",\"subscribe\":true") },
                token: try await token()), on: connection)
        await service.tick()
        clock.advance(seconds: 15)
        await service.tick()
        await service.receive(
            message([item(figi[0], more: ",\"unsubscribe\":true")]), on: connection)
        clock.advance(seconds: 15)
        await service.tick()
        let objects = try await box.objects()
        #expect(objects.map { inferences($0).count } == [2, 0, 2, 1])
        #expect(objects[1]["message"] as? String == "insufficient data")
        #expect(inferences(objects[3]).first?["figi"] as? String == figi[1])
    }

    @Test("A newer token deactivates the older connection, which is told and closed")
    func deactivated() async throws {
        let service = try await service()
        let (older, newer) = (Outbox(), Outbox())
        let first = service.open(older)
        let old = try await token()
        await service.receive(Array("{\"token\":\"\(old)\"}".utf8), on: first)
        clock.advance(seconds: 1)
        let second = service.open(newer)
        await service.receive(
            Array("{\"token\":\"\(try await token())\"}".utf8), on: second)
        let messages = await older.drained()
        #expect(messages.count == 3)
        #expect(messages[1] == .text(ServerMessage.deactivated))
        let isOpen = service.connectionCount
        #expect(isOpen == 1)
        #expect(try await newer.objects().map { $0["message"] as? String } == ["token accepted"])
    }

    @Test("An expired token ends a connection that is open")
    func expiry() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            message([item(figi[0], more: ",\"subscribe\":true")], token: try await token()),
            on: connection)
        clock.advance(seconds: 3_601)
        await service.tick()
        let messages = await box.drained()
        #expect(messages.last == .close(code: 1008, reason: "the token has expired"))
        #expect(service.subscriptionCount == 0)
    }

    @Test("A slow reader costs a bounded amount of memory, then its connection; others go on")
    func slowReader() async throws {
        let service = try await service()
        let slow = Outbox(capacity: 4_000, abort: {})
        let quick = Outbox()
        let alice = service.open(slow)
        let bob = service.open(quick)
        await service.receive(
            message([item(figi[0], more: ",\"subscribe\":true")], token: try await token()),
            on: alice)
        await service.receive(
            message([item(figi[0], more: ",\"subscribe\":true")], token: try await token("bob")),
            on: bob)
        for _ in 0..<40 {
            await service.receive(message([item(figi[0])]), on: alice)
        }
        #expect(slow.isClosed)
        #expect(slow.waiting <= 4_000)
        #expect(!quick.isClosed)
        #expect(service.metrics.value(.slowReaders) == 1)
    }

    @Test("Moments of any year are answered by their dates, beside the others of the message")
    func farMoments() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        let early = ["1600-01-01T00:00:00Z", "1950-01-01T00:00:00.000Z"]
        let stamp = "2023-11-02T15:10:07.661Z"
        let stamps = (early + [stamp]).map { "\"\($0)\"" }.joined(separator: ",")
        await service.receive(
            message(
                [item(figi[0], more: ",\"timestamp\":[\(stamps)]")], token: try await token()),
            on: connection)
        let objects = try await box.objects()
        #expect(inferences(objects[0]).map { $0["date"] as? String } == [stamp])
        let lacking = try #require(objects[1]["data"] as? [[String: Any]])
        #expect(lacking.map { $0["date"] as? String } == early)
    }

    @Test("Prints reach those who watch the bond, with the price before them where asked for")
    func watchedTrades() async throws {
        let pricer = FakePricer()
        let service = try await service(pricer)
        let box = Outbox()
        let connection = service.open(box)
        let text =
            "{\"token\":\"\(try await token())\",\"trade\":[{\"figi\":\"\(figi[0])\","
            + "\"subscribe\":true,\"include_inference\":true}]}"
        await service.receive(Array(text.utf8), on: connection)
        var trade = Trade()
        trade.tradeID = "1"
        trade.cusip = "000000000"
        trade.quantity = 250_000
        trade.price = 99.5
        trade.executionTime = clock.now
        trade.reportTime = clock.now
        await service.observe([.reported(trade, bond: 0), .reported(trade, bond: 1)])
        #expect(pricer.events.withLock { $0.count } == 2)
        let objects = try await box.objects()
        #expect(objects.count == 1)
        let print = try #require((objects[0]["trade"] as? [[String: Any]])?.first)
        #expect(print["figi"] as? String == figi[0])
        #expect(print["price"] as? Double == 99.5)
        let inference = try #require(print["inference"] as? [String: Any])
        #expect((inference["price"] as? [Double])?.count == 19)
        #expect(inference["quantity"] as? Int == 250_000)
    }

    @Test("Another pricer takes over without a dropped connection")
    func replacement() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        await service.receive(
            message([item(figi[0], more: ",\"subscribe\":true")], token: try await token()),
            on: connection)
        let next = FakePricer(version: "fake/2")
        service.replace(pricer: next)
        clock.advance(seconds: 15)
        await service.tick()
        #expect(next.questions.withLock { $0 } == 1)
        #expect(service.pricer.version == "fake/2")
        #expect(try await box.objects().count == 2)
    }

    @Test("32,000 historical points in one message, answered in one message a label")
    func manyPoints() async throws {
        let service = try await service()
        let box = Outbox()
        let connection = service.open(box)
        let stamps = (0..<800).map { "\"2023-11-\($0 % 20 + 10)T15:10:07.\(100 + $0)Z\"" }
        let more = ",\"timestamp\":[\(stamps.joined(separator: ","))]"
        let items = (0..<40).map {
            item(figi[$0 % 3], label: $0 < 20 ? "price" : "ytm", quantity: 1 + $0, more: more)
        }
        await service.receive(message(items, token: try await token()), on: connection)
        await service.receive(
            message([item(figi[0], more: ",\"timestamp\":[\"2023-11-02T15:10:07Z\"]")]),
            on: connection)
        let objects = try await box.objects()
        #expect(objects.map { inferences($0).count } == [16_000, 16_000, 0])
        #expect((objects[2]["error"] as? String)?.contains("throttled") == true)
    }
}
