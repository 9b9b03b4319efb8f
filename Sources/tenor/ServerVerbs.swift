import ArgumentParser
import Files
import Foundation
import Terminal

/// The verbs of `tenor-server`, a binary beside this one.
///
/// What a server is built of, TLS, tokens and sockets, takes as long to build as all the rest; who
/// trains, scores and judges does not need it.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves prices and forecasts over WebSocket and HTTP.",
        discussion: """
            'tenor serve --help' tells its options. The server is a binary of its own, tenor-server \
            beside this one, which 'make build' builds.
            """)

    @Argument(parsing: .captureForPassthrough, help: "Handed on to tenor-server.")
    var arguments: [String] = []

    func run() throws { try ServerBinary.run("serve", arguments) }
}

struct User: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Keeps the users of a pricing server.",
        discussion: """
            'tenor user --help' tells its verbs. They are of the server's binary, tenor-server beside \
            this one, which 'make build' builds.
            """)

    @Argument(parsing: .captureForPassthrough, help: "Handed on to tenor-server.")
    var arguments: [String] = []

    func run() throws { try ServerBinary.run("user", arguments) }
}

private enum ServerBinary {
    private static let name = "tenor-server"

    /// Becomes the server's binary, which goes on in this process.
    static func run(_ verb: String, _ arguments: [String]) throws {
        let here = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
        let path = here?.appending(path: name).path ?? name
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw FileError(
                .missing, file: path,
                "the server is a binary of its own, and none that can be run is there",
                advice: "Build it with 'make build', and keep it beside tenor")
        }
        let words = [path, verb] + arguments
        var pointers = words.map { strdup($0) } + [nil]
        execv(path, &pointers)
        throw FileError(
            .inputOutput, file: path, "cannot be started: \(String(cString: strerror(errno)))")
    }
}
