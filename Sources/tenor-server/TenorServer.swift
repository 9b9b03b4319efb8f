import ArgumentParser
import Terminal

/// The verbs of `tenor` that need sockets, TLS and tokens; `tenor` hands them on.
@main
struct TenorServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenor", abstract: "Serves quantiles of corporate bonds.",
        discussion: """
            Called by 'tenor serve' and 'tenor user'.

            Example:
              tenor serve run/model.safetensors --market market --users users.json
            """,
        version: Version.text, subcommands: [Serve.self, User.self])

    static func main() async { await Outcome.run(Self.self) }
}
