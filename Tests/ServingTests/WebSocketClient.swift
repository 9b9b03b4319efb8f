import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

import Serving

/// A WebSocket client on the loopback.
struct WebSocketClient {
    typealias Channel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    struct NotUpgraded: Error {}
    struct Closed: Error {
        var code: UInt16?
    }

    let frames: AsyncStream<WebSocketFrame>
    let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    let channel: any NIOCore.Channel

    /// Connects, and ends the connection after the body.
    static func connect<Result: Sendable>(
        port: Int, path: String = "/", certificate: String? = nil,
        _ body: @Sendable (WebSocketClient) async throws -> Result
    ) async throws -> Result {
        let channel = try await channel(port: port, path: path, certificate: certificate)
        return try await channel.executeThenClose { inbound, outbound in
            let (frames, continuation) = AsyncStream.makeStream(of: WebSocketFrame.self)
            let pump = Task {
                // However the connection ends, there are no more frames.
                try? await { for try await frame in inbound { continuation.yield(frame) } }()
                continuation.finish()
            }
            defer { pump.cancel() }
            return try await body(
                WebSocketClient(frames: frames, outbound: outbound, channel: channel.channel))
        }
    }

    private static func channel(
        port: Int, path: String, certificate: String?
    ) async throws -> Channel {
        let context = try certificate.map { path in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(path)
            return try NIOSSLContext(configuration: configuration)
        }
        let upgrade: EventLoopFuture<Channel> = try await ClientBootstrap(
            group: MultiThreadedEventLoopGroup.singleton
        ).connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                if let context {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                }
                let upgrader = NIOTypedWebSocketClientUpgrader<Channel>(
                    maxFrameSize: 1 << 26,
                    upgradePipelineHandler: { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                        }
                    })
                let head = HTTPRequestHead(
                    version: .http1_1, method: .GET, uri: path,
                    headers: ["Host": "localhost", "Content-Length": "0"])
                return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                    configuration: NIOUpgradableHTTPClientPipelineConfiguration(
                        upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                            upgradeRequestHead: head, upgraders: [upgrader],
                            notUpgradingCompletionHandler: { channel in
                                channel.close(promise: nil)
                                return channel.eventLoop.makeFailedFuture(NotUpgraded())
                            })))
            }
        }
        return try await upgrade.get()
    }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8], opcode: WebSocketOpcode = .text, isLast: Bool = true) async throws {
        try await outbound.write(
            WebSocketFrame(
                fin: isLast, opcode: opcode, maskKey: .random(), data: ByteBuffer(bytes: bytes)))
    }

    /// The next text as an object; throws `Closed` where the server ends the connection first.
    func receive() async throws -> [String: Any] {
        for await frame in frames {
            switch frame.opcode {
            case .text: return try foundationObject(Array(frame.data.readableBytesView))
            case .connectionClose:
                var data = frame.data
                throw Closed(code: data.readInteger())
            default: continue
            }
        }
        throw Closed(code: nil)
    }

    /// The next frame, nil where the connection ends.
    func frame() async -> WebSocketFrame? {
        for await frame in frames { return frame }
        return nil
    }
}
