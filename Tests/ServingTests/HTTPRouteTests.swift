import Foundation
import Synchronization
import NIOHTTP1
import Tape
import Testing

import Serving

/// Doubles its first feature (or takes another multiple) and adds the second.
struct FakeModel: TensorModel {
    var factor: Float = 2
    var version = "1"
    var name: String { "sum" }
    var platform: String { "test" }
    var input: (name: String, columns: Int) { ("features", 2) }
    var output: (name: String, columns: Int) { ("quantiles", 1) }
    var outputParameters: [(name: String, text: String)] { [("unit", "sums")] }

    func infer(rows: Int, _ values: [Float]) async -> [Float] {
        (0..<rows).map { factor * values[2 * $0] + values[2 * $0 + 1] }
    }
}

/// One after the other: the issuer refuses log-ins while many wait.
@Suite(.serialized) struct HTTPRouteTests {
    private let clock = TestClock()
    private let pricer = FakePricer()

    private func server(
        _ models: ServedModels = ServedModels([FakeModel()])
    ) async throws -> Server {
        Server(
            Server.Address(port: 0), market: .init(directory: .sample, pricer: pricer),
            models: models, authority: .local(try await SampleIssuer.shared.value), limits: .init(),
            clock: clock.read)
    }

    private func bearer() async throws -> HTTPHeaders {
        let token = try await SampleIssuer.shared.value
            .logIn(name: "alice", password: SampleIssuer.password, at: clock.now).identity
        return ["Authorization": "Bearer \(token)"]
    }

    private func get(_ uri: String, _ headers: HTTPHeaders = [:]) async throws -> HTTPResponse {
        try await server().routes.response(to: HTTPRequest(uri: uri, headers: headers))
    }

    private func post(
        _ uri: String, _ body: [UInt8], _ headers: HTTPHeaders = [:]
    ) async throws -> HTTPResponse {
        try await server().routes.response(
            to: HTTPRequest(method: .POST, uri: uri, headers: headers, body: body))
    }

    // MARK: Log-in

    private func logIn(_ body: String) async throws -> HTTPResponse {
        try await post("/", Array(body.utf8), ["X-Amz-Target": Cognito.target])
    }

    @Test("InitiateAuth with a password, then with the refresh token that it gave")
    func cognito() async throws {
        let first = try await logIn(
            """
            {"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"any",
             "AuthParameters":{"USERNAME":"alice","PASSWORD":"correct horse"}}
            """)
        #expect(first.status == .ok)
        let result = try #require(
            try foundationObject(first.body)["AuthenticationResult"] as? [String: Any])
        let token = try #require(result["IdToken"] as? String)
        let payload = token.split(separator: ".")[1]
        // As clients do: standard base64, two signs of padding more than needed at worst.
        let padded = payload + String(repeating: "=", count: (4 - payload.count % 4) % 4)
        let claims = try foundationObject(Array(try #require(Data(base64Encoded: String(padded)))))
        #expect(claims["auth_time"] is Int && claims["exp"] is Int)
        let refresh = try #require(result["RefreshToken"] as? String)
        let second = try await logIn(
            """
            {"AuthFlow":"REFRESH_TOKEN_AUTH","ClientId":"any",
             "AuthParameters":{"REFRESH_TOKEN":"\(refresh)"}}
            """)
        #expect(second.status == .ok)
    }

    @Test("Wrong log-ins have the type by which the AWS libraries know them")
    func wrongLogIns() async throws {
        let cases = [
            (
                #"{"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"USERNAME":"alice","PASSWORD":"no"}}"#,
                "NotAuthorizedException"
            ),
            (
                #"{"AuthFlow":"REFRESH_TOKEN_AUTH","AuthParameters":{"REFRESH_TOKEN":"a.b.c"}}"#,
                "NotAuthorizedException"
            ),
            (#"{"AuthFlow":"SRP","AuthParameters":{}}"#, "InvalidParameterException"),
            (
                #"{"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{}}"#,
                "InvalidParameterException"
            ),
            ("{", "SerializationException"),
        ]
        for (body, type) in cases {
            let response = try await logIn(body)
            #expect(response.status == .badRequest)
            #expect(try foundationObject(response.body)["__type"] as? String == type)
        }
    }

    // MARK: Open pages

    @Test("Health, readiness and metrics need no token")
    func openPages() async throws {
        #expect(try await get("/healthz").status == .ok)
        let ready = try foundationObject(try await get("/readyz").body)
        #expect(ready["models"] as? [String] == ["fake/1", "sum/1"])
        let server = try await server()
        _ = await server.routes.response(to: HTTPRequest(uri: "/healthz"))
        let page = String(
            decoding: await server.routes.response(to: HTTPRequest(uri: "/metrics")).body,
            as: UTF8.self)
        #expect(page.contains("tenor_http_requests_total{path=\"/healthz\",status=\"200\"} 1\n"))
        #expect(page.contains("tenor_answer_seconds_bucket{kind=\"http\",le=\"+Inf\"} 1\n"))
        #expect(page.contains("tenor_model_info{version=\"fake/1\"} 1.0\n"))
        #expect(page.contains("# TYPE tenor_subscriptions gauge\n"))
        // Nothing has happened yet, so there is no time to tell.
        #expect(ready["market_time"] == nil && !page.contains("tenor_market_time_seconds"))
    }

    @Test("Readiness and metrics tell as of when quotes are, and how old the last trade is")
    func marketTime() async throws {
        _ = try await events(
            trade,
            #"{"event":"market","time":1771000007000000000,"symbol":"LQD","price":108.5}"#)
        let ready = try foundationObject(try await get("/readyz").body)
        #expect(ready["market_time"] as? String == "2026-02-13T16:26:47.000Z")
        #expect(ready["last_trade_time"] as? String == "2026-02-13T16:26:45.000Z")
        let page = String(decoding: try await get("/metrics").body, as: UTF8.self)
        #expect(page.contains("tenor_market_time_seconds 1771000007.0\n"))
        #expect(page.contains("tenor_last_trade_time_seconds 1771000005.0\n"))
    }

    @Test(
        "Nothing that prices or tells of trades is open",
        arguments: ["/v2", "/v2/models/sum", "/v1/bonds", "/v1/trades?bond=000000000"])
    func closedPages(_ uri: String) async throws {
        #expect(try await get(uri).status == .unauthorized)
        #expect(try await get(uri, ["Authorization": "Bearer a.b.c"]).status == .unauthorized)
        #expect(try await get(uri, try await bearer()).status == .ok)
    }

    @Test("Unknown paths and wrong methods")
    func unknown() async throws {
        #expect(try await get("/nothing").status == .notFound)
        let start = try await get("/")
        #expect(start.status == .seeOther && start.headers.first(name: "Location") == "/ui")
        #expect(try await get("/v1/events").status == .methodNotAllowed)
        #expect(try await post("/healthz", []).headers.first(name: "Allow") == "GET")
        #expect(try await post("/v1/events", []).status == .unauthorized)
    }

    // MARK: Mapping

    @Test("OpenFIGI's form: one entry a job, in order, a warning where there is no FIGI")
    func mapping() async throws {
        let jobs = """
            [{"idType":"ID_CUSIP","idValue":"000000001"},
             {"idType":"ID_ISIN","idValue":"US0000000021"},
             {"idType":"ID_CUSIP","idValue":"000000003"}, {"idType":"ID_CUSIP","idValue":"nobody"},
             {"idType":"TICKER","idValue":"000000001"}, {}]
            """
        let response = try await post("/v3/mapping", Array(jobs.utf8))
        let entries = try #require(
            try JSONSerialization.jsonObject(with: Data(response.body)) as? [[String: Any]])
        let figis = entries.map { ($0["data"] as? [[String: Any]])?.first?["figi"] as? String }
        #expect(figis == [BondDirectory.figis[1], BondDirectory.figis[2], nil, nil, nil, nil])
        #expect(entries.dropFirst(2).allSatisfy { $0["warning"] is String })
        #expect(try await post("/v3/mapping", Array("{}".utf8)).status == .badRequest)
        let many = "[" + [String](repeating: "{}", count: 101).joined(separator: ",") + "]"
        #expect(try await post("/v3/mapping", Array(many.utf8)).status == .payloadTooLarge)
    }

    @Test("Bonds are found by the beginning of an identifier and by a part of the issuer")
    func search() async throws {
        let headers = try await bearer()
        for (text, count) in [("", 4), ("issuer%202", 1), ("bbg00h", 1), ("00000000", 4), ("x", 0)]
        {
            let response = try await get("/v1/bonds?search=\(text)", headers)
            #expect((try foundationObject(response.body)["bonds"] as? [Any])?.count == count)
        }
        #expect(try await get("/v1/trades?bond=nobody", headers).status == .notFound)
    }

    // MARK: Events

    private let trade =
        #"{"event":"trade","trade_id":"1","cusip":"000000000","execution_date":1771000001000000000,"report_date":1771000005000000000,"buy_sell":"S","side":"C","quantity":1000000,"price":99.5,"ats_indicator":"Y"}"#

    private func events(_ lines: String...) async throws -> HTTPResponse {
        try await post(
            "/v1/events", Array(lines.joined(separator: "\n").utf8), try await bearer())
    }

    @Test("Events of every kind reach the pricer, and a trade can be read back")
    func events() async throws {
        let withdrawal = trade.replacing("\"trade\"", with: "\"withdrawn\"")
            .replacing(
                "\"buy_sell\"", with: "\"withdrawn_date\":1771000009000000000,\"buy_sell\"")
        let response = try await events(
            trade, "",
            #"{"event":"treasury","time":1771000006000000000,"tenor":10,"cusip":"T","coupon":4,"maturity":"2035-11-15","yield_mid":4.2}"#,
            #"{"event":"market","time":1771000007000000000,"symbol":"LQD","price":108.5}"#,
            withdrawal,
            trade.replacing("000000000\"", with: "unknown00\"").replacing("05000", with: "10000"),
            #"{"event":"rating","issuer":"Issuer 0","date":"2026-05-05","agency":"SP","rating":"BBB+"}"#
        )
        #expect(response.status == .ok, "\(String(decoding: response.body, as: UTF8.self))")
        let answer = try foundationObject(response.body)
        #expect(answer["accepted"] as? Int == 5)
        #expect(answer["unknown_bonds"] as? Int == 1)
        let passed = try #require(answer["passed_over"] as? [[String: Any]])
        #expect(passed.map { $0["line"] as? Int } == [6])
        #expect((passed.first?["reason"] as? String)?.contains("CUSIP 'unknown00'") == true)
        let seconds = pricer.events.withLock { $0.map { $0.time / 1_000_000_000 - 1_771_000_000 } }
        #expect(seconds.prefix(4) == [5, 6, 7, 9])
        let trades = try await get("/v1/trades?bond=\(BondDirectory.figis[0])", try await bearer())
        let found = try #require(try foundationObject(trades.body)["trade"] as? [[String: Any]])
        #expect(found.first?["side"] as? String == "offer")
        #expect(found.first?["ats_indicator"] as? String == "Y")
    }

    @Test("Where one line is wrong, none counts, and the line is named")
    func wrongEvents() async throws {
        for line in ["{", trade.replacing("99.5", with: "1e300")] {
            let response = try await events(trade, line)
            #expect(response.status == .badRequest)
            let text = try #require(try foundationObject(response.body)["error"] as? String)
            #expect(text.hasPrefix("line 2"), "\(text)")
        }
        #expect(pricer.events.withLock { $0.isEmpty })
    }

    @Test("An event that lets the market's clock leap is taken in, and told to sender and operator")
    func leap() async throws {
        let told = Mutex<[String]>([])
        let server = Server(
            Server.Address(port: 0), market: .init(directory: .sample, pricer: pricer),
            authority: .local(try await SampleIssuer.shared.value), limits: .init(),
            clock: clock.read, warn: { text in told.withLock { $0.append(text) } })
        let headers = try await bearer()
        func send(_ line: String) async throws -> [String: Any] {
            try foundationObject(
                await server.routes.response(
                    to: HTTPRequest(
                        method: .POST, uri: "/v1/events", headers: headers, body: Array(line.utf8))
                ).body)
        }
        #expect(try await send(trade)["warning"] == nil)
        let later = #"{"event":"market","time":TIME,"symbol":"LQD","price":108.5}"#
        #expect(
            try await send(later.replacing("TIME", with: "1771500000000000000"))["warning"] == nil)
        let answer = try await send(later.replacing("TIME", with: "1779999999000000000"))
        #expect(answer["accepted"] as? Int == 1)
        let warning = try #require(answer["warning"] as? String)
        #expect(
            warning.hasPrefix(
                "with the tick of LQD at 1779999999000000000 the market's clock leaps from "
                    + "2026-02-19T"), "\(warning)")
        #expect(told.withLock { $0 } == [warning])
        // There is none behind it.
        #expect(
            try await send(later.replacing("TIME", with: "1780000000000000000"))["warning"] == nil)
    }

    @Test("What was sent before is passed over: a batch can be sent again")
    func sentTwice() async throws {
        let other = trade.replacing("\"1\"", with: "\"2\"")
        _ = try await events(trade, other)
        let again = try foundationObject(try await events(trade, other).body)
        #expect(again["accepted"] as? Int == 0)
        let reasons = try #require(again["passed_over"] as? [[String: Any]])
        #expect(
            reasons.map { $0["reason"] as? String }
                == ["the trade '1' is known already", "the trade '2' is known already"])
        #expect(pricer.events.withLock { $0.count } == 2)
    }

    // MARK: Open Inference Protocol

    private func infer(_ body: [UInt8], _ headers: HTTPHeaders = [:]) async throws -> HTTPResponse {
        var all = try await bearer()
        all.add(contentsOf: headers)
        return try await post("/v2/models/sum/infer", body, all)
    }

    @Test("Metadata of the server and its models")
    func metadata() async throws {
        let headers = try await bearer()
        let server = try foundationObject(try await get("/v2", headers).body)
        #expect(server["extensions"] as? [String] == ["binary_tensor_data"])
        let model = try foundationObject(
            try await get("/v2/models/sum/versions/1", headers).body)
        let inputs = try #require(model["inputs"] as? [[String: Any]])
        #expect(inputs[0]["shape"] as? [Int] == [-1, 2])
        let outputs = try #require(model["outputs"] as? [[String: Any]])
        #expect(outputs[0]["parameters"] as? [String: String] == ["unit": "sums"])
        #expect(try await get("/v2/models/sum/ready", headers).status == .ok)
        #expect(try await get("/v2/health/live").status == .ok)
        #expect(try await get("/v2/models/other", headers).status == .notFound)
        #expect(try await get("/v2/models/sum/versions/2", headers).status == .notFound)
    }

    @Test("Inference in JSON, flat and nested, and in binary, gives the same numbers")
    func inference() async throws {
        for data in ["[1,2,3,4.5]", "[[1,2],[3,4.5]]"] {
            let response = try await infer(
                Array(
                    """
                    {"id":"7","inputs":[{"name":"features","datatype":"FP32","shape":[2,2],
                     "data":\(data)}]}
                    """.utf8))
            let object = try foundationObject(response.body)
            #expect(object["id"] as? String == "7")
            let output = try #require((object["outputs"] as? [[String: Any]])?.first)
            #expect(output["data"] as? [Double] == [4, 10.5])
            #expect(output["shape"] as? [Int] == [2, 1])
        }
        let header = Array(
            """
            {"inputs":[{"name":"features","datatype":"FP32","shape":[2,2],
             "parameters":{"binary_data_size":16}}],"parameters":{"binary_data_output":true}}
            """.utf8)
        let response = try await infer(
            header + LittleEndianFloats.bytes([1, 2, 3, 4.5]),
            [OpenInference.binaryHeader: "\(header.count)"])
        let length = try #require(
            response.headers.first(name: OpenInference.binaryHeader).flatMap { Int($0) })
        #expect(LittleEndianFloats.values(response.body[length...]) == [4, 10.5])
    }

    @Test("A model that is exchanged answers under its own version, without a restart")
    func exchanged() async throws {
        let models = ServedModels([FakeModel()])
        let server = try await server(models)
        let headers = try await bearer()
        let body = Array(
            #"{"inputs":[{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2]}]}"#.utf8)
        func infer() async throws -> (version: String?, value: Double?) {
            let response = await server.routes.response(
                to: HTTPRequest(
                    method: .POST, uri: "/v2/models/sum/infer", headers: headers, body: body))
            let object = try foundationObject(response.body)
            let output = (object["outputs"] as? [[String: Any]])?.first
            return (object["model_version"] as? String, (output?["data"] as? [Double])?.first)
        }
        let before = try await infer()
        #expect(before.version == "1" && before.value == 4)
        models.replace(FakeModel(factor: 5, version: "2"))
        let after = try await infer()
        #expect(after.version == "2" && after.value == 7)
        let ready = await server.routes.response(to: HTTPRequest(uri: "/readyz"))
        #expect(try foundationObject(ready.body)["models"] as? [String] == ["fake/1", "sum/2"])
        let old = await server.routes.response(
            to: HTTPRequest(uri: "/v2/models/sum/versions/1", headers: headers))
        #expect(old.status == .notFound)
    }

    @Test("What does not fit is told with what was expected and what was found")
    func shapes() async throws {
        func input(_ rest: String) -> String {
            "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\(rest)}]}"
        }
        let cases = [
            (
                #""shape":[2,3],"data":[]"#,
                "expected [rows, 2] with at most 1048576 rows, found [2, 3]"
            ),
            (#""shape":[4],"data":[]"#, "found [4]"), (#""shape":"x","data":[]"#, "found a string"),
            (#""data":[]"#, "found nothing"),
            (#""shape":["a",2],"data":[]"#, "found [a string, 2]"),
            (#""shape":[2,2],"data":[1,2,3]"#, "expected 4 numbers, for the shape [2, 2], found 3"),
            (#""shape":[2,2],"data":[[1,2],[3,4],[5,6]]"#, "for the shape [2, 2], found more"),
            (
                #""shape":[1,2],"data":[1,"x"]"#,
                "expected 2 numbers, for the shape [1, 2], found a string"
            ),
            (
                #""shape":[1,2],"parameters":{"binary_data_size":4}"#,
                "expected 8 bytes of binary data behind the JSON, for the shape [1, 2], found 0"
            ),
        ]
        for (rest, reason) in cases {
            let response = try await infer(Array(input(rest).utf8))
            let text = try #require(try foundationObject(response.body)["error"] as? String)
            #expect(response.status == .badRequest && text.contains(reason), "\(text)")
        }
    }

    @Test("Requests that do not fit the model are refused")
    func wrongInference() async throws {
        func body(_ input: String) -> [UInt8] { Array("{\"inputs\":[\(input)]}".utf8) }
        let cases: [([UInt8], HTTPHeaders)] = [
            (body(""), [:]), (Array("{}".utf8), [:]), ([], [:]),
            (body(#"{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP64","shape":[1,2],"data":[1,2]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP32","shape":[2,1],"data":[1,2]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP32","shape":[-1,2],"data":[1,2]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP32","shape":[1,2],"data":[1]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP32","shape":[1,2],"data":[1,2,3]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP32","shape":[1,2],"data":["1",2]}"#), [:]),
            (body(#"{"name":"features","datatype":"FP32","shape":[1,2],"data":[1e300,2]}"#), [:]),
            (
                body(
                    #"{"name":"features","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}"#
                ), [OpenInference.binaryHeader: "20"]
            ),
            (body(""), [OpenInference.binaryHeader: "-1"]),
            (body(""), [OpenInference.binaryHeader: "9999999999999999999"]),
        ]
        for (body, headers) in cases {
            let response = try await infer(body, headers)
            #expect(response.status == .badRequest, "\(String(decoding: body, as: UTF8.self))")
        }
    }
}
