import ArgumentParser
import Files
@preconcurrency import Foundation

/// How a command line runs and ends: with an exit code of `sysexits.h` and, for errors, one line on
/// standard error.
package enum Outcome {
    private static let usage: Int32 = 64
    private static let internalError: Int32 = 70
    private static let inputOutput: Int32 = 74

    /// Runs the verb that the arguments name, and ends the process.
    package static func run(_ root: any ParsableCommand.Type) async -> Never {
        survivePipesAndLimits()
        explainLostBytes()
        do {
            var command = try root.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            succeed()
        } catch {
            end(error, of: root)
        }
    }

    /// Makes a write into a pipe that nobody reads any more, or beyond the largest file that the
    /// process may write, fail instead of killing the process half-way through a file.
    private static func survivePipesAndLimits() {
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    }

    /// Says in words what ends the process where a file is cut short while it is mapped: its bytes are
    /// gone, and nothing can be returned in their place.
    private static func explainLostBytes() {
        // Only what is safe within a signal handler: no memory, no locks.
        signal(SIGBUS) { _ in
            let text: StaticString = """
                tenor: a file was cut short, or its disk failed, while it was read. Restore it and \
                start again; a training goes on with --resume.

                """
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(Outcome.inputOutput)
        }
    }

    /// Ends well, provided that what was printed has arrived.
    private static func succeed() -> Never {
        let flushed = fflush(stdout) == 0 && ferror(stdout) == 0
        guard flushed || standardOutputIsPipe() else {
            fail("cannot write to standard output", code: inputOutput)
        }
        exit(EXIT_SUCCESS)
    }

    /// Ends as an error demands; requests for help or the version are errors to the parser.
    private static func end(_ error: any Error, of root: any ParsableCommand.Type) -> Never {
        if let error = error as? FileError {
            fail(error.description, code: error.kind.exitCode)
        }
        if let code = error as? ExitCode { exit(code.rawValue) }
        switch root.exitCode(for: error) {
        case .success:
            print(root.fullMessage(for: error))
            succeed()
        case .validationFailure:
            fail(
                usageMessage(for: error, of: root, arguments: CommandLine.arguments.dropFirst()),
                code: usage)
        default:
            fail("\(error)", code: internalError)
        }
    }

    /// The parser's message with where to read on; an unknown verb is named, with the nearest one.
    private static func usageMessage(
        for error: any Error, of root: any ParsableCommand.Type, arguments: ArraySlice<String>
    ) -> String {
        var path = [root]
        var message = root.message(for: error)
        for word in arguments {
            let verbs = path[path.count - 1].configuration.subcommands
            guard !verbs.isEmpty, !word.hasPrefix("-") else { break }
            guard let verb = verbs.first(where: { name(of: $0) == word }) else {
                message = "unknown verb '\(word)'"
                if let near = Spelling.nearest(to: word, among: verbs.map(name(of:))) {
                    message += "; did you mean '\(near)'?"
                }
                break
            }
            path.append(verb)
        }
        if let last = message.last, !".?".contains(last) { message += "." }
        return message + " See '\(path.map(name(of:)).joined(separator: " ")) --help'."
    }

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? String(describing: command).lowercased()
    }

    private static func fail(_ message: String, code: Int32) -> Never {
        fflush(stdout)
        let line = message.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
        StandardError.write("tenor: \(line)\n")
        exit(code)
    }

    /// A reader that has seen enough, like `head`, is no error; a full disk is one.
    private static func standardOutputIsPipe() -> Bool {
        var status = stat()
        guard fstat(STDOUT_FILENO, &status) == 0 else { return false }
        let kind = status.st_mode & S_IFMT
        return kind == S_IFIFO || kind == S_IFSOCK
    }
}
