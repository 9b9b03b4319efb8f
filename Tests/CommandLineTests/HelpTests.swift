import Foundation
import Testing

/// What every verb owes its reader, and how usage errors end.
@Suite(.timeLimit(.minutes(1))) struct HelpTests {
    /// The paths of all verbs, such as `["user", "add"]`, as the binary itself lists them.
    private func verbs() async throws -> [[String]] {
        struct Dump: Decodable {
            var command: Command
        }
        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?

            func paths(below path: [String]) -> [[String]] {
                (subcommands ?? []).filter { $0.commandName != "help" }.flatMap {
                    let here = path + [$0.commandName]
                    return [here] + $0.paths(below: here)
                }
            }
        }
        let run = try await runTenor("--experimental-dump-help")
        return try JSONDecoder().decode(Dump.self, from: Data(run.standardOutput.utf8))
            .command.paths(below: []) + [["user", "add"]]
    }

    @Test("Every verb's help is there and has an example")
    func examples() async throws {
        let verbs = try await verbs()
        #expect(verbs.contains(["doctor"]))
        for verb in verbs {
            let run = try await runTenor(verb + ["--help"])
            #expect(run.exit == 0, "\(verb)")
            #expect(run.standardOutput.contains("Example"), "\(verb)")
            #expect(
                run.standardOutput.contains("tenor " + verb.joined(separator: " ") + " "), "\(verb)"
            )
            #expect(run.standardError == "", "\(verb)")
            // To be copied, an example must fit a terminal's 80 columns: what is longer is wrapped.
            let lines = run.standardOutput.split(
                separator: "\n", omittingEmptySubsequences: false)
            let example = try #require(lines.firstIndex { $0 == "Example:" })
            for line in lines[(example + 1)...].prefix(while: { !$0.isEmpty }) {
                #expect(line.hasPrefix("  "), "\(verb): \(line)")
            }
        }
    }

    @Test func versionIsOneLineOnStandardOutput() async throws {
        let run = try await runTenor("--version")
        #expect(run.exit == 0)
        #expect(run.standardOutput.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test func withoutAVerbTheHelpIsShown() async throws {
        let run = try await runTenor()
        #expect(run.exit == 0)
        #expect(run.standardOutput.contains("USAGE: tenor"))
    }

    @Test("An unknown verb is a usage error that names the nearest one")
    func unknownVerb() async throws {
        let run = try await runTenor("docter")
        #expect(run.exit == 64)
        #expect(run.standardOutput == "")
        #expect(
            run.standardError
                == "tenor: unknown verb 'docter'; did you mean 'doctor'? See 'tenor --help'.\n")
        let far = try await runTenor("xylophone")
        #expect(far.exit == 64)
        #expect(far.standardError == "tenor: unknown verb 'xylophone'. See 'tenor --help'.\n")
    }

    @Test("An unknown option is a usage error, on one line, that says where to read on")
    func unknownOption() async throws {
        let run = try await runTenor("doctor", "--jsn")
        #expect(run.exit == 64)
        #expect(run.standardOutput == "")
        #expect(run.standardError.hasPrefix("tenor: Unknown option '--jsn'"))
        #expect(run.standardError.hasSuffix("See 'tenor doctor --help'.\n"))
        #expect(run.standardError.filter { $0 == "\n" }.count == 1)
    }

    @Test("Without the server's binary beside it, its verbs say what to build; the others work")
    func withoutServer() async throws {
        let folder = try TemporaryFolder()
        let alone = folder.url.appending(path: "tenor")
        // By another process: a file that this one has open for writing, or a child that is just being
        // spawned by another test, cannot be run.
        let copied = try await runTenor(
            [tenorBinary().path, alone.path], binary: URL(filePath: "/bin/cp"))
        try #require(copied.exit == 0, "\(copied.standardError)")
        for verb in ["serve", "user"] {
            let run = try await runTenor([verb, "--help"], binary: alone)
            #expect(run.exit == 66)
            #expect(run.standardError.contains("/tenor-server: the server is a binary of its own"))
            #expect(run.standardError.contains("make build"))
        }
        #expect(try await runTenor(["--version"], binary: alone).exit == 0)
        // What is wrong is told as of 'tenor', whichever binary it is that reads the arguments.
        let usage = try await runTenor("serve", "--bogus")
        #expect(usage.exit == 64)
        #expect(usage.standardError.hasSuffix("See 'tenor serve --help'.\n"))
    }

    #if os(Linux)
        @Test("Results that cannot be written are an error")
        func fullDisk() async throws {
            let run = try await runTenor("--help", output: URL(filePath: "/dev/full"))
            #expect(run.exit == 74)
            #expect(run.standardError == "tenor: cannot write to standard output\n")
        }
    #endif
}
