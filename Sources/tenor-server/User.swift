import ArgumentParser
import Files
import Foundation
import Serving
import Terminal

struct User: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Keeps the users of a pricing server.",
        discussion: """
            Example:
              tenor user add alice --users users.json
            """,
        subcommands: [UserAdd.self])
}

struct UserAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds a user, or gives one a new password.",
        discussion: """
            The password is the first line of standard input; the file has only its salted scrypt \
            hash, and the key that signs the tokens of 'tenor serve'. A server reads the file when \
            it starts.

            Example:
              tenor user add alice --users users.json < password.txt
            """)

    @Argument(help: "1 to 64 letters, digits and . _ @ + -")
    var name: String

    @Option(help: ArgumentHelp("The users file; made where it is not there.", valueName: "file"))
    var users: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let lock = try FileLock(path: users + ".lock")
        defer { lock.remove() }
        var file =
            FileManager.default.fileExists(atPath: users)
            ? try UserFile(path: users) : UserFile()
        if isatty(STDIN_FILENO) == 1 { StandardError.write("Password: ") }
        guard let password = readLine(strippingNewline: true) else {
            throw ValidationError("no password on standard input")
        }
        do {
            try file.add(name, password: password)
        } catch let error as RequestError {
            throw ValidationError(error.description)
        }
        try file.write(to: users)
        if json {
            try StandardOutput.print(json: Result(name: name, users: file.names.count))
        } else {
            let count = file.names.count
            print("\(name) may log in; \(users) has \(count) \(count == 1 ? "user" : "users")")
        }
    }

    private struct Result: Encodable {
        let name: String
        let users: Int
    }
}
