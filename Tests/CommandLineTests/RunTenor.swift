import Foundation

/// What one run of the built `tenor` left behind.
struct TenorRun: Sendable {
    var exit: Int32
    var standardOutput: String
    var standardError: String

    /// Standard output as one JSON object.
    func json() throws -> [String: Any] {
        struct NoObject: Error {
            var output: String
        }
        let value = try JSONSerialization.jsonObject(with: Data(standardOutput.utf8))
        guard let object = value as? [String: Any] else { throw NoObject(output: standardOutput) }
        return object
    }
}

/// Runs the built binary to its end.
///
///     let run = try await runTenor("inspect", "data.csv", in: folder.url)
///     #expect(run.exit == 0)
///
/// A test that is cancelled, by its time limit too, kills the process.
/// - Parameters:
///   - binary: A copy of it; where nil the one that was built.
///   - input: What it finds on standard input.
///   - environment: Variables on top of this process's own.
///   - folder: Its working directory; this process's own where nil.
///   - output: Where standard output goes instead of into the result.
///   - largestFile: The largest file that it may write, in blocks of 512 bytes.
///   - meanwhile: What to do while it runs, such as sending a signal to the process given.
func runTenor(
    _ arguments: [String], binary: URL? = nil, input: String = "",
    environment: [String: String] = [:], in folder: URL? = nil, output: URL? = nil,
    largestFile: Int? = nil,
    meanwhile: (_ process: Int32) async throws -> Void = { _ in }
) async throws -> TenorRun {
    // Files rather than pipes: a pipe that nobody empties in time blocks its writer.
    let scratch = try TemporaryFolder()
    let inputFile = try scratch.file("input", input)
    let outputFile = try scratch.file("output", "")
    let errorFile = try scratch.file("error", "")

    let process = Process()
    let binary = try binary ?? tenorBinary()
    if let largestFile {
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments =
            ["-c", "ulimit -f \(largestFile); exec \"$@\"", "sh", binary.path]
            + arguments
    } else {
        process.executableURL = binary
        process.arguments = arguments
    }
    process.environment = ProcessInfo.processInfo.environment
        .merging(environment) { _, added in added }
    if let folder { process.currentDirectoryURL = folder }
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: inputFile))
    process.standardOutput = try FileHandle(forWritingTo: output ?? URL(filePath: outputFile))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errorFile))

    let (exits, exit) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = {
        exit.yield($0.terminationStatus)
        exit.finish()
    }
    try process.run()
    let identifier = process.processIdentifier
    // A task of its own, because a cancelled one would not wait for the killed process.
    let waiting = Task { await exits.first { _ in true } ?? -1 }
    let status = try await withTaskCancellationHandler {
        do {
            try await meanwhile(identifier)
        } catch {
            kill(identifier, SIGKILL)
            throw error
        }
        return await waiting.value
    } onCancel: {
        kill(identifier, SIGKILL)
    }
    return TenorRun(
        exit: status, standardOutput: try String(contentsOfFile: outputFile, encoding: .utf8),
        standardError: try String(contentsOfFile: errorFile, encoding: .utf8))
}

func runTenor(
    _ arguments: String..., input: String = "", environment: [String: String] = [:],
    in folder: URL? = nil, output: URL? = nil
) async throws -> TenorRun {
    try await runTenor(
        arguments, input: input, environment: environment, in: folder, output: output)
}

/// `tenor` lies in the same build folder as this test binary.
func tenorBinary() throws -> URL {
    struct NotBuilt: Error {
        var lookedIn: [String]
    }
    let here = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let bundles = Bundle.allBundles.map(\.bundleURL)
    let folders = ([here] + bundles).map { $0.deletingLastPathComponent() }
    guard
        let found = folders.map({ $0.appending(path: "tenor") })
            .first(where: { FileManager.default.isExecutableFile(atPath: $0.path) })
    else { throw NotBuilt(lookedIn: folders.map(\.path)) }
    return found
}

/// A folder of its own for a test, gone with the last reference to it.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "tenor-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file into the folder and gives its path.
    func file(_ name: String, _ content: String) throws -> String {
        let file = url.appending(path: name)
        try Data(content.utf8).write(to: file)
        return file.path
    }
}
