import Bonds
import Files
import Foundation
import Testing

import Serving

@Suite struct MessageTests {
    private func decode(_ text: String) throws -> ClientMessage {
        try ClientMessage(Array(text.utf8))
    }

    private func refusal(_ text: String) -> String? {
        do {
            _ = try ClientMessage(Array(text.utf8))
            return nil
        } catch {
            return error.description
        }
    }

    private func item(_ changes: String, dropping: String = "") -> String {
        var fields = [
            "rfq_label": "\"price\"", "figi": "\"BBG00HS9XQF4\"", "quantity": "1000000",
            "side": "\"bid\"",
        ]
        fields[dropping] = nil
        let rest = fields.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }
        return "{\"inference\":[{"
            + ([changes] + rest).filter { !$0.isEmpty }.joined(separator: ",") + "}]}"
    }

    @Test("The four wishes of an item, and its defaults")
    func wishes() throws {
        #expect(try decode(item("")).inference[0].wish == .once)
        #expect(try decode(item("\"subscribe\":true")).inference[0].wish == .subscribe)
        #expect(try decode(item("\"subscribe\":false")).inference[0].wish == .once)
        #expect(try decode(item("\"unsubscribe\":true")).inference[0].wish == .unsubscribe)
        let historical = item(
            "\"timestamp\":[\"2023-11-01T15:10:07.661Z\",\"2023-11-01T15:10:07Z\"]")
        #expect(
            try decode(historical).inference[0].wish
                == .historical([
                    .init(time: 1_698_851_407_661_000_000), .init(time: 1_698_851_407_000_000_000),
                ]))
        #expect(try !decode(item("")).inference[0].isATS)
        #expect(try decode(item("\"ats_indicator\":\"Y\"")).inference[0].isATS)
    }

    @Test("A token alone, and a token beside trades and prices")
    func combinations() throws {
        #expect(try decode("{\"token\":\"a.b.c\"}").token == "a.b.c")
        let all = try decode(
            """
            {"token":"t","trade":[{"figi":"F","subscribe":true,"include_inference":true}],
             "inference":[]}
            """)
        #expect(all.token == "t")
        #expect(all.trades == [.init(figi: "F", subscribes: true, includesInference: true)])
    }

    @Test(
        "Quantities outside 1 to 5,000,000 are refused, with the item's place",
        arguments: ["0", "-1", "5000001", "1.5", "\"1000\"", "null", "1e300", "true", "[]"])
    func quantities(_ quantity: String) throws {
        let text = item("\"quantity\":\(quantity)", dropping: "quantity")
        let reason = try #require(refusal(text))
        #expect(reason.hasPrefix("inference[0].quantity: expected a whole number"))
    }

    @Test("The bounds themselves, and a whole number with a fraction, are accepted")
    func boundaryQuantities() throws {
        for (text, value) in [("1", 1), ("5000000", 5_000_000), ("1e6", 1_000_000), ("10.0", 10)] {
            let message = try decode(item("\"quantity\":\(text)", dropping: "quantity"))
            #expect(message.inference[0].quantity == value)
        }
    }

    @Test(
        "Whatever is unknown or missing is refused by name",
        arguments: [
            ("{\"inferences\":[]}", "did you mean 'inference'"),
            ("{\"inference\":{}}", "expected an array"),
            ("{\"inference\":[1]}", "inference[0]: expected an object"),
            ("{\"token\":1}", "token: expected a string"),
            ("[]", "expected an object"),
            ("{\"trade\":[{\"figi\":\"F\"}]}", "either subscribe or unsubscribe"),
        ])
    func unknown(_ text: String, _ reason: String) throws {
        let found = try #require(refusal(text))
        #expect(found.contains(reason), "\(found)")
    }

    @Test("Fields of an item")
    func itemFields() throws {
        let cases = [
            (item("\"sides\":1"), "did you mean 'side'?"),
            (item("", dropping: "figi"), "inference[0].figi: expected a text"),
            (item("\"rfq_label\":\"gspread\"", dropping: "rfq_label"), "price, spread, ytm"),
            (item("\"side\":\"buy\"", dropping: "side"), "bid, dealer, offer"),
            (item("\"ats_indicator\":\"y\""), "ats_indicator: expected N, Y, found 'y'"),
            (item("\"subscribe\":1"), "subscribe: expected true or false"),
            (item("\"subscribe\":true,\"unsubscribe\":true"), "both"),
            (
                item("\"timestamp\":[]"),
                "timestamp: expected an array of at least one moment, such as "
                    + "[\"2023-11-01T15:10:07.661Z\"], found an empty one"
            ),
            (item("\"timestamp\":\"2023-11-01T15:10:07Z\""), "such as [\"2023"),
            (item("\"timestamp\":[\"2023-11-01\"]"), "expected moments"),
            (item("\"timestamp\":[\"2023-13-01T00:00:00Z\"]"), "expected moments"),
            (
                item("\"subscribe\":true,\"timestamp\":[\"2023-11-01T15:10:07Z\"]"),
                "cannot be subscribed"
            ),
        ]
        for (text, reason) in cases {
            let found = try #require(refusal(text))
            #expect(found.contains(reason), "\(found)")
        }
    }

    @Test("Moments that nanoseconds do not reach are moments, told as they were asked")
    func farMoments() throws {
        let moments = ["9999-12-31T23:59:59Z", "1950-01-01T00:00:00Z", "1600-01-01T00:00:00Z"]
        let quoted = moments.map { "\"\($0)\"" }.joined(separator: ",")
        #expect(
            try decode(item("\"timestamp\":[\(quoted)]")).inference[0].wish
                == .historical([
                    .init(time: .max, text: moments[0]), .init(time: -631_152_000_000_000_000),
                    .init(time: .min, text: moments[2]),
                ]))
        for text in moments { #expect(Timestamp.parse(text) == nil) }
    }

    @Test("More items than anybody may have are refused")
    func items() throws {
        let many = "{\"trade\":[" + String(repeating: "0,", count: 32_000) + "0]}"
        #expect(try #require(refusal(many)).contains("32001 items, more than 32000"))
    }

    @Test("Moments survive being written and read, at every precision")
    func timestamps() throws {
        for time: Int64 in [
            0, 1_698_851_407_661_000_000, 1_698_851_407_000_000_000, 951_782_400_000_000_001,
            4_102_444_799_999_999_999,
        ] {
            #expect(Timestamp.parse(Timestamp.text(time)) == time)
        }
        #expect(Timestamp.text(1_698_851_407_661_000_000) == "2023-11-01T15:10:07.661Z")
        #expect(Timestamp.text(-1_000_000) == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp.parse("2023-11-01T15:10:07.661+00:00") == 1_698_851_407_661_000_000)
        for text in [
            "2023-11-01T24:00:00Z", "2023-02-29T00:00:00Z", "2023-11-01T15:10:07", "", "Z",
        ] {
            #expect(Timestamp.parse(text) == nil, "\(text)")
        }
    }
}

@Suite struct JSONTests {
    private func parse(_ text: String) -> JSONValue? {
        try? JSONParser.parse(Array(text.utf8))
    }

    @Test("Values of every kind")
    func values() {
        #expect(
            parse(" [1, -2.5e1, true, false, null] ")
                == .array([.integer(1), .number(-25), .bool(true), .bool(false), .null]))
        #expect(
            parse(#"{"a":"\u00e9\n\ud83d\ude00\/"}"#)
                == .object([
                    .init(name: "a", value: .string("é\n😀/"))
                ]))
        #expect(parse("9223372036854775807") == .integer(.max))
        #expect(parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    }

    @Test(
        "What is not JSON is refused",
        arguments: [
            "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-",
            "nul", "tru", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
            "\"\u{1}\"", "[1 2]", "1 2", "{\"a\":1,\"a\":2}", "1e999", "NaN", "'a'", "\u{FEFF}1",
            "[1]]", "{\"a\" 1}", "{1:2}",
        ])
    func refused(_ text: String) {
        #expect(parse(text) == nil)
    }

    @Test("Bytes that are not UTF-8 are refused in a string")
    func encoding() {
        #expect(throws: RequestError.self) {
            _ = try JSONParser.parse([0x22, 0xFF, 0x22])
        }
    }

    @Test("Nesting ends at sixteen levels, also where the text is 100 MB of brackets")
    func nesting() throws {
        #expect(parse(String(repeating: "[", count: 16) + String(repeating: "]", count: 16)) != nil)
        #expect(parse(String(repeating: "[", count: 17) + String(repeating: "]", count: 17)) == nil)
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000_000)
        #expect(throws: RequestError.self) { _ = try JSONParser.parse(deep) }
    }

    @Test("What is written is read by another implementation")
    func writing() throws {
        let bytes = JSONText.object { text in
            text.member("quoted \"\\\n\u{1}", "é\t😀")
            text.name("numbers")
            text.array { text in
                text.value(0.1)
                text.value(100.0)
                text.value(-1)
                text.value(Double.nan)
                text.value(Float(0.25))
            }
            text.member("flag", true)
            text.name("empty")
            text.object { _ in }
        }
        let object = try foundationObject(bytes)
        #expect(object["quoted \"\\\n\u{1}"] as? String == "é\t😀")
        let numbers = try #require(object["numbers"] as? [Any])
        #expect(numbers.compactMap { $0 as? Double } == [0.1, 100, -1, 0.25])
        #expect(object["flag"] as? Bool == true)
    }
}
