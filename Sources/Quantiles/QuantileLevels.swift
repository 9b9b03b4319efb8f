/// A strictly increasing list of probabilities inside (0, 1): the levels that a forecast answers.
public struct QuantileLevels: Sendable, Hashable {
    /// The probabilities, ascending.
    public let values: [Double]

    /// Nineteen levels from 5 % to 95 %, five percent apart.
    public static let standard = QuantileLevels(unchecked: (1...19).map { Double($0 * 5) / 100 })

    /// - Throws: ``QuantileLevelsError`` unless `values` is not empty, strictly increasing and
    ///   inside (0, 1).
    public init(_ values: [Double]) throws(QuantileLevelsError) {
        guard !values.isEmpty else { throw QuantileLevelsError("no quantile levels were given") }
        if let outside = values.first(where: { !($0 > 0 && $0 < 1) }) {
            throw QuantileLevelsError("quantile level \(outside) is not inside (0, 1)")
        }
        for (lower, upper) in zip(values, values.dropFirst()) where lower >= upper {
            throw QuantileLevelsError(
                "quantile levels must be strictly increasing, but \(lower) is before \(upper)")
        }
        self.init(unchecked: values)
    }

    private init(unchecked values: [Double]) {
        self.values = values
    }

    public var count: Int { values.count }

    /// Index of the level nearest 0.5; the lower one of two that are equally near.
    public var medianIndex: Int {
        var nearest = 0
        for index in values.indices where abs(values[index] - 0.5) < abs(values[nearest] - 0.5) {
            nearest = index
        }
        return nearest
    }

    /// Column names in a forecast table, by percent: `5_tile`, `2.5_tile`.
    public var names: [String] { values.map { Self.percent($0) + "_tile" } }

    /// Index of a level, or nil where it is not one of these.
    ///
    /// Levels are matched within 1e-9, so that 0.1 + 0.2 finds 0.3.
    public func index(of level: Double) -> Int? {
        values.firstIndex { abs($0 - level) < 1e-9 }
    }

    /// The level that a column name stands for: 0.025 for `2.5_tile`, nil for other names.
    public static func level(named name: some StringProtocol) -> Double? {
        guard name.hasSuffix("_tile"), let first = name.utf8.first,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            let percent = Double(name.dropLast("_tile".count)), percent > 0, percent < 100
        else { return nil }
        return percent / 100
    }

    /// A level in percent with no more digits than it needs: `5`, `2.5`.
    public static func percent(_ level: Double) -> String {
        let exact = level * 100
        let short = (exact * 1e10).rounded() / 1e10
        let text = String(describing: short / 100 == level ? short : exact)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension QuantileLevels: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode([Double].self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}

/// Says in one line why a list of numbers is not a list of quantile levels.
public struct QuantileLevelsError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
