import Files
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Tape

/// One process, one port: WebSocket clients at `/`, HTTP beside them.
public final class Server: Sendable {
    /// Where tokens come from.
    public enum Authority: Sendable {
        /// The users of a file, who log in at this server.
        case local(LocalIssuer)
        /// An outside issuer, whose keys are known.
        case outside(TokenVerifier)
    }

    /// A market and who prices it.
    public struct Market: Sendable {
        public var directory: BondDirectory
        public var pricer: any Pricer

        public init(directory: BondDirectory, pricer: any Pricer) {
            self.directory = directory
            self.pricer = pricer
        }
    }

    /// Where the server listens.
    public struct Address: Sendable {
        public var host: String
        /// 0 for any free one.
        public var port: Int
        public var tls: ServerCertificate?

        public init(host: String = "127.0.0.1", port: Int, tls: ServerCertificate? = nil) {
            self.host = host
            self.port = port
            self.tls = tls
        }

        /// Listens for a moment, so that a port that cannot be had is told before anything else is done.
        /// - Throws: `FileError` where it cannot.
        public func check() async throws(FileError) {
            do {
                let channel = try await Server.bootstrap.bind(host: host, port: port).get()
                try await channel.close()
            } catch {
                throw refusal(error)
            }
        }

        fileprivate func refusal(_ error: any Error) -> FileError {
            error as? FileError
                ?? FileError(
                    .inputOutput, file: "\(host):\(port)",
                    "cannot listen: "
                        + ((error as? IOError).map { String(cString: strerror($0.errnoCode)) }
                            ?? "\(error)"),
                    advice: "Choose another --port")
        }
    }

    package let service: PricingService?
    package let routes: HTTPRoutes
    private let address: Address
    private let connections = Connections()

    /// Between two looks at what is due; subscriptions are refreshed a little at a time.
    private static let tickTime = Duration.milliseconds(50)
    /// How long answers that are under way may take when the server stops.
    private static let drainTime = Duration.seconds(10)
    /// How long a client may take until its first request is there.
    private static let handshakeTime = TimeAmount.seconds(30)
    /// The largest message of a WebSocket client; 32,000 items take 4 to 6 MB.
    package static let largestMessage = 16 << 20

    /// - Parameters:
    ///   - market: nil where only models are served.
    ///   - models: what the Open Inference Protocol serves.
    ///   - refresh: seconds between two refreshes of live subscriptions.
    ///   - warn: told what the operator should know.
    public convenience init(
        _ address: Address, market: Market?, models: ServedModels = ServedModels(),
        authority: Authority, refresh: Double = 15,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        var limits = SessionBook.Limits()
        limits.refresh = Int64(refresh * 1e9)
        self.init(
            address, market: market, models: models, authority: authority, limits: limits,
            clock: PricingService.systemTime, warn: warn)
    }

    package init(
        _ address: Address, market: Market?, models: ServedModels = ServedModels(),
        authority: Authority, limits: SessionBook.Limits, clock: @escaping @Sendable () -> Int64,
        warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.address = address
        let (issuer, verifier): (LocalIssuer?, TokenVerifier) =
            switch authority {
            case .local(let issuer): (issuer, issuer.verifier)
            case .outside(let verifier): (nil, verifier)
            }
        let service = market.map {
            PricingService(
                pricer: $0.pricer, directory: $0.directory, verifier: verifier, limits: limits,
                clock: clock, warn: warn)
        }
        let metrics = service?.metrics ?? Metrics()
        self.service = service
        routes = HTTPRoutes(
            service: service, issuer: issuer,
            verify: { token throws(TokenError) in
                if let service { return try await service.verify(token) }
                return try await verifier.verify(token, at: clock())
            }, inference: OpenInference(models: models, metrics: metrics), metrics: metrics,
            now: clock)
    }

    /// From now on another pricer answers; no connection ends.
    public func replace(pricer: any Pricer) {
        service?.replace(pricer: pricer)
    }

    /// Takes in what became known while the server runs, in the order of its time, without what no
    /// market has.
    /// - Returns: why each event is left out; nil where it was taken in, or was known.
    public func follow(_ events: [MarketEvent]) async -> [String?] {
        await service?.follow(events) ?? events.map { _ in nil }
    }

    /// Serves until `stop` returns; then new connections are refused, answers under way are finished
    /// and the others end.
    /// - Parameters:
    ///   - ready: called once with the port when connections are accepted.
    /// - Throws: `FileError` where the port cannot be had.
    public func run(
        ready: (_ port: Int) -> Void, until stop: @escaping @Sendable () async -> Void
    ) async throws {
        let listener: NIOAsyncChannel<EventLoopFuture<Negotiated>, Never>
        do {
            listener = try await bind()
        } catch {
            throw address.refusal(error)
        }
        ready(listener.channel.localAddress?.port ?? address.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Refreshes give way to whoever asks.
            group.addTask(priority: .utility) { [self] in
                while !Task.isCancelled {
                    await service?.tick()
                    try? await Task.sleep(for: Self.tickTime)
                }
            }
            group.addTask { [self] in
                await stop()
                listener.channel.close(promise: nil)
                service?.closeAll()
                connections.drain()
                try? await Task.sleep(for: Self.drainTime)
                connections.closeAll()
            }
            try await accept(listener)
            group.cancelAll()
        }
    }

    /// Takes connections until the listener is closed and all of them have ended.
    private func accept(
        _ listener: NIOAsyncChannel<EventLoopFuture<Negotiated>, Never>
    ) async throws {
        await withDiscardingTaskGroup { group in
            // The listener ends with an error where it is closed while it waits.
            try? await listener.executeThenClose { inbound in
                for try await negotiation in inbound {
                    group.addTask { [self] in
                        switch try? await negotiation.get() {
                        case .webSocket(let channel)?:
                            guard let service else { return }
                            await WebSocketConnection(channel: channel, service: service).serve()
                        case .http(let channel)?:
                            await HTTPConnection(
                                channel: channel, routes: routes, connections: connections
                            ).serve()
                        case nil: break
                        }
                    }
                }
            }
        }
    }
}

// MARK: Pipeline

extension Server {
    /// What a client turned out to speak.
    package enum Negotiated: Sendable {
        case webSocket(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>)
        case http(NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>)
    }

    fileprivate static var bootstrap: ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    }

    private func bind() async throws -> NIOAsyncChannel<EventLoopFuture<Negotiated>, Never> {
        let context = try address.tls?.context()
        let speaksWebSocket = service != nil
        let connections = connections
        return try await Self.bootstrap
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLServerHandler(context: context))
                    }
                    let deadline = channel.eventLoop.scheduleTask(in: Self.handshakeTime) {
                        channel.close(promise: nil)
                    }
                    connections.add(channel)
                    return try Self.negotiate(
                        channel, speaksWebSocket: speaksWebSocket, deadline: deadline)
                }
            }
    }

    private static func negotiate(
        _ channel: any Channel, speaksWebSocket: Bool, deadline: Scheduled<Void>
    ) throws -> EventLoopFuture<Negotiated> {
        let upgrader = NIOTypedWebSocketServerUpgrader<Negotiated>(
            maxFrameSize: largestMessage,
            shouldUpgrade: { channel, head in
                let path = head.uri.prefix { $0 != "?" }
                let accepts = speaksWebSocket && path == "/"
                return channel.eventLoop.makeSucceededFuture(accepts ? HTTPHeaders() : nil)
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    deadline.cancel()
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(KeepAlive())
                    try pipeline.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 1, maxAccumulatedFrameCount: 65_536,
                            maxAccumulatedFrameSize: largestMessage))
                    return .webSocket(
                        try NIOAsyncChannel(wrappingChannelSynchronously: channel))
                }
            })
        return try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
            configuration: NIOUpgradableHTTPServerPipelineConfiguration(
                upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration(
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { channel in
                        channel.eventLoop.makeCompletedFuture {
                            deadline.cancel()
                            let pipeline = channel.pipeline.syncOperations
                            try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(75)))
                            try pipeline.addHandler(IdleCloser())
                            return .http(
                                try NIOAsyncChannel(wrappingChannelSynchronously: channel))
                        }
                    })))
    }
}
