import Foundation

/// A folder with a small table and a recipe that trains on it in no time.
struct TrainingFolder {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // Numbers without a random generator: a golden-ratio sequence is uneven enough.
        var text = "a,b,label,split\n"
        for row in 0..<60 {
            let (a, b) = (Self.fraction(row, 0.618_033_988_7), Self.fraction(row, 0.754_877_666_2))
            let noise = Self.fraction(row, 0.569_840_290_9) - 0.5
            text += "\(a),\(b),\(2 * a - b + noise),\(row % 3 == 0 ? "validation" : "train")\n"
        }
        _ = try folder.file("data.csv", text)
        _ = try folder.file(
            "small.yaml",
            """
            model: {hidden: [8]}
            training: {steps: 20, batch: 16, seed: 1, patience: 1000000}
            validation: {every: 5}

            """)
    }

    private static func fraction(_ row: Int, _ ratio: Double) -> Double {
        (Double(row) * ratio).truncatingRemainder(dividingBy: 1)
    }

    func write(_ name: String, _ content: String) throws { _ = try folder.file(name, content) }

    func url(_ name: String) -> URL { folder.url.appending(path: name) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: url(name).path) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

    /// Every file below the folder but those of the standard set and, of a run, its lock, its command,
    /// its summary and TensorBoard's files.
    func files() throws -> Set<String> {
        let all = try FileManager.default.subpathsOfDirectory(atPath: folder.url.path)
        return Set(
            all.filter {
                !$0.hasSuffix("/lock") && !$0.hasSuffix("/command.json")
                    && !$0.hasSuffix("/summary.json")
                    && !$0.contains("/events.out.tfevents.")
            }
        ).subtracting(["data.csv", "small.yaml"])
    }

    func run(
        _ arguments: [String], largestFile: Int? = nil,
        meanwhile: (_ process: Int32) async throws -> Void = { _ in }
    ) async throws -> TenorRun {
        try await runTenor(
            arguments, in: folder.url, largestFile: largestFile, meanwhile: meanwhile)
    }

    /// Trains the small recipe; the checkpoint is `run/model.safetensors`.
    func train(_ options: String...) async throws -> TenorRun {
        try await run(["train", "small.yaml", "--data", "data.csv", "--out", "run"] + options)
    }
}
