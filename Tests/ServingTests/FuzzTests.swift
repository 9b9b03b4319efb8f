import Foundation
import Random
import Testing

import Serving

/// Whatever bytes come, the decoder of messages ends with a message or an error.
@Suite struct FuzzTests {
    private static let seeds: [[UInt8]] = [
        #"{"token":"a.b.c","inference":[{"rfq_label":"price","figi":"BBG00HS9XQF4","quantity":1000000,"side":"bid","ats_indicator":"Y","subscribe":true}]}"#,
        #"{"inference":[{"rfq_label":"spread","figi":"BBG003LZRTD5","quantity":1,"side":"offer","timestamp":["2023-11-01T15:10:07.661Z","2023-11-01T15:10:07Z"],"subscribe":false}]}"#,
        #"{"trade":[{"figi":"BBG00HS9XQF4","subscribe":true,"include_inference":true}]}"#,
        #"{"inference":[{"rfq_label":"ytm","figi":"\u0042\ud83d\ude00","quantity":5e6,"side":"dealer","unsubscribe":true}]}"#,
    ].map { Array($0.utf8) }

    private static let pieces: [[UInt8]] = [
        "[", "]", "{", "}", "\"", "\\u", "\\ud800", ",", ":", "1e308", "-0", "5000001", "null",
        "true", "\"inference\":", "\u{0}", "é", "\"timestamp\":[\"2023-11-01T15:10:07Z\"]",
    ].map { Array($0.utf8) }

    @Test("Mutated messages: an answer to each, and what was accepted is within its bounds")
    func mutations() {
        let isLong = ProcessInfo.processInfo.environment["TENOR_CHECK_LONG"] != nil
        var random = RandomStream(seed: 8)
        var accepted = 0
        for _ in 0..<(isLong ? 1_000_000 : 20_000) {
            var bytes = Self.seeds[Int(random.next() % UInt64(Self.seeds.count))]
            for _ in 0...random.next() % 4 { Self.mutate(&bytes, &random) }
            guard let message = try? ClientMessage(bytes) else { continue }
            accepted += 1
            let isWithin = message.inference.allSatisfy { item in
                ClientMessage.quantities.contains(item.quantity) && !item.figi.isEmpty
            }
            #expect(isWithin, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 0, "no mutation was harmless: the seeds themselves are refused")
    }

    /// What may follow a message: anything else is no documented answer.
    private static func isDocumented(_ object: [String: Any]) -> Bool {
        let messages = ["insufficient data", "unrecognized figis", "forbidden", "token accepted"]
        return switch Set(object.keys) {
        case ["error"]: object["error"] is String
        case ["inference"]: (object["inference"] as? [Any])?.isEmpty == false
        default: messages.contains(object["message"] as? String ?? "")
        }
    }

    @Test("Mutated messages on a connection: documented answers only; it ends for its token alone")
    func connections() async throws {
        let isLong = ProcessInfo.processInfo.environment["TENOR_CHECK_LONG"] != nil
        let issuer = try await SampleIssuer.shared.value
        let token = try await issuer.logIn(
            name: "alice", password: SampleIssuer.password, at: PricingService.systemTime()
        ).identity
        let service = PricingService(
            pricer: FakePricer(unpriced: [2]), directory: .sample, verifier: issuer.verifier)
        let seeds =
            Self.seeds.map { text in
                // A token that is none would end each connection at once.
                String(decoding: text, as: UTF8.self)
                    .replacing("\"token\":\"a.b.c\",", with: "")
            } + ["{\"token\":\"\(token)\"}"]
        var random = RandomStream(seed: 9)
        var (ended, answered) = (0, 0)
        for round in 0..<(isLong ? 5_000 : 40) {
            let box = Outbox()
            let connection = service.open(box)
            await service.receive(Array("{\"token\":\"\(token)\"}".utf8), on: connection)
            var sent = 1
            for _ in 0..<40 where !box.isClosed {
                var bytes = Array(seeds[Int(random.next() % UInt64(seeds.count))].utf8)
                for _ in 0...random.next() % 3 { Self.mutate(&bytes, &random) }
                await service.receive(bytes, on: connection)
                sent += 1
            }
            let isOver = box.isClosed
            ended += isOver ? 1 : 0
            // The connection knows its user; whatever came, a good message is answered.
            if !isOver {
                await service.receive(
                    Array(
                        #"{"inference":[{"rfq_label":"ytm","figi":"BBG00HS9XQF4","quantity":5,"side":"bid"}]}"#
                            .utf8), on: connection)
            }
            service.close(connection)
            let objects = try await box.objects()
            let undocumented = objects.filter { !Self.isDocumented($0) }
            #expect(undocumented.isEmpty, "round \(round): \(undocumented)")
            if isOver {
                #expect(objects.last?["message"] as? String == "forbidden")
            } else {
                let answer = (objects.last?["inference"] as? [[String: Any]])?.first
                #expect(answer?["quantity"] as? Int == 5)
            }
            answered += objects.count
            #expect(sent <= 41)
        }
        #expect(service.connectionCount == 0 && service.subscriptionCount == 0)
        #expect(ended > 0, "no mutation damaged a token")
        #expect(answered > 0)
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        guard !bytes.isEmpty else { return }
        let place = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 5 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.removeLast(bytes.count - place)
        case 3:
            let piece = pieces[Int(random.next() % UInt64(pieces.count))]
            bytes.insert(contentsOf: piece, at: place)
        default:
            let end = min(bytes.count, place + Int(random.next() % 40))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }
}
