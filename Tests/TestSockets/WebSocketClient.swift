import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// A WebSocket client on the loopback.
public struct WebSocketClient: Sendable {
    public typealias Channel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    public struct NotUpgraded: Error {}
    public struct Closed: Error {
        public var code: UInt16?
    }
    public struct NoObject: Error {
        public var text: String
    }

    public let frames: AsyncStream<WebSocketFrame>
    public let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    public let channel: any NIOCore.Channel

    /// Connects, and ends the connection after the body.
    public static func connect<Result: Sendable>(
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

    public func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    public func send(_ bytes: [UInt8], opcode: WebSocketOpcode = .text, isLast: Bool = true)
        async throws
    {
        try await outbound.write(
            WebSocketFrame(
                fin: isLast, opcode: opcode, maskKey: .random(), data: ByteBuffer(bytes: bytes)))
    }

    /// The next text as an object; throws `Closed` where the server ends the connection first.
    public func receive() async throws -> [String: Any] {
        for await frame in frames {
            switch frame.opcode {
            case .text:
                // As Foundation reads it: not by the parser under test.
                let value = try JSONSerialization.jsonObject(
                    with: Data(frame.data.readableBytesView))
                guard let object = value as? [String: Any] else {
                    throw NoObject(text: String(buffer: frame.data))
                }
                return object
            case .connectionClose:
                var data = frame.data
                throw Closed(code: data.readInteger())
            default: continue
            }
        }
        throw Closed(code: nil)
    }

    /// The next frame, nil where the connection ends.
    public func frame() async -> WebSocketFrame? {
        for await frame in frames { return frame }
        return nil
    }
}
