import ArgumentParser
import Arrays
import Files
import Foundation
import Serving
import Terminal

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves prices and forecasts over WebSocket and HTTP.",
        discussion: """
            With a market folder: live and historical quantiles of its bonds over a WebSocket at /, \
            a page at /ui, new trades at /v1/events. The first checkpoint that was trained on the \
            market's features prices them, without one the fair value filter does. Every checkpoint \
            forecasts rows at /v2, in the Open Inference Protocol; when its file is replaced the new \
            one takes over, and no connection ends. Quotes are as of the market's last event, which \
            is told at the start, at /readyz and in every quote. Nobody gets either without a token: of the users \
            file, asked for at / in the form of Cognito's InitiateAuth, or of an outside issuer.

            Without a certificate only this machine is served.

            Example:
              tenor user add alice --users users.json < password.txt
              tenor serve run/model.safetensors --market market --users users.json
            """)

    @Argument(help: "Checkpoints to serve at /v2/models/NAME, each by the name of its folder.")
    var checkpoint: [String] = []

    @Option(help: ArgumentHelp("The market whose bonds are priced.", valueName: "dir"))
    var market: String?

    @Option(
        help: ArgumentHelp(
            "Where states of the market at ends of days are kept, for questions about the past "
                + "and a quick start.", valueName: "dir"))
    var states: String?

    @Flag(help: "Take in what is added to the market folder while the server runs.")
    var follow = false

    @Option(help: "The port; 0 for any free one.")
    var port: UInt16 = 8080

    @Option(help: ArgumentHelp("Who may log in; see 'tenor user add'.", valueName: "file"))
    var users: String?

    @Option(help: ArgumentHelp("Public keys of an outside issuer of tokens.", valueName: "file"))
    var jwks: String?

    @Option(help: ArgumentHelp("For whom the outside issuer's tokens are.", valueName: "name"))
    var audience: String?

    @Option(help: ArgumentHelp("The outside issuer's name in its tokens.", valueName: "name"))
    var issuer: String?

    @Option(help: ArgumentHelp("The certificate with its chain, PEM.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key, PEM.", valueName: "file"))
    var tlsKey: String?

    @Flag(help: "Serve other machines without TLS; tokens and prices can be read on the way.")
    var insecure = false

    @Option(help: "Seconds between two refreshes of live subscriptions.")
    var refresh = 15.0

    func validate() throws {
        guard market != nil || !checkpoint.isEmpty else {
            throw ValidationError("Nothing to serve: give --market, a checkpoint, or both")
        }
        guard market != nil || (states == nil && !follow) else {
            throw ValidationError("--states and --follow belong to --market")
        }
        guard (users == nil) != (jwks == nil) else {
            throw ValidationError("Give either --users or --jwks: without one nobody has a token")
        }
        guard (jwks == nil) == (audience == nil) else {
            throw ValidationError("--jwks and --audience belong together")
        }
        guard issuer == nil || jwks != nil else {
            throw ValidationError("--issuer belongs to --jwks")
        }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together")
        }
        guard refresh >= 0.1, refresh <= 3_600 else {
            throw ValidationError("--refresh is from 0.1 to 3600 seconds")
        }
        guard Set(checkpoint.map(ServedCheckpoint.name)).count == checkpoint.count else {
            throw ValidationError("Two checkpoints of one name; their folders must differ")
        }
    }

    func run() async throws {
        Interruption.listen()
        // Answers are computed beside each other; within one a second thread would only wait.
        BLAS.setThreadCount(1)
        let authority = try await authority()
        let certificate = tlsCertificate.flatMap { certificate in
            tlsKey.map { ServerCertificate(certificate: certificate, key: $0) }
        }
        try certificate?.check()
        let host = certificate != nil || insecure ? "0.0.0.0" : "127.0.0.1"
        let address = Server.Address(host: host, port: Int(port), tls: certificate)
        // A market takes its time to be replayed.
        try await address.check()
        let loaded = try checkpoint.map { try ServedCheckpoint($0) }
        var priced: ServedMarket?
        if let market {
            priced = try await ServedMarket(market, states: states, checkpoints: loaded)
        }
        let models = ServedModels(loaded.map(\.tensorModel))
        let server = Server(
            address, market: priced?.served, models: models, authority: authority,
            refresh: refresh, warn: { StandardError.warn($0) })
        priced?.tellTime()
        if insecure, certificate == nil {
            StandardError.warn("without TLS tokens and prices can be read on the way")
        }
        let scheme = certificate == nil ? "http" : "https"
        let watching = Task { [priced, follow] in
            await withDiscardingTaskGroup { group in
                for (place, checkpoint) in loaded.enumerated() {
                    let pricer = place == priced?.pricing ? priced?.network : nil
                    group.addTask { await checkpoint.watch(at: models, for: pricer) }
                }
                if follow, let priced { group.addTask { await priced.follow(onto: server) } }
            }
        }
        defer { watching.cancel() }
        try await server.run(
            ready: { port in
                print("serving on \(scheme)://\(host):\(port)")
                fflush(nil)
            },
            until: {
                while !Interruption.isRequested {
                    try? await Task.sleep(for: .milliseconds(100))
                }
            })
    }

    private func authority() async throws -> Server.Authority {
        if let users { return .local(try await LocalIssuer(users: UserFile(path: users))) }
        return .outside(
            TokenVerifier(
                keys: try await KeySet(path: jwks ?? ""), audience: audience, issuer: issuer))
    }
}
