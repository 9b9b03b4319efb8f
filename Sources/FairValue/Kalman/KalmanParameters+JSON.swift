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
        Dictionary(uniqueKeysWithValues: Self.named.map { ($0.name, self[keyPath: $0.path]) })
    }

    /// Parameters from their names; nil where one is missing or unknown.
    public init?(constants: [String: Double]) {
        self.init()
        guard constants.count == Self.named.count else { return nil }
        for (name, path) in Self.named {
            guard let value = constants[name] else { return nil }
            self[keyPath: path] = value
        }
    }

    private typealias Path = WritableKeyPath<KalmanParameters, Double> & Sendable

    private static let named: [(name: String, path: any Path)] = {
        let own: [(String, any Path)] = [
            ("issuerVariance", \.issuerVariance), ("issuerCurveVariance", \.issuerCurveVariance),
            ("bondVariance", \.bondVariance), ("highYieldShare", \.highYieldShare),
            ("ratingVariance", \.ratingVariance), ("sectorVariance", \.sectorVariance),
            ("creditLoading", \.creditLoading),
            ("highYieldCreditLoading", \.highYieldCreditLoading),
            ("priorVariance", \.priorVariance), ("largestInnovation", \.largestInnovation),
        ]
        let halfSpread: [(String, any Path)] = [
            ("fixed", \.halfSpread.fixed), ("perDV01", \.halfSpread.perDV01),
            ("perSpread", \.halfSpread.perSpread), ("small", \.halfSpread.small),
            ("large", \.halfSpread.large), ("amount", \.halfSpread.amount),
            ("age", \.halfSpread.age), ("ats", \.halfSpread.ats), ("bid", \.halfSpread.bid),
        ]
        let noise: [(String, any Path)] = [
            ("fixed", \.noise.fixed), ("perDV01", \.noise.perDV01),
            ("perSpread", \.noise.perSpread), ("small", \.noise.small),
            ("large", \.noise.large), ("amount", \.noise.amount), ("age", \.noise.age),
            ("ats", \.noise.ats), ("bid", \.noise.bid),
        ]
        return own.map { (name: $0.0, path: $0.1) }
            + halfSpread.map { (name: "halfSpread." + $0.0, path: $0.1) }
            + noise.map { (name: "noise." + $0.0, path: $0.1) }
    }()

    /// Writes the parameters as JSON; the file appears when it is complete.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let data = try encoder.encode(self) + Data("\n".utf8)
        try AtomicFile.write(to: path) { sink in try sink.append(Array(data)) }
    }
}
