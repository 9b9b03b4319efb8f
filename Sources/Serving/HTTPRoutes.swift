import Bonds
import Files
import Foundation
import NIOHTTP1
import Quantiles
import Tape

/// What the server answers over plain HTTP, without sockets.
package struct HTTPRoutes: Sendable {
    /// Nil where there is no market, only models.
    package let service: PricingService?
    /// Nil where tokens come from outside.
    package let issuer: LocalIssuer?
    package let verify: @Sendable (String) async throws(TokenError) -> TokenClaims
    package let inference: OpenInference
    package let metrics: Metrics
    package let now: @Sendable () -> Int64

    /// The largest body of a request, in bytes.
    package static let largestBody = 64 << 20

    package func response(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        let (route, response) = await routed(request)
        metrics.count(
            .httpRequests, "path=\"\(route)\",status=\"\(response.status.code)\"")
        metrics.observe("http", seconds: start.duration(to: .now) / .seconds(1))
        return response
    }

    /// The answer, and the route under which it is counted.
    private func routed(_ request: HTTPRequest) async -> (String, HTTPResponse) {
        let path = request.path
        if path == "/v2" || path.hasPrefix("/v2/") {
            if !isOpen(path), await !isAuthorized(request) { return ("/v2", Self.unauthorized) }
            return ("/v2", await inference.response(to: request))
        }
        if path == "/", request.method == .GET, service != nil { return (path, UserPage.pointer) }
        guard let allowed = Self.methods[path] else {
            return ("other", .error(.notFound, "nothing is here"))
        }
        guard request.method == allowed else {
            var response = HTTPResponse.error(.methodNotAllowed, "expected \(allowed.rawValue)")
            response.headers.add(name: "Allow", value: allowed.rawValue)
            return (path, response)
        }
        switch path {
        case "/healthz": return (path, .text("ok\n"))
        case "/ui": return (path, UserPage.response)
        case "/readyz": return (path, await readiness())
        case "/metrics": return (path, await metricsPage())
        case "/": return (path, await Cognito.response(to: request, issuer: issuer, now: now()))
        case "/.well-known/jwks.json":
            return (path, issuer.map { .json($0.keySet) } ?? .error(.notFound, "no local issuer"))
        case "/v3/mapping": return (path, mapping(request))
        default:
            guard await isAuthorized(request) else { return (path, Self.unauthorized) }
            guard let service else { return (path, .error(.notFound, "no market is served")) }
            return (path, await MarketRoutes(service: service).response(to: request))
        }
    }

    private static let methods: [String: HTTPMethod] = [
        "/healthz": .GET, "/readyz": .GET, "/ui": .GET, "/metrics": .GET, "/": .POST,
        "/.well-known/jwks.json": .GET, "/v3/mapping": .POST, "/v1/events": .POST,
        "/v1/bonds": .GET, "/v1/trades": .GET,
    ]

    private static let unauthorized = HTTPResponse.error(.unauthorized, "no valid bearer token")

    /// Whether a path of the Open Inference Protocol tells nothing but that the server lives.
    private func isOpen(_ path: String) -> Bool { path.hasPrefix("/v2/health/") }

    private func isAuthorized(_ request: HTTPRequest) async -> Bool {
        guard let token = request.bearer else { return false }
        return (try? await verify(token)) != nil
    }

    /// Who prices, what is served at `/v2`, and as of when quotes are.
    private func readiness() async -> HTTPResponse {
        var versions = [service?.pricer.version].compactMap { $0 }
        for model in inference.models.all where !versions.contains(model.identity) {
            versions.append(model.identity)
        }
        let facts = await service?.pricer.marketFacts()
        return .json(
            JSONText.object { text in
                text.member("ready", true)
                text.member("models", versions)
                if let least = service?.pricer.minimumQuantity {
                    text.member("minimum_quantity", least)
                }
                if let time = facts?.time { text.member("market_time", Timestamp.text(time)) }
                if let time = facts?.last(.reported) {
                    text.member("last_trade_time", Timestamp.text(time))
                }
            })
    }

    private func metricsPage() async -> HTTPResponse {
        var gauges: [(name: String, help: String, labels: String, value: Double)] = []
        if let service {
            gauges = [
                (
                    "connections", "Open WebSocket connections.", "",
                    Double(service.connectionCount)
                ),
                ("subscriptions", "Live subscriptions.", "", Double(service.subscriptionCount)),
                (
                    "model_info", "The model that prices.",
                    "version=\"\(Metrics.escaped(service.pricer.version))\"", 1
                ),
            ]
        }
        let facts = await service?.pricer.marketFacts()
        for (name, help, time) in [
            ("market_time_seconds", "The last event, as of which quotes are.", facts?.time),
            ("last_trade_time_seconds", "The report of the last trade.", facts?.last(.reported)),
        ] {
            if let time { gauges.append((name, help, "", Double(time) / 1e9)) }
        }
        if let drift = service?.calibrationDrift {
            gauges.append(
                (
                    "calibration_drift",
                    "Mean distance of coverage from level over the last prints.", "", drift
                ))
        }
        return HTTPResponse(
            type: "text/plain; version=0.0.4; charset=utf-8",
            Array(metrics.text(gauges: gauges).utf8))
    }

    /// The form of OpenFIGI: an array of at most a hundred jobs.
    private func mapping(_ request: HTTPRequest) -> HTTPResponse {
        guard let service else { return .error(.notFound, "no market is served") }
        guard let jobs = try? JSONParser.parse(request.body).array else {
            return .error(.badRequest, "expected a JSON array of jobs")
        }
        guard jobs.count <= 100 else {
            return .error(.payloadTooLarge, "\(jobs.count) jobs, more than 100")
        }
        return .json(service.directory.mapping(jobs))
    }
}

/// The form of Amazon Cognito's InitiateAuth, in which the protocol's clients ask for tokens.
package enum Cognito {
    package static let target = "AWSCognitoIdentityProviderService.InitiateAuth"

    package static func response(
        to request: HTTPRequest, issuer: LocalIssuer?, now: Int64
    ) async -> HTTPResponse {
        guard let issuer else {
            return error(.badRequest, "InvalidAction", "Tokens come from another issuer here")
        }
        guard request.headers.first(name: "X-Amz-Target") == target else {
            return error(.badRequest, "UnknownOperationException", "Only InitiateAuth is here")
        }
        guard let value = try? JSONParser.parse(request.body),
            let parameters = value["AuthParameters"], let flow = value["AuthFlow"]?.string
        else {
            return error(.badRequest, "SerializationException", "AuthFlow or AuthParameters lack")
        }
        do {
            switch flow {
            case "USER_PASSWORD_AUTH":
                guard let name = parameters["USERNAME"]?.string,
                    let password = parameters["PASSWORD"]?.string
                else {
                    return error(
                        .badRequest, "InvalidParameterException", "USERNAME or PASSWORD lack")
                }
                return tokens(try await issuer.logIn(name: name, password: password, at: now))
            case "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN":
                guard let token = parameters["REFRESH_TOKEN"]?.string else {
                    return error(.badRequest, "InvalidParameterException", "REFRESH_TOKEN lacks")
                }
                return tokens(try await issuer.refresh(token, at: now))
            default:
                return error(
                    .badRequest, "InvalidParameterException",
                    "AuthFlow is USER_PASSWORD_AUTH or REFRESH_TOKEN_AUTH")
            }
        } catch is LocalIssuer.TooManyRequests {
            return error(.badRequest, "TooManyRequestsException", "Too many requests")
        } catch is LocalIssuer.NotAuthorized {
            return error(
                .badRequest, "NotAuthorizedException", "Incorrect username or password.")
        } catch {
            return self.error(.internalServerError, "InternalErrorException", "Try again")
        }
    }

    private static func tokens(_ tokens: LocalIssuer.Tokens) -> HTTPResponse {
        amazon(
            .ok,
            JSONText.object { text in
                text.name("AuthenticationResult")
                text.object { text in
                    text.member("IdToken", tokens.identity)
                    text.member("AccessToken", tokens.identity)
                    if let refresh = tokens.refresh { text.member("RefreshToken", refresh) }
                    text.member("ExpiresIn", LocalIssuer.identityLifetime)
                    text.member("TokenType", "Bearer")
                }
                text.name("ChallengeParameters")
                text.object { _ in }
            })
    }

    private static func error(
        _ status: HTTPResponseStatus, _ type: String, _ message: String
    ) -> HTTPResponse {
        var response = amazon(
            status,
            JSONText.object { text in
                text.member("__type", type)
                text.member("message", message)
            })
        response.headers.add(name: "x-amzn-ErrorType", value: type)
        return response
    }

    private static func amazon(_ status: HTTPResponseStatus, _ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            status, type: "application/x-amz-json-1.1", headers: ["Cache-Control": "no-store"], body
        )
    }
}
