import Files
import Foundation
import NIOCore
import NIOPosix
import NIOWebSocket
import Synchronization
import TestSockets
import Testing

import Serving

/// The server on the loopback: what only sockets show.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ServerTests {
    private static let figis = BondDirectory.figis

    /// Runs a server while the body does its work.
    private func withServer(
        pricer: any Pricer = FakePricer(), tls: ServerCertificate? = nil, refresh: Double = 15,
        _ body: @escaping @Sendable (Server, Int) async throws -> Void
    ) async throws {
        let server = Server(
            Server.Address(port: 0, tls: tls),
            market: .init(directory: .sample, pricer: pricer), models: ServedModels([FakeModel()]),
            authority: .local(try await SampleIssuer.shared.value), refresh: refresh)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run(
                    ready: { port.yield($0) }, until: { for await _ in stops {} })
            }
            group.addTask {
                defer { stop.finish() }
                guard let number = await ports.first(where: { _ in true }) else { return }
                try await body(server, number)
            }
            try await group.waitForAll()
        }
    }

    private func token(_ name: String = "alice") async throws -> String {
        try await SampleIssuer.shared.value.logIn(
            name: name, password: SampleIssuer.password, at: PricingService.systemTime()
        ).identity
    }

    private static func request(_ token: String, subscribes: Bool = false) -> String {
        "{\"token\":\"\(token)\",\"inference\":[{\"rfq_label\":\"price\",\"figi\":\"\(figis[0])\","
            + "\"quantity\":1000000,\"side\":\"offer\",\"subscribe\":\(subscribes)}]}"
    }

    private static func count(_ object: [String: Any], _ key: String) -> Int {
        (object[key] as? [Any])?.count ?? 0
    }

    @Test("A price over a socket, live refreshes, pongs, and a clean close")
    func session() async throws {
        let token = try await token()
        try await withServer(refresh: 0.3) { _, port in
            try await WebSocketClient.connect(port: port) { client in
                try await client.send(Self.request(token, subscribes: true))
                for _ in 0..<3 {
                    #expect(Self.count(try await client.receive(), "inference") == 1)
                }
                try await client.send([1, 2, 3], opcode: .ping)
                var pong: WebSocketFrame?
                while pong?.opcode != .pong, !Task.isCancelled { pong = await client.frame() }
                #expect(pong.map { Array($0.data.readableBytesView) } == [1, 2, 3])
                try await client.send([0x03, 0xE8], opcode: .connectionClose)
                await #expect(throws: WebSocketClient.Closed.self) {
                    while true { _ = try await client.receive() }
                }
            }
        }
    }

    @Test("A message in many fragments is one message")
    func fragments() async throws {
        let token = try await token()
        try await withServer { _, port in
            try await WebSocketClient.connect(port: port) { client in
                let bytes = Array(Self.request(token).utf8)
                let pieces = stride(from: 0, to: bytes.count, by: 7).map {
                    Array(bytes[$0..<min($0 + 7, bytes.count)])
                }
                for (index, piece) in pieces.enumerated() {
                    try await client.send(
                        piece, opcode: index == 0 ? .text : .continuation,
                        isLast: index == pieces.count - 1)
                }
                #expect(Self.count(try await client.receive(), "inference") == 1)
            }
        }
    }

    @Test("Frames too large, binary or unmasked end their connection; others are unharmed")
    func wrongFrames() async throws {
        let token = try await token()
        try await withServer { server, port in
            try await WebSocketClient.connect(port: port) { good in
                try await good.send(Self.request(token))
                _ = try await good.receive()
                // A head that announces 200 MB; the server must not wait for them.
                try await WebSocketClient.connect(port: port) { client in
                    try? await client.send([UInt8](repeating: 0x20, count: 200 << 20))
                    await #expect(throws: (any Error).self) { _ = try await client.receive() }
                }
                try await WebSocketClient.connect(port: port) { client in
                    try await client.send([1], opcode: .binary)
                    do {
                        _ = try await client.receive()
                        Issue.record("a binary frame was answered")
                    } catch let closed as WebSocketClient.Closed {
                        #expect(closed.code == 1003)
                    }
                }
                try await WebSocketClient.connect(port: port) { client in
                    try await client.outbound.write(
                        WebSocketFrame(
                            fin: true, opcode: .text,
                            data: ByteBuffer(string: Self.request(token))))
                    do {
                        _ = try await client.receive()
                        Issue.record("a frame without a mask was answered")
                    } catch let closed as WebSocketClient.Closed {
                        #expect(closed.code == 1002)
                    }
                }
                try await good.send(Self.request(token))
                #expect(Self.count(try await good.receive(), "inference") == 1)
            }
        }
    }

    @Test("A client that vanishes takes its subscriptions along")
    func vanishing() async throws {
        let token = try await token()
        try await withServer { server, port in
            try await WebSocketClient.connect(port: port) { client in
                try await client.send(Self.request(token, subscribes: true))
                _ = try await client.receive()
                #expect(server.service?.subscriptionCount == 1)
                try await client.channel.close()
            }
            while server.service?.connectionCount != 0 {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(server.service?.subscriptionCount == 0)
        }
    }

    private final class Progress: Sendable {
        let admitted = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
    }

    @Test("The sixth connection of a user is forbidden and closed")
    func sixthConnection() async throws {
        let token = try await token("bob")
        try await withServer { _, port in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                let progress = Progress()
                for _ in 0..<5 {
                    group.addTask {
                        try await WebSocketClient.connect(port: port) { client in
                            try await client.send("{\"token\":\"\(token)\"}")
                            let answer = try await client.receive()
                            progress.admitted.add(1, ordering: .sequentiallyConsistent)
                            while !progress.isOver.load(ordering: .sequentiallyConsistent) {
                                try await Task.sleep(for: .milliseconds(20))
                            }
                            return answer["message"] as? String == "token accepted"
                        }
                    }
                }
                while progress.admitted.load(ordering: .sequentiallyConsistent) < 5 {
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await WebSocketClient.connect(port: port) { client in
                    try await client.send("{\"token\":\"\(token)\"}")
                    #expect(try await client.receive()["message"] as? String == "forbidden")
                    do {
                        _ = try await client.receive()
                    } catch let closed as WebSocketClient.Closed {
                        #expect(closed.code == 1008)
                    }
                }
                progress.isOver.store(true, ordering: .sequentiallyConsistent)
                for try await accepted in group { #expect(accepted) }
            }
        }
    }

    @Test("Stopping tells every client that the server goes away, and ends")
    func shutdown() async throws {
        let token = try await token()
        let (closes, closed) = AsyncStream.makeStream(of: UInt16?.self)
        let task = Mutex<Task<Void, any Error>?>(nil)
        try await withServer { _, port in
            let (admissions, admission) = AsyncStream.makeStream(of: Void.self)
            let client = Task {
                try await WebSocketClient.connect(port: port) { client in
                    try await client.send(Self.request(token, subscribes: true))
                    _ = try await client.receive()
                    admission.finish()
                    do {
                        while true { _ = try await client.receive() }
                    } catch let error as WebSocketClient.Closed {
                        closed.yield(error.code)
                    }
                }
            }
            task.withLock { $0 = client }
            for await _ in admissions {}
        }
        #expect(await closes.first { _ in true } == 1001)
        try await task.withLock { $0 }?.value
    }

    @Test("TLS: a client that trusts the certificate gets its price")
    func tls() async throws {
        let token = try await token()
        let certificate = ServerCertificate(
            certificate: fixture("certificate.pem"), key: fixture("key.pem"))
        try await withServer(tls: certificate) { _, port in
            try await WebSocketClient.connect(
                port: port, certificate: fixture("certificate.pem")
            ) { client in
                try await client.send(Self.request(token))
                #expect(Self.count(try await client.receive(), "inference") == 1)
            }
            // Without TLS there is no answer.
            await #expect(throws: (any Error).self) {
                try await WebSocketClient.connect(port: port) { _ in }
            }
        }
    }

    @Test("TLS: a client that does not trust the certificate gets nothing, and others do")
    func untrusted() async throws {
        let token = try await token()
        let certificate = ServerCertificate(
            certificate: fixture("certificate.pem"), key: fixture("key.pem"))
        try await withServer(tls: certificate) { _, port in
            await #expect(throws: (any Error).self) {
                try await WebSocketClient.connect(
                    port: port, certificate: fixture("other-certificate.pem")
                ) { _ in }
            }
            try await WebSocketClient.connect(
                port: port, certificate: fixture("certificate.pem")
            ) { client in
                try await client.send(Self.request(token))
                #expect(Self.count(try await client.receive(), "inference") == 1)
            }
        }
    }

    /// What is said of a certificate and a key at a time, nil where both can be served.
    private func refusal(_ certificate: String, _ key: String, at now: Int64) -> FileError? {
        do {
            try ServerCertificate(certificate: certificate, key: key).check(at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test("Certificates and keys that cannot be served are told by file, and why")
    func wrongCertificates() {
        let (good, key) = (fixture("certificate.pem"), fixture("key.pem"))
        let now: Int64 = 1_780_000_000_000_000_000
        #expect(refusal(good, key, at: now) == nil)
        let missing = refusal("/nowhere/c.pem", key, at: now)
        #expect(missing?.kind == .missing && missing?.file == "/nowhere/c.pem")
        let none = refusal(fixture("tokens.json"), key, at: now)
        #expect(none?.problem == "not a certificate" && none?.file == fixture("tokens.json"))
        // A key in the place of the certificate is PEM, and no certificate.
        #expect(refusal(key, key, at: now)?.problem == "not a certificate")
        let noKey = refusal(good, fixture("tokens.json"), at: now)
        #expect(noKey?.problem == "not a private key")
        #expect(refusal(good, good, at: now)?.problem == "not a private key")
        let locked = refusal(good, fixture("locked-key.pem"), at: now)
        #expect(locked?.problem == "not a private key")
        #expect(locked?.expected?.contains("without a passphrase") == true)
        let other = refusal(good, fixture("other-key.pem"), at: now)
        #expect(other?.problem == "not the private key of the certificate")
        #expect(other?.file == fixture("other-key.pem"))
        let expired = refusal(good, key, at: 4_200_000_000_000_000_000)
        #expect(expired?.problem == "the certificate has expired")
        #expect(expired?.found?.contains("2100-01-01") == true)
        let early = refusal(good, key, at: 1_600_000_000_000_000_000)
        #expect(early?.problem == "the certificate is not valid yet")
    }

    @Test("HTTP: keep-alive, a body in pieces, and an end where the body is too large")
    func http() async throws {
        try await withServer { _, port in
            let answers = try await Self.exchange(
                port: port,
                "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "POST /v3/mapping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"
                    + "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answers.ranges(of: "HTTP/1.1 200 OK").count == 2)
            #expect(answers.contains("HTTP/1.1 404 Not Found"))
            let malformed = try await Self.exchange(port: port, "GARBAGE\r\n\r\n")
            #expect(!malformed.contains("200 OK"))
        }
    }

    /// What a server answers until it ends the connection.
    private static func exchange(port: Int, _ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var all = ByteBuffer()
            do {
                for try await var part in inbound { all.writeBuffer(&part) }
            } catch is IOError {}
            return String(buffer: all)
        }
    }
}
