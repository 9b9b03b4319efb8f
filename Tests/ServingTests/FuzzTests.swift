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
