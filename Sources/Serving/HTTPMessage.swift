import Foundation
import NIOHTTP1

/// A whole HTTP request.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// Without the query.
    package var path: String
    /// Decoded; of a name that comes twice the first.
    package var query: [String: String]
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(
        method: HTTPMethod = .GET, uri: String, headers: HTTPHeaders = [:], body: [UInt8] = []
    ) {
        self.method = method
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? "/"
        query = [:]
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? sides[1].replacing("+", with: " ") : ""
            guard let name = String(sides[0]).removingPercentEncoding,
                let text = String(value).removingPercentEncoding, query[name] == nil
            else { continue }
            query[name] = text
        }
        self.headers = headers
        self.body = body
    }

    /// The token of `Authorization: Bearer …`.
    package var bearer: String? {
        guard let value = headers.first(name: "Authorization") else { return nil }
        let words = value.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }
}

/// A whole HTTP response.
package struct HTTPResponse: Sendable {
    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(
        _ status: HTTPResponseStatus = .ok, type: String, headers: HTTPHeaders = [:],
        _ body: [UInt8]
    ) {
        self.status = status
        self.headers = headers
        self.headers.replaceOrAdd(name: "Content-Type", value: type)
        self.body = body
    }

    package static func json(_ body: [UInt8], _ status: HTTPResponseStatus = .ok) -> HTTPResponse {
        HTTPResponse(status, type: "application/json", body)
    }

    /// `{"error": …}`.
    package static func error(_ status: HTTPResponseStatus, _ reason: String) -> HTTPResponse {
        var response = json(ServerMessage.error(reason), status)
        if status == .unauthorized {
            response.headers.add(name: "WWW-Authenticate", value: "Bearer")
        }
        return response
    }

    package static func text(_ text: String, _ status: HTTPResponseStatus = .ok) -> HTTPResponse {
        HTTPResponse(status, type: "text/plain; charset=utf-8", Array(text.utf8))
    }
}
