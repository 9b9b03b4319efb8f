import Files
import Foundation

extension KalmanParameters {
    /// Reads parameters that ``write(to:)`` wrote.
    /// - Throws: `FileError` where the file is missing or is no such JSON.
    public init(path: String) throws(FileError) {
        let data = Data(try FileContents.bytes(of: path))
        do {
            self = try JSONDecoder().decode(KalmanParameters.self, from: data)
        } catch {
            throw FileError(
                .badData, file: path, "not the parameters of a Kalman filter",
                expected: "a JSON object as --save-parameters writes it")
        }
    }

    /// Writes the parameters as JSON; the file appears when it is complete.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let data = try encoder.encode(self) + Data("\n".utf8)
        try AtomicFile.write(to: path) { sink in try sink.append(Array(data)) }
    }
}
