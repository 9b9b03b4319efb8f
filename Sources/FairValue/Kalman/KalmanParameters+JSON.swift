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

    /// The parameters by name, those of a trade's cost with a dot: `noise.fixed`.
    public var constants: [String: Double] {
        guard let data = try? JSONEncoder().encode(self),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return [:] }
        var constants: [String: Double] = [:]
        for (name, value) in object {
            if let number = value as? Double { constants[name] = number }
            for (part, number) in value as? [String: Double] ?? [:] {
                constants["\(name).\(part)"] = number
            }
        }
        return constants
    }

    /// Parameters from their names; nil where one is missing or unknown.
    public init?(constants: [String: Double]) {
        var object: [String: Any] = [:]
        for (name, value) in constants {
            let parts = name.split(separator: ".").map(String.init)
            if parts.count == 2 {
                var nested = object[parts[0]] as? [String: Double] ?? [:]
                nested[parts[1]] = value
                object[parts[0]] = nested
            } else {
                object[name] = value
            }
        }
        guard let data = try? JSONSerialization.data(withJSONObject: object),
            let parameters = try? JSONDecoder().decode(KalmanParameters.self, from: data),
            parameters.constants == constants
        else { return nil }
        self = parameters
    }

    /// Writes the parameters as JSON; the file appears when it is complete.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let data = try encoder.encode(self) + Data("\n".utf8)
        try AtomicFile.write(to: path) { sink in try sink.append(Array(data)) }
    }
}
