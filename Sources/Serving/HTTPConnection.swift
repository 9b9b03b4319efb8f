import NIOCore
import NIOHTTP1

/// Serves the HTTP requests of one connection, one after another.
package struct HTTPConnection {
    package let channel: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    package let routes: HTTPRoutes
    package let connections: Connections

    package func serve() async {
        // A client that vanishes in the middle is not an error of ours.
        try? await channel.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            while connections.becomesIdle(channel.channel),
                case .head(let head)? = try await parts.next()
            {
                connections.becomesBusy(channel.channel)
                if head.headers[canonicalForm: "expect"].contains("100-continue") {
                    try await outbound.write(
                        .head(HTTPResponseHead(version: head.version, status: .continue)))
                }
                let body = try await Self.body(&parts)
                let response: HTTPResponse
                if let body {
                    response = await routes.response(
                        to: HTTPRequest(
                            method: head.method, uri: head.uri, headers: head.headers, body: body))
                } else {
                    response = .error(
                        .payloadTooLarge, "more than \(HTTPRoutes.largestBody >> 20) MB")
                }
                // The rest of a body that is too large is not read.
                let staysOpen = head.isKeepAlive && body != nil
                try await write(response, to: head, staysOpen: staysOpen, outbound)
                guard staysOpen else { return }
            }
        }
    }

    /// The body of a request; nil where it is too large.
    private static func body(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    ) async throws -> [UInt8]? {
        var body: [UInt8] = []
        while let part = try await parts.next() {
            switch part {
            case .body(let buffer):
                guard body.count + buffer.readableBytes <= HTTPRoutes.largestBody else {
                    return nil
                }
                body.append(contentsOf: buffer.readableBytesView)
            case .end: return body
            case .head: throw ChannelError.inappropriateOperationForState
            }
        }
        throw ChannelError.eof
    }

    private func write(
        _ response: HTTPResponse, to request: HTTPRequestHead, staysOpen: Bool,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var headers = response.headers
        headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
        if !staysOpen { headers.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: request.version, status: response.status, headers: headers)
        var parts: [HTTPServerResponsePart] = [.head(head)]
        if request.method != .HEAD, !response.body.isEmpty {
            parts.append(.body(.byteBuffer(ByteBuffer(bytes: response.body))))
        }
        parts.append(.end(nil))
        try await outbound.write(contentsOf: parts)
    }
}

/// Ends a connection on which nothing happens any more.
package final class IdleCloser: ChannelInboundHandler {
    package typealias InboundIn = HTTPServerRequestPart

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
